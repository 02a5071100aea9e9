using System.Globalization;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Experiments;

/// <summary>Look-ups while nodes join and leave: Chord, IEEE/ACM ToN 2003, table III.</summary>
public sealed class ChordChurn : Reproduction
{
    /// <summary>One a second for two hours; a quick run asks as many in less time.</summary>
    private const double Lookups = 7200;

    private static readonly OverlayOptions ShippedPeriods = OverlayOptions.Default with { SuccessorListLength = 20 };

    /// <summary>A member that its predecessor notifies so rarely must wait as long before it thinks the arc below unguarded. Liveness of links is not in the paper: as shipped.</summary>
    private static readonly OverlayOptions PaperPeriods = ShippedPeriods with
    {
        StabilizePeriod = TimeSpan.FromSeconds(30),
        FixFingersPeriod = TimeSpan.FromSeconds(30),
        LoneSuspicionTimeout = TimeSpan.FromSeconds(35),
    };

    /// <summary>Rate of joins and of leaves a second; mean path; mean timeouts; failures of 10,000 look-ups.</summary>
    private static readonly (double Rate, double Path, double Timeouts, double Failures)[] Published =
    [
        (0.05, 3.90, 0.05, 0), (0.10, 3.83, 0.11, 0), (0.15, 3.84, 0.16, 2), (0.20, 3.81, 0.23, 5),
        (0.25, 3.83, 0.30, 6), (0.30, 3.91, 0.34, 8), (0.35, 3.94, 0.42, 16), (0.40, 4.06, 0.46, 15),
    ];

    /// <inheritdoc/>
    public override string Name => "chord-churn";

    /// <inheritdoc/>
    public override string Summary => "Path, timeouts and failures of look-ups while 0.05 to 0.40 nodes a second join and as many leave.";

    /// <inheritdoc/>
    public override string Source =>
        "Stoica et al., IEEE/ACM ToN 2003, table III: 1,000 nodes, 20 successors, stabilization every 30 s with one finger, 1 look-up a second, 2 h.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Reasons { get; } =
    [
        "The published path leaves the hop onto the owner out, and so does ours here (one less than the links crossed).",
        "Ours goes both ways round over all links: shorter paths, so fewer chances to meet a node that has left.",
        "Ours says good-bye to everybody it has a link with, the published one only to its two neighbours: hardly any timeouts.",
        "A key has one owner at a time, or none: an arc is owned by lease. Rounds of 30 s leave it unowned for longer than the paper's, which answers anyhow: more failures.",
        "shipped: the same with our own periods (stabilization 2 s, a finger every 5 s), which the leases are made for.",
        "failed: of 10,000 look-ups, those not answered, or by the wrong node; not those whose asker left meanwhile.",
        "A join and a leave come together here, so the number of nodes stays; in the paper each has its own clock, so it wanders.",
    ];

    /// <inheritdoc/>
    public override string RowTitle => "joins and leaves /s";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows(ReproductionSettings settings) =>
        [.. Published.Select(static row => row.Rate.ToString("F2", CultureInfo.InvariantCulture))];

    /// <inheritdoc/>
    public override ReproducedRow Measure(string row, ReproductionSettings settings, Action<double> progress)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(progress);
        var published = Published.First(one => one.Rate.ToString("F2", CultureInfo.InvariantCulture) == row);
        var paper = Measure(published.Rate, PaperPeriods, settings, done => progress(done / 2));
        var shipped = Measure(published.Rate, ShippedPeriods, settings, done => progress((1 + done) / 2));
        return new(row,
        [
            new("path", paper.MeanHops - 1) { Published = published.Path },
            new("timeouts", TimeoutsOf(paper)) { Published = published.Timeouts },
            new("failed", FailuresOf(paper)) { Digits = 0, Published = published.Failures },
            new("path (shipped)", shipped.MeanHops - 1),
            new("timeouts (shipped)", TimeoutsOf(shipped)),
            new("failed (shipped)", FailuresOf(shipped)) { Digits = 0 },
        ])
        {
            Remarks = [ChurnRun.Failures($"{row} /s, periods of the paper", paper), ChurnRun.Failures($"{row} /s, shipped periods", shipped)],
        };
    }

    private static double TimeoutsOf(Totals totals) => (double)totals.LookupTimeouts / Math.Max(1, ChurnRun.Judged(totals));

    private static double FailuresOf(Totals totals) => 10_000.0 * (ChurnRun.Judged(totals) - totals.LookupsOk) / Math.Max(1, ChurnRun.Judged(totals));

    private Totals Measure(double rate, OverlayOptions options, ReproductionSettings settings, Action<double> progress)
    {
        var nodes = settings.Nodes ?? 1000;
        var (settle, measure) = settings.IsQuick ? (TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(20)) : (TimeSpan.FromMinutes(10), TimeSpan.FromHours(2));
        var scenario = new Scenario
        {
            Name = Name,
            Nodes = nodes,
            Mode = LinkMode.Contact,
            Options = options,
            Churn = new() { Renewal = RenewalKind.Poisson, Rate = rate, Graceful = 1 },
            Workloads = [new(WorkloadKind.Lookups, Lookups / measure.TotalSeconds / nodes)],
            Phases = [],
        };
        return ChurnRun.Measure(scenario, settle, measure, settings, progress);
    }
}
