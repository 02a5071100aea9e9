using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Sweeps;

/// <summary>One run of a sweep.</summary>
/// <param name="Number">Its place in the sweep, from 0.</param>
/// <param name="Point">The values of the grid.</param>
/// <param name="Scenario">The scenario with these values and the seed.</param>
public sealed record SweepCell(int Number, IReadOnlyList<GridValue> Point, Scenario Scenario)
{
    private const int MaxNameLength = 120;

    /// <summary>16 hexadecimal digits over the whole scenario: cells of equal digest are the same run.</summary>
    public string Digest { get; } = DigestOf(Scenario);

    /// <summary>Point and seed, for people.</summary>
    public string Label => string.Join(' ', Point.Select(value => value.ToString()).Append(Invariant($"seed={Scenario.Seed}")));

    /// <summary>The name of the cell's file: readable, and its own through the digest.</summary>
    public string FileName
    {
        get
        {
            var text = string.Join(',', Point.Select(value => value.ToString()).Append(Invariant($"seed={Scenario.Seed}")));
            var safe = string.Concat(text.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '=' or ',' ? letter : '-'));
            return $"{(safe.Length <= MaxNameLength ? safe : safe[..MaxNameLength])}~{Digest[..8]}{CellFile.Extension}";
        }
    }

    private static string DigestOf(Scenario scenario) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ScenarioReader.ToText(scenario))).AsSpan(0, 8));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Every run of a sweep, each read and judged before the first begins.</summary>
public sealed record SweepPlan(IReadOnlyList<SweepCell> Cells)
{
    /// <summary>Runs that a sweep may have at the most.</summary>
    public const int MaxCells = 1_000_000;

    /// <summary>All combinations of the grid with all seeds; the seed changes fastest.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="read">Reads the scenario with some values put over it.</param>
    /// <exception cref="ScenarioException">A point of the grid is no possible scenario, or there are too many runs.</exception>
    public static SweepPlan Create(SweepGrid grid, IReadOnlyList<ulong> seeds, Func<IReadOnlyList<string>, Scenario> read)
    {
        var count = grid.Keys.Aggregate((double)seeds.Count, (product, key) => product * key.Values.Count);
        if (count > MaxCells)
        {
            throw SweepGrid.Refused(string.Join(' ', grid.Keys.Select(key => key.Key)), FormattableString.Invariant($"makes {count:#,0} runs; at most {MaxCells:#,0} are allowed"));
        }

        var cells = new List<SweepCell>();
        foreach (var point in grid.Points())
        {
            var scenario = read([.. point.Select(value => "--" + value)]);
            foreach (var seed in seeds)
            {
                cells.Add(new(cells.Count, point, scenario with { Seed = seed }));
            }
        }

        return new(cells);
    }
}
