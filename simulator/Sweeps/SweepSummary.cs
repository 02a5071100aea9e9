using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Sweeps;

/// <summary>What the runs at one point of the grid came to.</summary>
/// <param name="Values">The point.</param>
/// <param name="Runs">Runs, one for each seed.</param>
/// <param name="Failed">Runs in which something did not hold.</param>
/// <param name="Estimates">By the measure's name; a measure that had nothing to measure is left out.</param>
public sealed record PointSummary(IReadOnlyList<GridValue> Values, int Runs, int Failed, IReadOnlyDictionary<string, Estimate> Estimates);

/// <summary>What a sweep came to. The same cells give the same summary, whoever ran them, in whatever order, on how many threads.</summary>
public sealed record SweepSummary
{
    /// <summary>The name of the scenario; several where cells of several were merged.</summary>
    public required string Scenario { get; init; }

    /// <summary>The keys of the grid.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Runs in all.</summary>
    public required int Runs { get; init; }

    /// <summary>A hash over the effect hashes of all runs in order: 16 hexadecimal digits.</summary>
    public required string Hash { get; init; }

    /// <summary>The points, in order of their values.</summary>
    public required IReadOnlyList<PointSummary> Points { get; init; }

    /// <summary>Runs in which something did not hold.</summary>
    public int Failed => Points.Sum(point => point.Failed);

    /// <summary>Summarizes cells. A cell that is there twice counts once.</summary>
    /// <exception cref="InvalidDataException">There is no cell, or one cell is there twice with different effects.</exception>
    public static SweepSummary Of(IEnumerable<CellFile> cells)
    {
        var kept = new Dictionary<string, CellFile>(StringComparer.Ordinal);
        foreach (var cell in cells)
        {
            if (kept.TryGetValue(cell.Digest, out var same) && same.Result.EffectHash != cell.Result.EffectHash)
            {
                throw new InvalidDataException($"{Label(cell)} was run twice with different effects: {same.Result.EffectHash} by version {same.Result.Version}, {cell.Result.EffectHash} by {cell.Result.Version}");
            }

            kept.TryAdd(cell.Digest, cell);
        }

        if (kept.Count == 0)
        {
            throw new InvalidDataException("there are no finished runs to summarize");
        }

        var sorted = kept.Values.Order(CellOrder.Instance).ToList();
        return new()
        {
            Scenario = string.Join(", ", sorted.Select(cell => cell.Result.Scenario.Name).Distinct(StringComparer.Ordinal)),
            Keys = [.. sorted.SelectMany(cell => cell.Point.Select(value => value.Key)).Distinct(StringComparer.Ordinal)],
            Runs = sorted.Count,
            Hash = HashOf(sorted),
            Points = [.. sorted.GroupBy(cell => string.Join('\n', cell.Point), StringComparer.Ordinal).Select(PointOf)],
        };
    }

    private static PointSummary PointOf(IEnumerable<CellFile> cells)
    {
        var runs = cells.ToList();
        var estimates = new Dictionary<string, Estimate>(StringComparer.Ordinal);
        foreach (var measure in Measure.All)
        {
            if (Estimate.Of([.. runs.Select(cell => measure.Of(cell.Result)).OfType<double>()]) is { } estimate)
            {
                estimates.Add(measure.Name, estimate);
            }
        }

        return new(runs[0].Point, runs.Count, runs.Count(cell => !cell.Result.Succeeded), estimates);
    }

    private static string HashOf(List<CellFile> cells)
    {
        var text = string.Concat(cells.Select(cell => $"{Label(cell)} {cell.Result.EffectHash}\n"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }

    private static string Label(CellFile cell) => FormattableString.Invariant($"{cell.Result.Scenario.Name} {string.Join(' ', cell.Point)} seed={cell.Seed}");

    /// <summary>By the values of the point, as numbers or durations where they are such, then by seed.</summary>
    private sealed class CellOrder : IComparer<CellFile>
    {
        public static readonly CellOrder Instance = new();

        public int Compare(CellFile? x, CellFile? y)
        {
            var byName = string.CompareOrdinal(x!.Result.Scenario.Name, y!.Result.Scenario.Name);
            for (var i = 0; byName == 0 && i < Math.Min(x.Point.Count, y.Point.Count); i++)
            {
                byName = GridNumber.Compare(x.Point[i].Value, y.Point[i].Value);
            }

            return byName != 0 ? byName : x.Point.Count != y.Point.Count ? x.Point.Count.CompareTo(y.Point.Count) : x.Seed.CompareTo(y.Seed);
        }
    }
}

/// <summary>Values of a grid as numbers.</summary>
internal static class GridNumber
{
    /// <summary>A number as it is, a duration in seconds; null for a word.</summary>
    public static double? Of(string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : Durations.TryParse(value, out var duration) ? duration.TotalSeconds
        : null;

    public static int Compare(string left, string right) =>
        Of(left) is { } x && Of(right) is { } y && x != y ? x.CompareTo(y) : string.CompareOrdinal(left, right);
}
