using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Overlay.Simulator.Scenarios.Reading;
using static System.FormattableString;

namespace Overlay.Simulator.Commands;

/// <summary>The options that several commands share. Each reads its own text, so that a wrong one is told in our words and never thrown.</summary>
internal static class CommonOptions
{
    /// <summary>How <c>--json</c> is written.</summary>
    public static readonly JsonSerializerOptions JsonForm = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Option<bool> Json(string description = "One JSON object instead of a table.") => new("--json") { Description = description };

    public static Option<ulong> Seed(string description = "Decides everything that chance decides.") => Number<ulong>("--seed", 0, ulong.MaxValue, 1, description);

    /// <summary>A whole number in a range.</summary>
    public static Option<T> Number<T>(string name, T from, T to, T byDefault, string description)
        where T : INumber<T> => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => byDefault,
            CustomParser = result => TryRead(result.Tokens[0].Value, from, to, out var value) ? value : Refuse(result, name, $"a whole number in {from:N0} … {to:N0}", byDefault),
        };

    /// <summary>A whole number in a range, or none.</summary>
    public static Option<int?> NumberOrNone(string name, int from, int to, string description) => new(name)
    {
        Description = description,
        CustomParser = result => TryRead(result.Tokens[0].Value, from, to, out var value) ? value : Refuse<int?>(result, name, $"a whole number in {from:N0} … {to:N0}", null),
    };

    /// <summary>Numbers of nodes, in ascending order whatever the order they were given in.</summary>
    public static Option<int[]> Nodes(int from, int to, params int[] byDefault) => new("--nodes")
    {
        Description = Invariant($"Numbers of nodes, {from:N0} to {to:N0}, apart by commas."),
        Arity = ArgumentArity.ExactlyOne,
        DefaultValueFactory = _ => byDefault,
        CustomParser = result =>
        {
            var fields = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries);
            var counts = new int[fields.Length];
            for (var index = 0; index < fields.Length; index++)
            {
                if (!TryRead(fields[index], from, to, out counts[index]))
                {
                    return Refuse(result, "--nodes", $"whole numbers in {from:N0} … {to:N0} apart by commas, such as {byDefault[0]},{byDefault[^1]}", byDefault);
                }
            }

            Array.Sort(counts);
            return counts;
        },
    };

    /// <summary>One of the words of an enumeration.</summary>
    public static Option<T> Word<T>(string name, T byDefault, string description)
        where T : struct, Enum => new(name)
        {
            Description = description,
            HelpName = string.Join('|', Enum.GetValues<T>().Select(WordShape<T>.WordOf)),
            DefaultValueFactory = _ => byDefault,
            CustomParser = result => TryRead<T>(result.Tokens[0].Value, out var value) ? value : Refuse(result, name, Words<T>(), byDefault),
        };

    /// <summary>Words of an enumeration, apart by commas or spaces; by default all.</summary>
    public static Option<T[]> Several<T>(string name, string description)
        where T : struct, Enum => new(name)
        {
            Description = description,
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => Enum.GetValues<T>(),
            CustomParser = result =>
            {
                var texts = result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries)).ToArray();
                var values = new T[texts.Length];
                for (var index = 0; index < texts.Length; index++)
                {
                    if (!TryRead(texts[index], out values[index]))
                    {
                        return Refuse(result, name, Words<T>(), values);
                    }
                }

                return values;
            },
        };

    private static bool TryRead<T>(string text, T from, T to, out T value)
        where T : INumber<T> => T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value!) && value >= from && value <= to;

    private static bool TryRead<T>(string text, out T value)
        where T : struct, Enum => Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]);

    private static FormattableString Words<T>()
        where T : struct, Enum => $"one of {string.Join(", ", Enum.GetValues<T>().Select(WordShape<T>.WordOf))}";

    private static T Refuse<T>(System.CommandLine.Parsing.ArgumentResult result, string name, FormattableString expected, T value)
    {
        result.AddError(Invariant($"{name} must be {Invariant(expected)}, not '{string.Join(' ', result.Tokens.Select(token => token.Value))}'."));
        return value;
    }
}
