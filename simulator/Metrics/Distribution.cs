namespace Overlay.Simulator.Metrics;

/// <summary>How many values lay in [<paramref name="From"/>, <paramref name="To"/>]; one bar of a histogram.</summary>
public readonly record struct DistributionBar(double From, double To, long Count);

/// <summary>What a <see cref="Histogram"/> counted, as a value to be written and drawn. All zero where nothing was counted.</summary>
public sealed record Distribution
{
    /// <summary>Nothing was counted.</summary>
    public static readonly Distribution Empty = new();

    /// <summary>The unit of all values, such as <c>ms</c>.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Values counted.</summary>
    public long Count { get; init; }

    /// <summary>The exact mean.</summary>
    public double Mean { get; init; }

    /// <summary>The smallest value.</summary>
    public double Min { get; init; }

    /// <summary>The largest value.</summary>
    public double Max { get; init; }

    /// <summary>The median.</summary>
    public double P50 { get; init; }

    /// <summary>Nine of ten are not larger.</summary>
    public double P90 { get; init; }

    /// <summary>99 of 100 are not larger.</summary>
    public double P99 { get; init; }

    /// <summary>999 of 1,000 are not larger.</summary>
    public double P999 { get; init; }

    /// <summary>The counts, from small to large; empty ranges are left out.</summary>
    public IReadOnlyList<DistributionBar> Bars { get; init; } = [];
}

/// <summary>The distributions of one run.</summary>
public sealed record Distributions
{
    /// <summary>Nothing was counted.</summary>
    public static readonly Distributions Empty = new();

    /// <summary>Links crossed by a look-up, the last one included.</summary>
    public Distribution Hops { get; init; } = Distribution.Empty;

    /// <summary>Time from a look-up's start to its answer, in milliseconds.</summary>
    public Distribution Latency { get; init; } = Distribution.Empty;

    /// <summary>Time from the wish for a link to its use, in milliseconds.</summary>
    public Distribution SetUp { get; init; } = Distribution.Empty;

    /// <summary>Time from a neighbour's death to its eviction, in milliseconds.</summary>
    public Distribution Detection { get; init; } = Distribution.Empty;

    /// <summary>Time from a change of membership until the ring is correct again, in milliseconds.</summary>
    public Distribution Repair { get; init; } = Distribution.Empty;
}
