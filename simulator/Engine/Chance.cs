namespace Overlay.Simulator.Engine;

/// <summary>A probability as a threshold for 53 random bits: what happens is decided by comparing integers.</summary>
/// <remarks>An impossible event draws nothing, so a fault that is switched off does not move the other draws.</remarks>
public readonly record struct Chance
{
    private readonly ulong _threshold;

    /// <param name="probability">0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside 0 to 1, or is not a number.</exception>
    public Chance(double probability)
    {
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability lies between 0 and 1.");
        }

        _threshold = (ulong)(probability * (1L << 53));
    }

    public bool IsNever => _threshold == 0;

    public bool Happens(ref Prng random) => _threshold != 0 && random.Next() >> 11 < _threshold;
}
