using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>A record, field by field. One field may decide which others apply, as the model of a delay does.</summary>
/// <param name="name">Its name in the JSON schema.</param>
/// <param name="start">The value that missing keys leave as it is.</param>
internal sealed class ObjectShape<T>(string name, T start) : Shape<T>
    where T : class
{
    /// <summary>Looks at the whole when its fields are read: refuses what does not go together, and may complete the value.</summary>
    public delegate T Finish(T value, JsonPart part, Findings findings);

    private readonly List<Field<T>> _fields = [];
    private readonly List<string> _ignored = [];
    private Field<T>? _deciding;
    private Func<T, string>? _decide;
    private Finish? _finish;

    public override string Expected => "an object with the keys " + string.Join(", ", _fields.Select(one => one.Key).Order(StringComparer.Ordinal));

    /// <summary>A field that always has a value, or (for a class) none where its value is null.</summary>
    public ObjectShape<T> Add<TValue>(
        string key, Shape<TValue> shape, string meaning, Func<T, TValue?> get, Func<T, TValue, T> set, bool isRequired = false, params string[] kinds)
        where TValue : class
    {
        _fields.Add(new ReferenceField<T, TValue>(key, shape, get, set) { Meaning = meaning, IsRequired = isRequired, Kinds = kinds });
        return this;
    }

    /// <summary>A field with a value of its own.</summary>
    public ObjectShape<T> AddValue<TValue>(
        string key, Shape<TValue> shape, string meaning, Func<T, TValue> get, Func<T, TValue, T> set, bool isRequired = false, params string[] kinds)
        where TValue : struct
    {
        _fields.Add(new ValueField<T, TValue>(key, shape, value => get(value), set) { Meaning = meaning, IsRequired = isRequired, Kinds = kinds });
        return this;
    }

    /// <summary>A field that may have no value at all.</summary>
    public ObjectShape<T> AddOptional<TValue>(
        string key, Shape<TValue> shape, string meaning, Func<T, TValue?> get, Func<T, TValue, T> set, bool isRequired = false, params string[] kinds)
        where TValue : struct
    {
        _fields.Add(new ValueField<T, TValue>(key, shape, get, set) { Meaning = meaning, IsRequired = isRequired, Kinds = kinds });
        return this;
    }

    /// <summary>The field whose word decides which others apply.</summary>
    public ObjectShape<T> AddDeciding<TWord>(string key, string meaning, Func<T, TWord> get, Func<T, TWord, T> set, bool isRequired)
        where TWord : struct, Enum
    {
        AddValue(key, new WordShape<TWord>(), meaning, get, set, isRequired);
        _deciding = _fields[^1];
        _decide = value => WordShape<TWord>.WordOf(get(value));
        return this;
    }

    /// <summary>A key that may be there and means nothing here.</summary>
    public ObjectShape<T> Ignore(string key)
    {
        _ignored.Add(key);
        return this;
    }

    public ObjectShape<T> Then(Finish finish)
    {
        _finish = finish;
        return this;
    }

    public override bool TryRead(JsonPart part, Findings findings, [MaybeNullWhen(false)] out T value)
    {
        if (part.Kind != JsonValueKind.Object)
        {
            return Mistyped(part, findings, out value);
        }

        var before = findings.Count;
        value = start;
        if (_deciding is not null && !TryDecide(part, findings, ref value))
        {
            return false;
        }

        foreach (var member in part.Members.Where(member => !_ignored.Contains(member.Key)))
        {
            var field = _fields.Find(field => field.Key == member.Key);
            if (field is null || !Applies(field, value))
            {
                Refuse(member, part, value, field, findings);
            }
            else if (field != _deciding)
            {
                value = field.Read(value, member.Value, findings);
            }
        }

        foreach (var field in _fields)
        {
            if (field.IsRequired && part[field.Key] is null && Applies(field, value))
            {
                findings.Add(part, ScenarioReason.MissingKey, $"'{field.Key}' is missing: {field.Meaning}");
            }
        }

        if (_finish is not null && findings.Count == before)
        {
            value = _finish(value, part, findings);
        }

        return findings.Count == before;
    }

    public override void Write(Utf8JsonWriter writer, T value)
    {
        writer.WriteStartObject();
        foreach (var field in _fields.Where(field => Applies(field, value)))
        {
            field.Write(writer, value);
        }

        writer.WriteEndObject();
    }

    public override JsonObject ToSchema(JsonObject definitions)
    {
        if (!definitions.ContainsKey(name))
        {
            definitions[name] = null; // Holds the place, so that definitions stay in the order of their first use.
            definitions[name] = ToDefinition(definitions);
        }

        return new() { ["$ref"] = "#/$defs/" + name };
    }

    /// <summary>The JSON schema itself, not a reference to it.</summary>
    public JsonObject ToDefinition(JsonObject definitions)
    {
        if (_deciding is null)
        {
            return ToDefinition(definitions, null);
        }

        var kinds = _deciding.Words(definitions);
        return new() { ["oneOf"] = new JsonArray([.. kinds.Select(kind => (JsonNode)ToDefinition(definitions, kind))]) };
    }

    private JsonObject ToDefinition(JsonObject definitions, string? kind)
    {
        var properties = new JsonObject();
        foreach (var key in _ignored)
        {
            properties[key] = new JsonObject();
        }

        foreach (var field in _fields.Where(field => kind is null || field.Kinds.Length == 0 || field.Kinds.Contains(kind)))
        {
            properties[field.Key] = field == _deciding
                ? new JsonObject { ["const"] = kind, ["description"] = field.Meaning }
                : field.ToSchema(definitions, start);
        }

        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        var isStartKind = kind is not null && _decide!(start) == kind && !_deciding!.IsRequired;
        var required = _fields.Where(field => properties.ContainsKey(field.Key) && (field == _deciding ? !isStartKind : field.IsRequired))
            .Select(field => (JsonNode)field.Key).ToArray();
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray(required);
        }

        return schema;
    }

    private bool TryDecide(JsonPart part, Findings findings, ref T value)
    {
        var before = findings.Count;
        if (part[_deciding!.Key] is { } word)
        {
            value = _deciding.Read(value, word, findings);
        }
        else if (_deciding.IsRequired)
        {
            findings.Add(part, ScenarioReason.MissingKey, $"'{_deciding.Key}' is missing; it must be {_deciding.Expected}");
        }

        return findings.Count == before;
    }

    private bool Applies(Field<T> field, T value) => field.Kinds.Length == 0 || field.Kinds.Contains(_decide!(value));

    private void Refuse(JsonMember member, JsonPart part, T value, Field<T>? field, Findings findings)
    {
        var allowed = _fields.Where(one => Applies(one, value)).Select(one => one.Key).Order(StringComparer.Ordinal).ToList();
        var message = field is null
            ? $"unknown key. {Nearest.Hint(member.Key, allowed)}Allowed here: {string.Join(", ", allowed)}"
            : $"does not apply to {_deciding!.Key} {_decide!(value)}. Allowed here: {string.Join(", ", allowed)}";
        var reason = field is null ? ScenarioReason.UnknownKey : ScenarioReason.Impossible;
        var (line, column) = member.Value.Line > 0 ? (member.Line, member.Column) : (0, 0);
        findings.Add(new(reason, member.Value.Source, line, column, part.PathOf(member.Key), message));
    }
}
