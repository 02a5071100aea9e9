using System.Buffers.Binary;

namespace Overlay.Simulator.Ports;

/// <summary>A keyed 64-bit hash that stands in for cryptography where nobody attacks it: the same on every machine, and some nanoseconds cheap.</summary>
/// <remarks>An altered byte changes the hash; whoever knows the world's key can forge it, which in a simulated world nobody does.</remarks>
internal static class KeyedHash
{
    private const ulong Odd = 0x9E3779B97F4A7C15UL;

    /// <summary>Goes on from <paramref name="state"/> over <paramref name="data"/>; its length is part of the hash, so neighbours cannot trade bytes.</summary>
    public static ulong Add(ulong state, ReadOnlySpan<byte> data)
    {
        state = Mix(state ^ ((ulong)data.Length * Odd));
        while (data.Length >= sizeof(ulong))
        {
            state = Mix(state ^ BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        var rest = 0UL;
        for (var i = 0; i < data.Length; i++)
        {
            rest |= (ulong)data[i] << (8 * i);
        }

        return Mix(state ^ rest);
    }

    private static ulong Mix(ulong z)
    {
        z += Odd;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
