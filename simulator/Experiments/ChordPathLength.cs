using System.Globalization;

namespace Overlay.Simulator.Experiments;

/// <summary>Path length against the number of nodes: Chord, SIGCOMM 2001, figure 10.</summary>
public sealed class ChordPathLength : Reproduction
{
    private const int Lookups = 10_000;
    private const int QuickLookups = 2_000;

    /// <summary>Chord with one successor, the hop onto the owner included: ½·log2 N + 0.9 (½·log2 N − 0.1 without it).</summary>
    private const double LastHop = 0.9;

    /// <inheritdoc/>
    public override string Name => "chord-path-length";

    /// <inheritdoc/>
    public override string Summary => "Links that a look-up crosses, for 8 to 1,000,000 nodes in a perfect ring.";

    /// <inheritdoc/>
    public override string Source => "Stoica et al., SIGCOMM 2001, figure 10: mean about 0.5 log2 N; 0.5 log2 N + 0.9 with the hop onto the owner.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Reasons { get; } =
    [
        "Ours counts every link, the one onto the owner included; the published means without it are lower by 1.",
        "Ours goes both ways round over all links, incoming ones too, not clockwise over fingers and successor only: shorter.",
        "In small rings nearly everybody is a neighbour: 2 successors, 2 predecessors and the fingers of both sides.",
        "In large rings only the 16 farthest fingers are linked, and a full node's place is taken by another of its interval: longer.",
        "Bars: mean <= 0.5 log2 N + 0.5, 99th percentile <= log2 N + 2, no look-up failed or answered by the wrong node.",
    ];

    /// <inheritdoc/>
    public override string RowTitle => "nodes";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Rows(ReproductionSettings settings) =>
        [.. Enumerable.Range(3, 12).Select(bits => 1 << bits).Append(100_000).Append(1_000_000).Select(nodes => nodes.ToString(CultureInfo.InvariantCulture))];

    /// <inheritdoc/>
    public override ReproducedRow Measure(string row, ReproductionSettings settings, Action<double> progress)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(progress);
        var nodes = int.Parse(row, CultureInfo.InvariantCulture);
        var options = OverlayOptions.Default;
        options = options with { SuccessorListLength = Math.Min(options.SuccessorListLength, nodes - 2) }; // A ring of eight cannot list eight others.
        var lookups = new SettledLookups(nodes, options, settings.Seed);
        lookups.Ask(settings.IsQuick ? QuickLookups : Lookups, progress, settings.Stop);
        var log = Math.Log2(nodes);
        return new(row,
        [
            new("mean", lookups.Hops.Mean) { Published = (0.5 * log) + LastHop, AtMost = (0.5 * log) + 0.5 },
            new("p99", lookups.Hops.Quantile(0.99)) { Digits = 0, AtMost = log + 2 },
            new("failed", lookups.Failed) { Digits = 0, AtMost = 0 },
        ])
        {
            Remarks = options.SuccessorListLength < OverlayOptions.Default.SuccessorListLength
                ? [string.Create(CultureInfo.InvariantCulture, $"{row} nodes: successor list of {options.SuccessorListLength}, which a ring of this size can fill.")]
                : [],
        };
    }
}
