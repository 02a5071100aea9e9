using System.Buffers.Binary;

namespace Overlay.WebRtc;

/// <summary>A seeded generator of 8 bytes (SplitMix64): the same seed gives the same run on every machine.</summary>
/// <remarks>For jitter and tie breaking only. What an attacker must not guess comes from <see cref="ISecrets"/>.</remarks>
public struct Prng(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 evenly distributed bits.</summary>
    public ulong NextUInt64()
    {
        // The state walks the integers by the odd constant nearest 2^64 divided by the golden ratio; the rest is the mixing.
        _state = unchecked(_state + 0x9E3779B97F4A7C15UL);
        var mixed = _state;
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL);
        return mixed ^ (mixed >> 31);
    }

    /// <summary>32 evenly distributed bits.</summary>
    public uint NextUInt32() => (uint)(NextUInt64() >> 32);

    /// <summary>A number from 0 up to but not including <paramref name="exclusiveMax"/>, which must be at least 1.</summary>
    public int NextInt32(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveMax, 1);

        // The high half of a 64-bit product maps without a division; the bias is below 2^-32.
        return (int)(((NextUInt64() >> 32) * (ulong)exclusiveMax) >> 32);
    }

    /// <summary>A duration from zero up to but not including <paramref name="exclusiveMax"/>; zero if that is not positive.</summary>
    public TimeSpan NextDuration(TimeSpan exclusiveMax) =>
        exclusiveMax <= TimeSpan.Zero
            ? TimeSpan.Zero
            : new TimeSpan((long)(((UInt128)NextUInt64() * (ulong)exclusiveMax.Ticks) >> 64));

    /// <summary>True in <paramref name="numerator"/> of <paramref name="denominator"/> cases: an integer ratio, so no floating point decides order.</summary>
    public bool NextChance(int numerator, int denominator) => NextInt32(denominator) < numerator;

    /// <summary>Fills the whole span.</summary>
    public void Fill(Span<byte> destination)
    {
        while (destination.Length >= sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(destination, NextUInt64());
            destination = destination[sizeof(ulong)..];
        }

        if (!destination.IsEmpty)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(last, NextUInt64());
            last[..destination.Length].CopyTo(destination);
        }
    }
}
