using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Reports;

/// <summary>Results in JSON: names in camel case, durations as seconds, enumerations as words, the scenario in the form of its file.</summary>
public static class ResultJson
{
    /// <summary>How results are written and read.</summary>
    public static JsonSerializerOptions Options { get; } = Create(indented: true);

    /// <summary>The same without line breaks.</summary>
    public static JsonSerializerOptions Compact { get; } = Create(indented: false);

    /// <summary>A result as text.</summary>
    public static string ToText(RunResult result) => JsonSerializer.Serialize(result, Options);

    /// <summary>A result from its text.</summary>
    /// <exception cref="InvalidDataException">The text is no result.</exception>
    public static T Read<T>(string text, string source)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Options) ?? throw new InvalidDataException($"{source}: is empty");
        }
        catch (JsonException e)
        {
            var where = e.Path is { Length: > 1 } path ? FormattableString.Invariant($"{path.TrimStart('$', '.')}, ") : "";
            throw new InvalidDataException(FormattableString.Invariant($"{source}: no file that a run wrote: {where}line {e.LineNumber + 1} is not what was expected"), e);
        }
    }

    private static JsonSerializerOptions Create(bool indented) => new(JsonSerializerDefaults.Web)
    {
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new SecondsConverter() },
    };

    /// <summary>A duration as a number of seconds.</summary>
    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new((long)Math.Round(reader.GetDouble() * TimeSpan.TicksPerSecond));

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.TotalSeconds);
    }
}
