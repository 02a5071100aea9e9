namespace Overlay.WebRtc.Stun;

/// <summary>The CRC-32 behind FINGERPRINT (RFC 8489 §14.7; ITU-T V.42, reflected).</summary>
internal static class StunFingerprint
{
    /// <summary>"STUN" in ASCII: keeps apart from other protocols that end in a CRC-32 of their own.</summary>
    private const uint Mask = 0x5354554E;

    private static readonly uint[] Table = MakeTable();

    /// <summary>The value of FINGERPRINT for a message that ends where its FINGERPRINT begins; its length field already covers it.</summary>
    public static uint Compute(ReadOnlySpan<byte> message) => Crc32(message) ^ Mask;

    internal static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] MakeTable()
    {
        const uint reflectedPolynomial = 0xEDB88320;
        var table = new uint[256];
        for (uint index = 0; index < table.Length; index++)
        {
            var value = index;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ reflectedPolynomial;
            }

            table[index] = value;
        }

        return table;
    }
}
