using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Overlay.WebRtc.Stun;

/// <summary>MESSAGE-INTEGRITY: HMAC-SHA1 of the message up to it (RFC 8489 §14.5). ICE knows no other (RFC 8445 §7.1).</summary>
internal static class StunIntegrity
{
    /// <summary>Bytes of the HMAC.</summary>
    public const int HashLength = 20;

    /// <summary>Bytes of the whole attribute with its header.</summary>
    public const int AttributeLength = 4 + HashLength;

    /// <summary>
    /// The HMAC for a message whose MESSAGE-INTEGRITY begins at the end of <paramref name="before"/>.
    /// </summary>
    [SuppressMessage("Security", "CA5350", Justification = "RFC 8445 §7.1 fixes HMAC-SHA1; it guards short-lived checks, not content.")]
    public static void Compute(ReadOnlySpan<byte> before, ReadOnlySpan<byte> key, Span<byte> hash)
    {
        Span<byte> copy = stackalloc byte[StunMessage.MaxLength];
        before.CopyTo(copy);

        // RFC 8489 §14.5: the length field counts up to the end of MESSAGE-INTEGRITY, whatever follows it.
        BinaryPrimitives.WriteUInt16BigEndian(copy[2..], (ushort)(before.Length - StunHeader.Length + AttributeLength));
        HMACSHA1.HashData(key, copy[..before.Length], hash);
    }

    public static bool Verify(ReadOnlySpan<byte> before, ReadOnlySpan<byte> key, ReadOnlySpan<byte> hash)
    {
        Span<byte> expected = stackalloc byte[HashLength];
        Compute(before, key, expected);
        return CryptographicOperations.FixedTimeEquals(expected, hash);
    }
}
