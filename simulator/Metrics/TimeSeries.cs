namespace Overlay.Simulator.Metrics;

/// <summary>One value over simulated time.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Unit">Its unit, such as <c>ms</c> or <c>B/s</c>; empty for a mere number.</param>
/// <param name="Points">In order of time; a value of null is a gap.</param>
public sealed record TimeSeries(string Name, string Unit, IReadOnlyList<TimePoint> Points)
{
    /// <summary>The course of one value of the samples.</summary>
    public static TimeSeries Of(string name, string unit, IReadOnlyList<Sample> samples, Func<Sample, double?> value) =>
        new(name, unit, [.. samples.Select(sample => new TimePoint(sample.T.TotalSeconds, value(sample)))]);

    /// <summary>The same course with at most <paramref name="count"/> points (at least 4): of each stretch the smallest and the largest value stay.</summary>
    /// <remarks>A spike survives, which an average would hide.</remarks>
    public TimeSeries Reduced(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 4);
        if (Points.Count <= count)
        {
            return this;
        }

        var kept = new List<TimePoint>(count);
        var stretches = count / 2;
        for (var stretch = 0; stretch < stretches; stretch++)
        {
            var from = (int)((long)stretch * Points.Count / stretches);
            var to = (int)((long)(stretch + 1) * Points.Count / stretches);
            AddExtremes(from, to, kept);
        }

        return this with { Points = kept };
    }

    private void AddExtremes(int from, int to, List<TimePoint> kept)
    {
        var (low, high) = (-1, -1);
        for (var i = from; i < to; i++)
        {
            if (Points[i].Value is { } value)
            {
                low = low < 0 || value < Points[low].Value ? i : low;
                high = high < 0 || value > Points[high].Value ? i : high;
            }
        }

        if (low < 0)
        {
            kept.Add(Points[from]);
            return;
        }

        kept.Add(Points[Math.Min(low, high)]);
        if (low != high)
        {
            kept.Add(Points[Math.Max(low, high)]);
        }
    }
}

/// <summary>A value at a moment.</summary>
/// <param name="T">Seconds of simulated time.</param>
/// <param name="Value">The value; null: there was nothing to measure.</param>
public readonly record struct TimePoint(double T, double? Value);
