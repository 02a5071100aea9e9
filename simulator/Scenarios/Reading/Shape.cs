using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>What a value of a scenario may look like. Reader, writer and JSON schema all come from this one description.</summary>
internal abstract class Shape<T>
{
    /// <summary>What is expected, as it completes the sentence “must be …”.</summary>
    public abstract string Expected { get; }

    /// <summary>Reads the value; false, and at least one finding, where it is refused.</summary>
    public abstract bool TryRead(JsonPart part, Findings findings, [MaybeNullWhen(false)] out T value);

    /// <summary>Writes the value so that <see cref="TryRead"/> gives it back.</summary>
    public abstract void Write(Utf8JsonWriter writer, T value);

    /// <summary>The JSON schema of the value; shapes with a name add theirs to <paramref name="definitions"/> and refer to it.</summary>
    public abstract JsonObject ToSchema(JsonObject definitions);

    /// <summary>Refuses a value of a wrong type.</summary>
    protected bool Mistyped(JsonPart part, Findings findings, [MaybeNullWhen(false)] out T value)
    {
        findings.Add(part, ScenarioReason.WrongType, $"must be {Expected}, not {part.Shown}");
        value = default;
        return false;
    }

    /// <summary>Refuses a value outside its range.</summary>
    protected bool Outside(JsonPart part, Findings findings, [MaybeNullWhen(false)] out T value)
    {
        findings.Add(part, ScenarioReason.OutOfRange, $"must be {Expected}, not {part.Shown}");
        value = default;
        return false;
    }
}

/// <summary>Any shape, or a word that stands for a value.</summary>
internal sealed class WordOr<T>(Shape<T> shape, params (string Word, T StandsFor)[] words) : Shape<T>
{
    public override string Expected => $"{string.Join(", ", words.Select(pair => $"'{pair.Word}'"))} or {shape.Expected}";

    public override bool TryRead(JsonPart part, Findings findings, [MaybeNullWhen(false)] out T value)
    {
        if (part.Kind != JsonValueKind.String)
        {
            return part.Kind is JsonValueKind.Object or JsonValueKind.Array ? shape.TryRead(part, findings, out value) : Mistyped(part, findings, out value);
        }

        foreach (var (word, standsFor) in words)
        {
            if (word == part.Text)
            {
                value = standsFor;
                return true;
            }
        }

        findings.Add(part, ScenarioReason.UnknownWord, $"must be {Expected}, not {part.Shown}");
        value = default;
        return false;
    }

    public override void Write(Utf8JsonWriter writer, T value)
    {
        foreach (var (word, standsFor) in words)
        {
            if (EqualityComparer<T>.Default.Equals(value, standsFor))
            {
                writer.WriteStringValue(word);
                return;
            }
        }

        shape.Write(writer, value);
    }

    public override JsonObject ToSchema(JsonObject definitions) => new()
    {
        ["oneOf"] = new JsonArray(
            new JsonObject { ["enum"] = new JsonArray([.. words.Select(pair => (JsonNode)pair.Word)]) }, shape.ToSchema(definitions)),
    };
}

/// <summary>A list of values of one shape.</summary>
internal sealed class ListShape<T>(Shape<T> shape, int min, int max, string things) : Shape<IReadOnlyList<T>>
{
    public override string Expected => FormattableString.Invariant($"a list of {min} … {max} {things}");

    public override bool TryRead(JsonPart part, Findings findings, [MaybeNullWhen(false)] out IReadOnlyList<T> value)
    {
        var items = part.Items;
        if (part.IsLoose && part.Kind == JsonValueKind.String)
        {
            items = [.. part.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select((text, i) => ItemOf(part, text, i))];
        }
        else if (part.Kind != JsonValueKind.Array)
        {
            return Mistyped(part, findings, out value);
        }

        if (items.Count < min || items.Count > max)
        {
            findings.Add(part, ScenarioReason.OutOfRange, FormattableString.Invariant($"must be {Expected}, not of {items.Count}"));
            value = null;
            return false;
        }

        var before = findings.Count;
        var values = new List<T>(items.Count);
        foreach (var item in items)
        {
            if (shape.TryRead(item, findings, out var one))
            {
                values.Add(one);
            }
        }

        value = values;
        return findings.Count == before;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value)
    {
        writer.WriteStartArray();
        foreach (var item in value)
        {
            shape.Write(writer, item);
        }

        writer.WriteEndArray();
    }

    public override JsonObject ToSchema(JsonObject definitions)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = shape.ToSchema(definitions), ["maxItems"] = max };
        if (min > 0)
        {
            schema["minItems"] = min;
        }

        return schema;
    }

    private static JsonPart ItemOf(JsonPart list, string text, int index) => new()
    {
        Kind = JsonValueKind.String,
        Text = text,
        IsLoose = true,
        Source = list.Source,
        Folder = list.Folder,
        Path = list.PathOf(index),
    };
}
