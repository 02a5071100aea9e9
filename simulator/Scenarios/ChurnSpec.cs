namespace Overlay.Simulator.Scenarios;

/// <summary>How nodes come and go.</summary>
public enum RenewalKind
{
    /// <summary>Nobody comes or goes by itself.</summary>
    None,

    /// <summary>Whoever leaves is replaced at once by a new node: the number stays.</summary>
    Fixed,

    /// <summary>Each node is up and down by turns; about up / (up + down) of the nodes are there.</summary>
    Alternating,

    /// <summary>Departures and arrivals at one rate for the whole network, whatever the age of a node.</summary>
    Poisson,

    /// <summary>A file says who is there and when.</summary>
    Trace,
}

/// <summary>Arrivals and departures.</summary>
public sealed record ChurnSpec
{
    /// <summary>Nobody comes or goes.</summary>
    public static readonly ChurnSpec None = new();

    /// <summary>How nodes come and go.</summary>
    /// <value>Default <see cref="RenewalKind.None"/>.</value>
    public RenewalKind Renewal { get; init; } = RenewalKind.None;

    /// <summary>How long a node stays; asked for by <see cref="RenewalKind.Fixed"/> and <see cref="RenewalKind.Alternating"/>.</summary>
    public DurationSpec? Session { get; init; }

    /// <summary>How long a node is away; asked for by <see cref="RenewalKind.Alternating"/>.</summary>
    public DurationSpec? Downtime { get; init; }

    /// <summary>Departures in a second, and arrivals as many, of the whole network; asked for by <see cref="RenewalKind.Poisson"/>.</summary>
    public double? Rate { get; init; }

    /// <summary>The share of the departures that say good-bye, 0 … 1; the others crash.</summary>
    /// <value>Default 0: all crash.</value>
    public double Graceful { get; init; }

    /// <summary>The full path of a CSV file (node, up, down); asked for by <see cref="RenewalKind.Trace"/>.</summary>
    public string? Trace { get; init; }
}

/// <summary>The law that a random duration follows.</summary>
public enum DurationLaw
{
    /// <summary>Always the same.</summary>
    Constant,

    /// <summary>Without memory.</summary>
    Exponential,

    /// <summary>P(X &gt; x) = (scale / x)^shape from the scale upward: nothing is shorter than the scale.</summary>
    Pareto,

    /// <summary>P(X &gt; x) = (1 + x / scale)^-shape, which starts at 0.</summary>
    ShiftedPareto,

    /// <summary>P(X &gt; x) = exp(-(x / scale)^shape): with a shape below 1 most are short and some very long.</summary>
    Weibull,

    /// <summary>The logarithm is normal with deviation <see cref="DurationSpec.Shape"/>; the scale is the median.</summary>
    LogNormal,
}

/// <summary>A law of durations with its parameters: a shape where the law has one, and exactly one of scale, median and mean.</summary>
/// <param name="Law">The law.</param>
public sealed record DurationSpec(DurationLaw Law)
{
    /// <summary>The shape of the law, more than 0 (log-normal: the deviation of the logarithm); null for laws without one.</summary>
    public double? Shape { get; init; }

    /// <summary>The scale of the law, or null.</summary>
    public TimeSpan? Scale { get; init; }

    /// <summary>The duration that half of all stay below, or null.</summary>
    public TimeSpan? Median { get; init; }

    /// <summary>The mean, or null.</summary>
    public TimeSpan? Mean { get; init; }
}
