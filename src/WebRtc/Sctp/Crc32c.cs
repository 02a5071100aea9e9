using System.Buffers.Binary;
using System.Numerics;

namespace Overlay.WebRtc.Sctp;

/// <summary>The checksum of an SCTP packet (RFC 9260 §6.8 and Appendix A): CRC32c over the packet with the checksum field taken as zero.</summary>
internal static class Crc32c
{
    private const int ChecksumOffset = 8;
    private const int HeaderLength = 12;

    /// <summary>The checksum of <paramref name="packet"/>, which is at least the 12 bytes of the common header.</summary>
    public static uint Compute(ReadOnlySpan<byte> packet)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReadUInt64LittleEndian(packet));
        crc = BitOperations.Crc32C(crc, 0u); // Stands for the checksum field itself.

        var rest = packet[HeaderLength..];
        while (rest.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(rest));
            rest = rest[sizeof(ulong)..];
        }

        foreach (var octet in rest)
        {
            crc = BitOperations.Crc32C(crc, octet);
        }

        return ~crc;
    }

    /// <summary>Whether the checksum field of <paramref name="packet"/> holds what <see cref="Compute"/> says.</summary>
    public static bool IsValid(ReadOnlySpan<byte> packet) =>
        packet.Length >= HeaderLength && BinaryPrimitives.ReadUInt32LittleEndian(packet[ChecksumOffset..]) == Compute(packet);

    /// <summary>Writes the checksum into the header of a finished packet.</summary>
    /// <remarks>The bits of this CRC travel lowest first, which makes it the one little-endian field of the protocol (Appendix A).</remarks>
    public static void Seal(Span<byte> packet) =>
        BinaryPrimitives.WriteUInt32LittleEndian(packet[ChecksumOffset..], Compute(packet));
}
