using System.Buffers.Binary;

namespace Overlay.WebRtc.Stun;

/// <summary>The address inside MAPPED-ADDRESS and XOR-MAPPED-ADDRESS (RFC 8489 §14.1, §14.2).</summary>
/// <remarks>
/// <code>
/// +---------------+---------------+-------------------------------+
/// |       0       | family 1 or 2 |             port              |
/// +---------------+---------------+-------------------------------+
/// |             address: 4 bytes (IPv4) or 16 (IPv6)              |
/// +---------------------------------------------------------------+
/// </code>
/// The XOR form mixes the port with the top of the cookie and the address with cookie and transaction id.
/// </remarks>
internal static class StunAddress
{
    public const int MaxLength = 20;

    private const byte FamilyIPv4 = 1;
    private const byte FamilyIPv6 = 2;

    public static bool TryRead(ReadOnlySpan<byte> value, ReadOnlySpan<byte> mask, out TransportAddress address)
    {
        address = default;
        var expectedLength = value.Length < 4 ? -1 : value[1] switch { FamilyIPv4 => 8, FamilyIPv6 => 20, _ => -1 };
        if (value.Length != expectedLength)
        {
            return false;
        }

        Span<byte> clear = stackalloc byte[MaxLength];
        clear = clear[..value.Length];
        value.CopyTo(clear);
        ApplyMask(clear, mask);
        return TransportAddress.TryFromBytes(clear[4..], BinaryPrimitives.ReadUInt16BigEndian(clear[2..]), out address);
    }

    /// <summary>Writes the value and returns its length; the span must hold <see cref="MaxLength"/> bytes.</summary>
    public static int Write(Span<byte> destination, in TransportAddress address, ReadOnlySpan<byte> mask)
    {
        destination[0] = 0;
        destination[1] = address.IsIPv6 ? FamilyIPv6 : FamilyIPv4;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)address.Port);
        var length = 4 + address.WriteAddress(destination[4..]);
        ApplyMask(destination[..length], mask);
        return length;
    }

    /// <summary>The mask is cookie and transaction id, 16 bytes, or nothing for the clear form.</summary>
    private static void ApplyMask(Span<byte> value, ReadOnlySpan<byte> mask)
    {
        if (mask.IsEmpty)
        {
            return;
        }

        value[2] ^= mask[0];
        value[3] ^= mask[1];
        for (var index = 4; index < value.Length; index++)
        {
            value[index] ^= mask[index - 4];
        }
    }
}
