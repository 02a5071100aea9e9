using System.Numerics;

namespace Overlay.Simulator.Metrics;

/// <summary>Counts values: exactly below 128, within 1.6 % above. For hops, microseconds, bytes.</summary>
/// <remarks>
/// A value of 128 and more falls into one of 64 equal steps between two powers of two. At most 3,712 counters, grown as needed and
/// never given back. The order of additions does not matter, so parts counted apart and merged give the same as one.
/// </remarks>
public sealed class Histogram
{
    private const int StepBits = 6;
    private const int Steps = 1 << StepBits;
    private const int Exact = 2 * Steps;

    private long[] _counts = [];
    private Int128 _sum;

    /// <summary>Values counted.</summary>
    public long Count { get; private set; }

    /// <summary>The smallest value; 0 where there is none.</summary>
    public long Min { get; private set; }

    /// <summary>The largest value; 0 where there is none.</summary>
    public long Max { get; private set; }

    /// <summary>The exact mean; 0 where there is none.</summary>
    public double Mean => Count == 0 ? 0 : (double)_sum / Count;

    /// <summary>Counts one value; a negative one counts as 0.</summary>
    public void Add(long value) => Add(value, 1);

    /// <summary>Counts <paramref name="count"/> equal values.</summary>
    public void Add(long value, long count)
    {
        if (count <= 0)
        {
            return;
        }

        value = Math.Max(0, value);
        var bucket = BucketOf(value);
        if (bucket >= _counts.Length)
        {
            Array.Resize(ref _counts, Math.Max(bucket + 1, 2 * _counts.Length));
        }

        _counts[bucket] += count;
        _sum += (Int128)value * count;
        Min = Count == 0 ? value : Math.Min(Min, value);
        Max = Math.Max(Max, value);
        Count += count;
    }

    /// <summary>Adds everything that <paramref name="other"/> counted.</summary>
    public void Add(Histogram other)
    {
        if (other.Count == 0)
        {
            return;
        }

        if (other._counts.Length > _counts.Length)
        {
            Array.Resize(ref _counts, other._counts.Length);
        }

        for (var bucket = 0; bucket < other._counts.Length; bucket++)
        {
            _counts[bucket] += other._counts[bucket];
        }

        _sum += other._sum;
        Min = Count == 0 ? other.Min : Math.Min(Min, other.Min);
        Max = Math.Max(Max, other.Max);
        Count += other.Count;
    }

    /// <summary>Forgets everything, and keeps the room.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        (_sum, Count, Min, Max) = (0, 0, 0, 0);
    }

    /// <summary>The smallest value that at least <paramref name="share"/> (0 … 1) of all do not exceed; 0 where there is none.</summary>
    /// <remarks>Exact below 128; above, the end of the step, so never too small and at most 1.6 % too large.</remarks>
    public long Quantile(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        var rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Math.Max(1, Count));
        var seen = 0L;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank)
            {
                return Math.Clamp(LastOf(bucket), Min, Max);
            }
        }

        return Max;
    }

    /// <summary>What is known, as a value. Each number is multiplied by <paramref name="scale"/>: 0.001 makes milliseconds of microseconds.</summary>
    public Distribution ToDistribution(string unit, double scale = 1)
    {
        var bars = new List<DistributionBar>();
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            if (_counts[bucket] > 0)
            {
                bars.Add(new(FirstOf(bucket) * scale, LastOf(bucket) * scale, _counts[bucket]));
            }
        }

        return new()
        {
            Unit = unit,
            Count = Count,
            Mean = Mean * scale,
            Min = Min * scale,
            Max = Max * scale,
            P50 = Quantile(0.5) * scale,
            P90 = Quantile(0.9) * scale,
            P99 = Quantile(0.99) * scale,
            P999 = Quantile(0.999) * scale,
            Bars = bars,
        };
    }

    private static int BucketOf(long value)
    {
        if (value < Exact)
        {
            return (int)value;
        }

        var shift = BitOperations.Log2((ulong)value) - StepBits;
        return (shift << StepBits) + (int)(value >> shift);
    }

    private static long FirstOf(int bucket)
    {
        var shift = ShiftOf(bucket);
        return (long)(bucket - (shift << StepBits)) << shift;
    }

    private static long LastOf(int bucket)
    {
        var shift = ShiftOf(bucket);
        return FirstOf(bucket) + ((1L << shift) - 1);
    }

    private static int ShiftOf(int bucket) => bucket < Exact ? 0 : (bucket >> StepBits) - 1;
}
