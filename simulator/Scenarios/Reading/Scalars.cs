using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>A text of limited length.</summary>
internal sealed class TextShape(int minLength, int maxLength) : Shape<string>
{
    public override string Expected => FormattableString.Invariant($"a text of {minLength} … {maxLength} characters");

    public override bool TryRead(JsonPart part, Findings findings, [MaybeNullWhen(false)] out string value)
    {
        value = part.Text;
        return part.Kind != JsonValueKind.String ? Mistyped(part, findings, out value)
            : part.Text.Length >= minLength && part.Text.Length <= maxLength || Outside(part, findings, out value);
    }

    public override void Write(Utf8JsonWriter writer, string value) => writer.WriteStringValue(value);

    public override JsonObject ToSchema(JsonObject definitions) => new() { ["type"] = "string", ["minLength"] = minLength, ["maxLength"] = maxLength };
}

/// <summary>A file beside the scenario; read as its full path.</summary>
internal sealed class FileShape(string what) : Shape<string>
{
    public override string Expected => $"the name of {what}";

    public override bool TryRead(JsonPart part, Findings findings, [MaybeNullWhen(false)] out string value)
    {
        if (part.Kind != JsonValueKind.String || part.Text.Length == 0 || part.Text.Contains('\0', StringComparison.Ordinal))
        {
            return Mistyped(part, findings, out value);
        }

        value = Path.GetFullPath(part.Text, Path.GetFullPath(part.Folder));
        if (!findings.RequiresFiles || File.Exists(value))
        {
            return true;
        }

        findings.Add(part, ScenarioReason.FileMissing, $"there is no file {value}");
        return false;
    }

    public override void Write(Utf8JsonWriter writer, string value) => writer.WriteStringValue(value);

    public override JsonObject ToSchema(JsonObject definitions) => new() { ["type"] = "string", ["minLength"] = 1 };
}

/// <summary>true or false.</summary>
internal sealed class FlagShape : Shape<bool>
{
    public override string Expected => "true or false";

    public override bool TryRead(JsonPart part, Findings findings, out bool value)
    {
        value = part.Kind == JsonValueKind.True || (part.IsLoose && part.Text == "true");
        return value || part.Kind == JsonValueKind.False || (part.IsLoose && part.Text == "false") || Mistyped(part, findings, out value);
    }

    public override void Write(Utf8JsonWriter writer, bool value) => writer.WriteBooleanValue(value);

    public override JsonObject ToSchema(JsonObject definitions) => new() { ["type"] = "boolean" };
}

/// <summary>A whole number in a range; <c>1e6</c> is one too.</summary>
internal sealed class WholeShape<T>(T min, T max) : Shape<T>
    where T : struct, IBinaryInteger<T>
{
    public override string Expected => string.Create(CultureInfo.InvariantCulture, $"a whole number in {Grouped(min)} … {Grouped(max)}");

    public override bool TryRead(JsonPart part, Findings findings, out T value)
    {
        value = default;
        if (part.Kind != JsonValueKind.Number && !part.IsLoose)
        {
            return Mistyped(part, findings, out value);
        }

        if (!decimal.TryParse(part.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return part.Kind == JsonValueKind.Number ? Outside(part, findings, out value) : Mistyped(part, findings, out value);
        }

        if (number != Math.Truncate(number))
        {
            return Mistyped(part, findings, out value);
        }

        if (number < decimal.CreateSaturating(min) || number > decimal.CreateSaturating(max))
        {
            return Outside(part, findings, out value);
        }

        value = T.CreateChecked(number);
        return true;
    }

    public override void Write(Utf8JsonWriter writer, T value) => writer.WriteNumberValue(decimal.CreateChecked(value));

    public override JsonObject ToSchema(JsonObject definitions) =>
        new() { ["type"] = "integer", ["minimum"] = decimal.CreateChecked(min), ["maximum"] = decimal.CreateChecked(max) };

    private static string Grouped(T value) => decimal.CreateChecked(value).ToString("#,0", CultureInfo.InvariantCulture);
}

/// <summary>A number in a range; either end may be left out of it.</summary>
internal sealed class NumberShape(double min, double max, bool aboveMin = false, bool belowMax = false) : Shape<double>
{
    public override string Expected => (aboveMin, belowMax) switch
    {
        (false, false) => FormattableString.Invariant($"a number in {min:#,0.######} … {max:#,0.######}"),
        (true, false) => FormattableString.Invariant($"a number above {min:#,0.######} and at most {max:#,0.######}"),
        (false, true) => FormattableString.Invariant($"a number of at least {min:#,0.######} and below {max:#,0.######}"),
        (true, true) => FormattableString.Invariant($"a number above {min:#,0.######} and below {max:#,0.######}"),
    };

    public override bool TryRead(JsonPart part, Findings findings, out double value)
    {
        value = 0;
        if ((part.Kind != JsonValueKind.Number && !part.IsLoose)
            || !double.TryParse(part.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            return Mistyped(part, findings, out value);
        }

        // Written so that what is no number at all is outside.
        var isInside = (aboveMin ? value > min : value >= min) && (belowMax ? value < max : value <= max);
        return isInside || Outside(part, findings, out value);
    }

    public override void Write(Utf8JsonWriter writer, double value) => writer.WriteNumberValue(value);

    public override JsonObject ToSchema(JsonObject definitions) =>
        new() { ["type"] = "number", [aboveMin ? "exclusiveMinimum" : "minimum"] = min, [belowMax ? "exclusiveMaximum" : "maximum"] = max };
}

/// <summary>A duration in a range.</summary>
internal sealed class DurationShape(TimeSpan min, TimeSpan max) : Shape<TimeSpan>
{
    public override string Expected => $"a duration such as {Durations.Form}, in {Durations.Format(min)} … {Durations.Format(max)}";

    public override bool TryRead(JsonPart part, Findings findings, out TimeSpan value)
    {
        value = default;
        if (part.Kind != JsonValueKind.String || !Durations.TryParse(part.Text, out value))
        {
            return Mistyped(part, findings, out value);
        }

        return (value >= min && value <= max) || Outside(part, findings, out value);
    }

    public override void Write(Utf8JsonWriter writer, TimeSpan value) => writer.WriteStringValue(Durations.Format(value));

    public override JsonObject ToSchema(JsonObject definitions) => new() { ["type"] = "string", ["pattern"] = Durations.Pattern };
}

/// <summary>One of a few words: the names of an enumeration, with a small first letter.</summary>
internal sealed class WordShape<T> : Shape<T>
    where T : struct, Enum
{
    private static readonly (string Word, T Value)[] Words = [.. Enum.GetValues<T>().Select(value => (WordOf(value), value))];

    public override string Expected => "one of " + string.Join(", ", Words.Select(pair => pair.Word));

    public static string WordOf(T value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    public override bool TryRead(JsonPart part, Findings findings, out T value)
    {
        value = default;
        if (part.Kind != JsonValueKind.String)
        {
            return Mistyped(part, findings, out value);
        }

        foreach (var (word, one) in Words)
        {
            if (word == part.Text)
            {
                value = one;
                return true;
            }
        }

        var hint = Nearest.Hint(part.Text, Words.Select(pair => pair.Word));
        findings.Add(part, ScenarioReason.UnknownWord, $"must be {Expected}, not {part.Shown}{(hint.Length > 0 ? ". " + hint.TrimEnd() : "")}");
        return false;
    }

    public override void Write(Utf8JsonWriter writer, T value) => writer.WriteStringValue(WordOf(value));

    public override JsonObject ToSchema(JsonObject definitions) =>
        new() { ["enum"] = new JsonArray([.. Words.Select(pair => (JsonNode)pair.Word)]) };
}
