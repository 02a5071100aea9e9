using System.Globalization;

namespace Overlay.Simulator.Experiments;

/// <summary>Look-ups after a share of the nodes failed at one moment: Chord, IEEE/ACM ToN 2003, table II.</summary>
public sealed class ChordFailures : Reproduction
{
    /// <summary>In each ring, as in the paper.</summary>
    private const int Lookups = 10_000;

    /// <summary>Each with its own failures: the mean timeouts of one ring of 1,000 vary by about 10 percent.</summary>
    private const int Rings = 20;
    private const int QuickRings = 4;
    private const double PathWithin = 0.03;
    private const double TimeoutsWithin = 0.10;

    /// <summary>Share that fails; mean path; mean timeouts.</summary>
    private static readonly (double Share, double Path, double Timeouts)[] Published =
        [(0, 3.84, 0), (0.1, 4.03, 0.60), (0.2, 4.22, 1.17), (0.3, 4.44, 2.02), (0.4, 4.69, 3.23), (0.5, 5.09, 5.10)];

    /// <summary>Everybody in the successor list and every finger can be talked to, and messages go clockwise.</summary>
    private static readonly OverlayOptions AsPublished = OverlayOptions.Default with
    {
        SuccessorListLength = 20,
        LinkedSuccessors = 20,
        MaxFingers = 48,
        MaxLinks = 255,
        Routing = RoutingWays.Clockwise,
    };

    /// <inheritdoc/>
    public override string Name => "chord-failures";

    /// <inheritdoc/>
    public override string Summary => "Path and timeouts of look-ups after 0 to 50 % of 1,000 nodes failed at once, before anybody repairs anything.";

    /// <inheritdoc/>
    public override string Source => "Stoica et al., IEEE/ACM ToN 2003, table II: 1,000 nodes, 20 successors, 10,000 look-ups, no stabilization after the failure.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Reasons { get; } =
    [
        "Each look-up is walked through the real nodes' tables and router; a dead candidate costs one timeout, the next best is tried, nobody learns anything.",
        "As in the paper, neither the hop onto the owner nor its timeouts are counted.",
        "path, timeouts: the paper's way: clockwise over 20 linked successors and all fingers (options Routing, LinkedSuccessors, MaxFingers).",
        "both ways: the same tables with our own routing over all links, incoming ones too: shorter, and so it meets fewer dead nodes.",
        "Ours are means over 20 rings of 10,000 look-ups; one ring differs from the next by as much as the deviations below; the paper does not say of how many it is.",
        "Bars: path within 3 %, timeouts within 10 % of the published means, no look-up lost.",
    ];

    /// <inheritdoc/>
    public override string RowTitle => "failed";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows(ReproductionSettings settings) =>
        [.. Published.Select(static row => row.Share.ToString("F1", CultureInfo.InvariantCulture))];

    /// <inheritdoc/>
    public override ReproducedRow Measure(string row, ReproductionSettings settings, Action<double> progress)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(progress);
        var published = Published.First(one => one.Share.ToString("F1", CultureInfo.InvariantCulture) == row);
        var asPublished = Walk(published.Share, AsPublished, settings, done => progress(done / 2));
        var bothWays = Walk(published.Share, AsPublished with { Routing = RoutingWays.BothWays }, settings, done => progress((1 + done) / 2));
        return new(row,
        [
            new("path", asPublished.Path) { Published = published.Path, Within = PathWithin },
            new("timeouts", asPublished.Timeouts) { Published = published.Timeouts, Within = TimeoutsWithin },
            new("lost", asPublished.Lost) { Digits = 0, AtMost = 0 },
            new("path (both ways)", bothWays.Path),
            new("timeouts (both ways)", bothWays.Timeouts),
            new("lost (both ways)", bothWays.Lost) { Digits = 0 },
        ])
        {
            Remarks =
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row}: from ring to ring path {asPublished.Path:F2} +- {asPublished.PathDeviation:F2}, timeouts {asPublished.Timeouts:F2} +- {asPublished.TimeoutsDeviation:F2} (standard deviation)."),
            ],
        };
    }

    private static Walked Walk(double share, OverlayOptions options, ReproductionSettings settings, Action<double> progress)
    {
        var rings = settings.IsQuick ? QuickRings : Rings;
        var (path, timeouts, lost) = (new double[rings], new double[rings], 0);
        for (var at = 0; at < rings; at++)
        {
            settings.Stop.ThrowIfCancellationRequested();
            var ring = new FailedRing(settings.Nodes ?? 1000, share, options, settings.Seed + ((ulong)at << 32));
            for (var lookup = 0; lookup < Lookups; lookup++)
            {
                ring.LookUp();
            }

            (path[at], timeouts[at], lost) = (ring.Hops.Mean, ring.Timeouts.Mean, lost + ring.Failed);
            progress((1.0 + at) / rings);
        }

        return new(path.Average(), Deviation(path), timeouts.Average(), Deviation(timeouts), lost);
    }

    /// <summary>How far one ring lies from the mean of all.</summary>
    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / Math.Max(1, values.Length - 1));
    }

    private readonly record struct Walked(double Path, double PathDeviation, double Timeouts, double TimeoutsDeviation, int Lost);
}
