using System.Globalization;
using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Churn;

/// <summary>A node comes or goes at a moment of a trace.</summary>
/// <param name="Ticks">When, in units of 100 ns since the trace began.</param>
/// <param name="IsUp">It comes; else it goes.</param>
/// <param name="Node">Who: the number in the file.</param>
public readonly record struct TraceEntry(long Ticks, bool IsUp, int Node);

/// <summary>Reads measured sessions: a CSV file with a line <c>node,up,down</c> for each session.</summary>
/// <remarks>
/// Nodes are numbers from 0; times are seconds from the beginning of the trace, with or without decimals; an empty <c>down</c> says the node stays. Sessions are in order of
/// <c>up</c>, and those of one node do not overlap. A first line with the names of the columns, empty lines and lines that begin with # say nothing.
/// </remarks>
public static class TraceFile
{
    /// <summary>Greatest node number, so that a slip in a file does not become an array of two thousand million nodes.</summary>
    public const int MaxNode = 9_999_999;

    private const decimal MaxSeconds = 36_525m * 86_400m;

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <returns>Ups and downs in order of time; at equal times downs first, so that a node can come back in the moment it goes.</returns>
    /// <exception cref="ModelFileException">A line cannot be understood, is out of order, or overlaps an earlier one.</exception>
    public static IReadOnlyList<TraceEntry> Read(string path)
    {
        using var reader = File.OpenText(path);
        return Read(reader, path);
    }

    /// <summary>Reads a trace from <paramref name="text"/>; <paramref name="file"/> is its name for messages.</summary>
    /// <inheritdoc cref="Read(string)"/>
    public static IReadOnlyList<TraceEntry> Read(TextReader text, string file)
    {
        var entries = new List<TraceEntry>();
        var endOf = new Dictionary<int, (long Down, int Line)>();
        var (number, lastUp) = (0, 0L);
        for (var line = text.ReadLine(); line is not null; line = text.ReadLine())
        {
            number++;
            if (line.AsSpan().Trim() is { IsEmpty: true } or ['#', ..] || (entries.Count == 0 && line.StartsWith("node", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            var session = ReadSession(line, file, number);
            if (session.Up < lastUp)
            {
                throw new ModelFileException(file, number, $"up at {Text(session.Up)} s comes after a line with up at {Text(lastUp)} s: sessions are in order of up.");
            }

            if (endOf.TryGetValue(session.Node, out var before) && session.Up < before.Down)
            {
                throw new ModelFileException(file, number, $"node {session.Node} is up since line {before.Line}{(before.Down == long.MaxValue ? "" : $" until {Text(before.Down)} s")}: sessions of a node do not overlap.");
            }

            lastUp = session.Up;
            endOf[session.Node] = (session.Down, number);
            entries.Add(new TraceEntry(session.Up, true, session.Node));
            if (session.Down != long.MaxValue)
            {
                entries.Add(new TraceEntry(session.Down, false, session.Node));
            }
        }

        if (entries.Count == 0)
        {
            throw new ModelFileException(file, Math.Max(1, number), "no session: a line node,up,down for each was expected.");
        }

        return entries.OrderBy(entry => entry.Ticks).ThenBy(entry => entry.IsUp).ToArray();
    }

    private static (int Node, long Up, long Down) ReadSession(string line, string file, int number)
    {
        var fields = line.Split(',', StringSplitOptions.TrimEntries);
        if (fields.Length != 3)
        {
            throw new ModelFileException(file, number, $"{fields.Length} fields, node,up,down were expected.");
        }

        if (!int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var node) || node > MaxNode)
        {
            throw new ModelFileException(file, number, $"'{fields[0]}' is not a node: a number from 0 to {MaxNode}.");
        }

        var up = ReadTicks(fields[1], file, number);
        var down = fields[2].Length == 0 ? long.MaxValue : ReadTicks(fields[2], file, number);
        return down > up ? (node, up, down) : throw new ModelFileException(file, number, $"down at {fields[2]} s is not later than up at {fields[1]} s.");
    }

    private static long ReadTicks(string field, string file, int line) =>
        decimal.TryParse(field, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= MaxSeconds
            ? (long)(seconds * TimeSpan.TicksPerSecond)
            : throw new ModelFileException(file, line, $"'{field}' is not a time: seconds from 0, up to 100 years.");

    private static string Text(long ticks) => ((decimal)ticks / TimeSpan.TicksPerSecond).ToString(CultureInfo.InvariantCulture);
}
