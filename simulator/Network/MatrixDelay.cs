using System.Globalization;
using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Network;

/// <summary>Measured delays of every ordered pair of sites; node n is at site n mod the number of sites.</summary>
public sealed class MatrixDelay : DelayModel
{
    /// <summary>Most sites a file may have: 4 bytes a pair make 256 MB.</summary>
    public const int MaxSites = 8192;

    private const long LeastTicks = TimeSpan.TicksPerMillisecond / 10;
    private static readonly char[] Separators = [' ', '\t', ',', ';'];
    private readonly int[] _ticks;

    private MatrixDelay(int[] ticks, int sites)
    {
        _ticks = ticks;
        Sites = sites;
    }

    public int Sites { get; }

    public override bool IsSteady => true;

    public override long Ticks(int from, int to, ref Prng random) => _ticks[(from % Sites * Sites) + (to % Sites)];

    /// <summary>Reads a square matrix: a line for each row, numbers apart by blanks, commas or semicolons; empty lines and lines that begin with # say nothing.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="unit">What 1 in the file means, for example 1 ms or 1 µs.</param>
    /// <param name="isRoundTrip">The file holds round trips (the published matrices do); half of one is a delay.</param>
    /// <remarks>A negative number means "not measured": the other direction stands in, or else the mean. Delays below 0.1 ms (the diagonal, above all) become 0.1 ms.</remarks>
    /// <exception cref="ModelFileException">The file is no such matrix.</exception>
    public static MatrixDelay Read(TextReader text, string file, TimeSpan unit, bool isRoundTrip)
    {
        var rows = new List<double[]>();
        var number = 0;
        for (var line = text.ReadLine(); line is not null; line = text.ReadLine())
        {
            number++;
            var fields = line.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0 || fields[0].StartsWith('#'))
            {
                continue;
            }

            rows.Add(ReadRow(fields, rows, file, number));
        }

        if (rows.Count == 0 || rows.Count != rows[0].Length)
        {
            throw new ModelFileException(file, number, $"a square matrix was expected: {rows.Count} rows, {(rows.Count == 0 ? 0 : rows[0].Length)} columns.");
        }

        return new MatrixDelay(ToTicks(rows, (isRoundTrip ? 0.5 : 1) * unit.Ticks), rows.Count);
    }

    private static double[] ReadRow(string[] fields, List<double[]> rows, string file, int line)
    {
        var columns = rows.Count == 0 ? fields.Length : rows[0].Length;
        if (columns > MaxSites || rows.Count == columns)
        {
            throw new ModelFileException(file, line, columns > MaxSites ? $"{columns} columns, at most {MaxSites} sites are read." : $"row {rows.Count + 1} of a matrix of {columns} columns.");
        }

        if (fields.Length != columns)
        {
            throw new ModelFileException(file, line, $"{fields.Length} numbers, the rows above have {columns}.");
        }

        var row = new double[columns];
        for (var column = 0; column < columns; column++)
        {
            if (!double.TryParse(fields[column], NumberStyles.Float, CultureInfo.InvariantCulture, out row[column]) || !double.IsFinite(row[column]))
            {
                throw new ModelFileException(file, line, $"'{fields[column]}' in column {column + 1} is not a number.");
            }
        }

        return row;
    }

    private static int[] ToTicks(List<double[]> rows, double ticksPerUnit)
    {
        var (sum, known) = (0.0, 0);
        foreach (var value in rows.SelectMany(row => row).Where(value => value > 0))
        {
            sum += value;
            known++;
        }

        var sites = rows.Count;
        var ticks = new int[sites * sites];
        for (var from = 0; from < sites; from++)
        {
            for (var to = 0; to < sites; to++)
            {
                var value = rows[from][to] >= 0 ? rows[from][to] : rows[to][from] >= 0 ? rows[to][from] : sum / Math.Max(known, 1);
                ticks[(from * sites) + to] = (int)Math.Clamp(value * ticksPerUnit, LeastTicks, int.MaxValue);
            }
        }

        return ticks;
    }
}
