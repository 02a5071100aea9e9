using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Overlay.Simulator.Scenarios.Reading;

namespace Overlay.Simulator.Scenarios;

/// <summary>The JSON schema of scenario files, made from the same description that reads them.</summary>
public static class ScenarioSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema, ending in a line feed. The file <c>scenario.schema.json</c> is this text.</summary>
    public static string ToText()
    {
        var definitions = new JsonObject();
        var root = ScenarioShape.Scenario.ToDefinition(definitions);
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "A scenario of the Overlay simulator",
            ["description"] = $"Durations are written {Durations.Form}. Rates are for each second, shares lie in 0 … 1.",
        };
        foreach (var (key, value) in root)
        {
            schema[key] = value?.DeepClone();
        }

        schema["$defs"] = definitions;
        return schema.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";
    }
}

/// <summary>Lets a scenario be part of a result: in the form of a scenario file.</summary>
internal sealed class ScenarioJsonConverter : JsonConverter<Scenario>
{
    public override Scenario Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        try
        {
            return ScenarioReader.ReadRecorded(document.RootElement.GetRawText());
        }
        catch (ScenarioException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, Scenario value, JsonSerializerOptions options) => ScenarioReader.Write(writer, value);
}
