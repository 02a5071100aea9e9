using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>One key of an object.</summary>
internal abstract class Field<T>(string key)
{
    public string Key { get; } = key;

    /// <summary>What the value says, with its unit and what happens without it.</summary>
    public required string Meaning { get; init; }

    public bool IsRequired { get; init; }

    /// <summary>The words of the deciding field under which this one applies; none: always.</summary>
    public string[] Kinds { get; init; } = [];

    public abstract string Expected { get; }

    /// <summary>The record with the value of <paramref name="part"/>, or as it was where that is refused.</summary>
    public abstract T Read(T record, JsonPart part, Findings findings);

    /// <summary>Writes key and value; nothing where there is no value.</summary>
    public abstract void Write(Utf8JsonWriter writer, T record);

    /// <summary>The schema of the value with its meaning and default.</summary>
    public abstract JsonObject ToSchema(JsonObject definitions, T start);

    /// <summary>The words of a deciding field.</summary>
    public abstract IEnumerable<string> Words(JsonObject definitions);
}

/// <summary>A field of some shape, whatever stands for “no value”.</summary>
internal abstract class Field<T, TValue>(string key, Shape<TValue> shape) : Field<T>(key)
{
    public override string Expected => Shape.Expected;

    protected Shape<TValue> Shape { get; } = shape;

    public override JsonObject ToSchema(JsonObject definitions, T start)
    {
        var schema = Shape.ToSchema(definitions);
        var described = new JsonObject { ["description"] = Meaning };
        foreach (var (key, value) in schema)
        {
            described[key] = value?.DeepClone();
        }

        if (!IsRequired && DefaultOf(start) is { } byDefault)
        {
            described["default"] = byDefault;
        }

        return described;
    }

    public override IEnumerable<string> Words(JsonObject definitions) =>
        Shape.ToSchema(definitions)["enum"]!.AsArray().Select(word => word!.GetValue<string>()).ToList();

    private JsonNode? DefaultOf(T start)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            Write(writer, start);
            writer.WriteEndObject();
        }

        return JsonNode.Parse(buffer.ToArray())![Key]?.DeepClone();
    }
}

/// <summary>A field whose value is a struct, perhaps none.</summary>
internal sealed class ValueField<T, TValue>(string key, Shape<TValue> shape, Func<T, TValue?> get, Func<T, TValue, T> set) : Field<T, TValue>(key, shape)
    where TValue : struct
{
    public override T Read(T record, JsonPart part, Findings findings) => Shape.TryRead(part, findings, out var value) ? set(record, value) : record;

    public override void Write(Utf8JsonWriter writer, T record)
    {
        if (get(record) is { } value)
        {
            writer.WritePropertyName(Key);
            Shape.Write(writer, value);
        }
    }
}

/// <summary>A field whose value is an object; null where there is none.</summary>
internal sealed class ReferenceField<T, TValue>(string key, Shape<TValue> shape, Func<T, TValue?> get, Func<T, TValue, T> set) : Field<T, TValue>(key, shape)
    where TValue : class
{
    public override T Read(T record, JsonPart part, Findings findings) => Shape.TryRead(part, findings, out var value) ? set(record, value) : record;

    public override void Write(Utf8JsonWriter writer, T record)
    {
        if (get(record) is { } value)
        {
            writer.WritePropertyName(Key);
            Shape.Write(writer, value);
        }
    }
}
