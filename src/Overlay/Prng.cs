namespace Overlay;

/// <summary>An 8-byte SplitMix64 generator for everything that decides schedules; seeded by the host.</summary>
/// <remarks>Not for secrets: those come from <see cref="Identity.ISecrets"/>. A mutable struct: keep it in a field, never copy it.</remarks>
public struct Prng(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="exclusive"/> − 1, without the bias of a remainder.</summary>
    public int Next(int exclusive)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusive);
        return (int)Math.BigMul(Next(), (ulong)exclusive, out _);
    }

    /// <summary>Whether an event of probability <paramref name="numerator"/> / <paramref name="denominator"/> happens.</summary>
    public bool Chance(int numerator, int denominator) => Next(denominator) < numerator;

    /// <summary>A duration uniform in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public TimeSpan Between(TimeSpan from, TimeSpan to) =>
        to <= from ? from : from + new TimeSpan((long)Math.BigMul(Next(), (ulong)(to - from).Ticks, out _));

    /// <summary>A generator of its own, for a part that must not disturb this one's sequence.</summary>
    public Prng Split() => new(Next());
}
