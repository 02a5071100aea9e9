using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Overlay.WebRtc.Dtls;

/// <summary>SHA-256 over the DER of a certificate: what a description promises and a handshake must show (RFC 8122 §5).</summary>
public readonly record struct Fingerprint
{
    /// <summary>Bytes of a fingerprint.</summary>
    public const int Length = 32;

    /// <summary>Characters of its text: two hex digits a byte and a colon between bytes.</summary>
    public const int TextLength = (Length * 3) - 1;

    private readonly UInt128 _high;
    private readonly UInt128 _low;

    private Fingerprint(ReadOnlySpan<byte> bytes) =>
        (_high, _low) = (BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    /// <summary>The fingerprint of a certificate in DER.</summary>
    public static Fingerprint OfCertificate(ReadOnlySpan<byte> der)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(der, hash);
        return new Fingerprint(hash);
    }

    /// <summary>Takes exactly <see cref="Length"/> bytes.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, out Fingerprint fingerprint)
    {
        fingerprint = bytes.Length == Length ? new Fingerprint(bytes) : default;
        return bytes.Length == Length;
    }

    /// <summary>Reads "AA:BB:…" of 32 bytes, in either case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Fingerprint fingerprint)
    {
        fingerprint = default;
        if (text.Length != TextLength)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Length];
        for (var i = 0; i < Length; i++)
        {
            var pair = text.Slice(i * 3, 2);
            if (!char.IsAsciiHexDigit(pair[0]) || !char.IsAsciiHexDigit(pair[1]) || (i + 1 < Length && text[(i * 3) + 2] != ':'))
            {
                return false;
            }

            bytes[i] = (byte)((HexValue(pair[0]) << 4) | HexValue(pair[1]));
        }

        fingerprint = new Fingerprint(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is shorter than <see cref="Length"/>.</exception>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt128BigEndian(destination[16..], _low);
    }

    /// <summary>Equality that takes the same time whatever differs.</summary>
    public bool Matches(in Fingerprint other)
    {
        Span<byte> left = stackalloc byte[Length];
        Span<byte> right = stackalloc byte[Length];
        CopyTo(left);
        other.CopyTo(right);
        return CryptographicOperations.FixedTimeEquals(left, right);
    }

    /// <summary>"AA:BB:…", as in <c>a=fingerprint</c>.</summary>
    public override string ToString() => string.Create(TextLength, this, static (text, self) =>
    {
        Span<byte> bytes = stackalloc byte[Length];
        self.CopyTo(bytes);
        for (var i = 0; i < Length; i++)
        {
            text[i * 3] = HexDigit(bytes[i] >> 4);
            text[(i * 3) + 1] = HexDigit(bytes[i] & 15);
            if (i + 1 < Length)
            {
                text[(i * 3) + 2] = ':';
            }
        }
    });

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static char HexDigit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);
}
