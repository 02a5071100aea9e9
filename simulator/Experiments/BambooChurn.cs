using System.Globalization;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Experiments;

/// <summary>Look-ups under churn without memory: Rhea, Geels, Roscoe, Kubiatowicz, USENIX 2004.</summary>
public sealed class BambooChurn : Reproduction
{
    private const double LookupsPerSecond = 0.02;
    private const double BambooBytes = 900;

    /// <summary>Median session in minutes, and the share of look-ups that must be answered at the first try: what stays at least so long must do as well.</summary>
    private static readonly (double Median, double Share)[] Bars = [(60, 99.9), (10, 99.5), (2, 99), (1.4, 97)];

    private static readonly double[] Medians = [174, 90, 60, 47, 23, 12, 10, 6, 3, 2, 1.4];

    /// <inheritdoc/>
    public override string Name => "bamboo-churn";

    /// <inheritdoc/>
    public override string Summary => "Look-ups answered at the first try, their latency, and upkeep, at median sessions from 174 down to 1.4 minutes.";

    /// <inheritdoc/>
    public override string Source =>
        "Rhea et al., USENIX 2004: 1,000 nodes, Poisson churn (median = N ln 2 / rate); Bamboo works at 1.4 min with less than 900 bytes a node and second.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Reasons { get; } =
    [
        "Every departure is a crash. First try: answered by the right owner, with no second question, which is asked after 3.3 s without an answer.",
        "contact: whoever is known can be talked to at once; a call to a dead node ends after 500 ms. links: every link is signalled and set up first.",
        "Upkeep is all of the overlay's own messages, the 0.02 look-ups a node and second included; link bytes are keep-alive, probes, signalling and set-up, beside it.",
        "Delays are a plane fitted to measured wide-area round trips (median 140 ms), not the paper's ModelNet: its latencies are not compared.",
        "A node in its first seconds asks nothing: look-ups are those of members.",
        "Bars (contact): first try >= 99.9 / 99.5 / 99 / 97 % at 60 / 10 / 2 / 1.4 min and longer, upkeep <= 900 bytes.",
    ];

    /// <inheritdoc/>
    public override string RowTitle => "median, min";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows(ReproductionSettings settings) => [.. Medians.Select(static median => median.ToString(CultureInfo.InvariantCulture))];

    /// <inheritdoc/>
    public override ReproducedRow Measure(string row, ReproductionSettings settings, Action<double> progress)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(progress);
        var median = double.Parse(row, CultureInfo.InvariantCulture);
        var bar = Bars.First(one => median >= one.Median).Share;
        var contact = Measure(median, LinkMode.Contact, settings, done => progress(done / 2));
        var links = Measure(median, LinkMode.Links, settings, done => progress((1 + done) / 2));
        return new(row,
        [
            new("contact %", 100 * contact.FirstTrySuccess) { AtLeast = bar },
            new("ms", contact.MeanLatencyMs) { Digits = 0 },
            new("upkeep", contact.UpkeepBytesPerNodeSecond) { Digits = 0, AtMost = BambooBytes },
            new("links %", 100 * links.FirstTrySuccess),
            new("ms (links)", links.MeanLatencyMs) { Digits = 0 },
            new("upkeep (links)", links.UpkeepBytesPerNodeSecond) { Digits = 0 },
            new("link bytes", links.LinkBytesPerNodeSecond) { Digits = 0 },
        ])
        {
            Remarks = [ChurnRun.Failures($"{row} min, contact", contact), ChurnRun.Failures($"{row} min, links", links)],
        };
    }

    private Totals Measure(double median, LinkMode mode, ReproductionSettings settings, Action<double> progress)
    {
        var nodes = settings.Nodes ?? 1000;
        var scenario = new Scenario
        {
            Name = Name,
            Nodes = nodes,
            Mode = mode,
            Churn = new() { Renewal = RenewalKind.Poisson, Rate = nodes * Math.Log(2) / (median * 60) },
            Workloads = [new(WorkloadKind.Lookups, LookupsPerSecond)],
            Phases = [],
        };
        var (settle, measure) = settings.IsQuick ? (2.0, 3.0) : (5.0, 10.0);
        return ChurnRun.Measure(scenario, TimeSpan.FromMinutes(settle), TimeSpan.FromMinutes(measure), settings, progress);
    }
}
