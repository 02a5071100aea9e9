using System.Globalization;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Sweeps;

/// <summary>A key of a scenario and one value of it.</summary>
public readonly record struct GridValue(string Key, string Value)
{
    public override string ToString() => $"{Key}={Value}";
}

/// <summary>Keys with the values that each is to take; a sweep runs every combination.</summary>
/// <param name="Keys">The keys in the order they were given; none: the scenario as it is.</param>
public sealed record SweepGrid(IReadOnlyList<GridKey> Keys)
{
    /// <summary>Every combination, the last key changing fastest.</summary>
    public IEnumerable<IReadOnlyList<GridValue>> Points()
    {
        IEnumerable<IReadOnlyList<GridValue>> points = [[]];
        foreach (var key in Keys)
        {
            points = points.SelectMany(point => key.Values.Select(value => (IReadOnlyList<GridValue>)[.. point, new GridValue(key.Key, value)]));
        }

        return points;
    }

    /// <summary>Reads <c>nodes=1000,10000</c> and its like, one key each.</summary>
    /// <exception cref="ScenarioException">A text is no such thing, or a key is there twice.</exception>
    public static SweepGrid Parse(IReadOnlyList<string> texts)
    {
        var keys = new List<GridKey>();
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var values = equals > 0 ? Split(text[(equals + 1)..]) : [];
            if (values.Count == 0 || values.Exists(value => value.Length == 0))
            {
                throw Refused(text, "must be KEY=VALUE,VALUE,… with a key such as nodes or churn.session.median");
            }

            var key = text[..equals].Trim();
            if (keys.Exists(one => one.Key == key) || values.Distinct(StringComparer.Ordinal).Count() < values.Count)
            {
                throw Refused(text, "names a key or a value twice");
            }

            keys.Add(new(key, values));
        }

        return new(keys);
    }

    internal static ScenarioException Refused(string text, string message) => new([new(ScenarioReason.Syntax, "--grid " + text, 0, 0, "", message)]);

    /// <summary>Values apart by commas; commas within brackets, braces and quotes belong to a value.</summary>
    private static List<string> Split(string text)
    {
        var (values, depth, isQuoted, from) = (new List<string>(), 0, false, 0);
        for (var i = 0; i < text.Length; i++)
        {
            isQuoted ^= text[i] == '"';
            if (isQuoted)
            {
                continue;
            }

            depth += text[i] is '[' or '{' ? 1 : text[i] is ']' or '}' ? -1 : 0;
            if (text[i] == ',' && depth == 0)
            {
                values.Add(text[from..i].Trim());
                from = i + 1;
            }
        }

        values.Add(text[from..].Trim());
        return values;
    }
}

/// <summary>A key and the values that it is to take.</summary>
public sealed record GridKey(string Key, IReadOnlyList<string> Values);

/// <summary>The seeds of a sweep: <c>1..20</c>, <c>3</c>, <c>1,5,10..12</c>.</summary>
public static class SeedList
{
    /// <summary>Seeds that a sweep may have at the most.</summary>
    public const int MaxSeeds = 1_000_000;

    /// <summary>Reads the seeds, in the order given.</summary>
    /// <exception cref="ScenarioException">The text names no seeds, one twice, or too many.</exception>
    public static IReadOnlyList<ulong> Parse(string text)
    {
        var seeds = new List<ulong>();
        foreach (var part in text.Split(','))
        {
            var dots = part.IndexOf("..", StringComparison.Ordinal);
            var (first, last) = dots < 0 ? (part, part) : (part[..dots], part[(dots + 2)..]);
            if (!TryRead(first, out var from) || !TryRead(last, out var to) || to < from)
            {
                throw Refused(text, "must be seeds such as 1..20 or 1,5,7");
            }

            if (to - from >= (ulong)(MaxSeeds - seeds.Count))
            {
                throw Refused(text, FormattableString.Invariant($"are more than {MaxSeeds:#,0} seeds"));
            }

            for (var seed = from; ; seed++)
            {
                seeds.Add(seed);
                if (seed == to)
                {
                    break;
                }
            }
        }

        return seeds.Distinct().Count() == seeds.Count ? seeds : throw Refused(text, "name a seed twice");
    }

    private static bool TryRead(string text, out ulong seed) => ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out seed);

    private static ScenarioException Refused(string text, string message) => new([new(ScenarioReason.Syntax, "--seeds " + text, 0, 0, "", message)]);
}

/// <summary>The part of a sweep that one of several processes runs.</summary>
/// <param name="Index">Which part; parts 0 … n − 1 and parts 1 … n are the same parts, so that both ways of counting jobs work.</param>
/// <param name="Count">How many parts there are, at least 1.</param>
public readonly record struct Shard(int Index, int Count)
{
    /// <summary>All of it.</summary>
    public static readonly Shard Whole = new(0, 1);

    /// <summary>Whether a cell belongs to this part.</summary>
    public bool Holds(int cell) => cell % Count == Index % Count;

    /// <summary>Reads <c>i/n</c>.</summary>
    /// <exception cref="ScenarioException">The text is no such thing.</exception>
    public static Shard Parse(string text)
    {
        var parts = text.Split('/');
        if (parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 && index <= count)
        {
            return new(index, count);
        }

        throw new ScenarioException([new(ScenarioReason.Syntax, "--shard " + text, 0, 0, "", "must be I/N with I from 0 to N − 1, or from 1 to N")]);
    }
}
