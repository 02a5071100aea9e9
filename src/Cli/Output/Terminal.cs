using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Overlay.Status;
using Spectre.Console;

namespace Overlay.Cli.Output;

/// <summary>Where a command writes: tables for people, one JSON object a line for programs, errors to the error stream.</summary>
internal sealed class Terminal
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new RingIdConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private const int WideEnough = 200;

    private readonly Lock _gate = new();

    public Terminal(bool isJson)
    {
        IsJson = isJson;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = System.Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = System.Console.IsOutputRedirected ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(System.Console.Out),
        });
        if (System.Console.IsOutputRedirected)
        {
            Console.Profile.Width = WideEnough; // Nobody's window: lines are not to be broken.
        }
    }

    /// <summary>Whether only JSON may appear on the output.</summary>
    public bool IsJson { get; }

    /// <summary>For people; silent under <c>--json</c> by the caller's care.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Whether somebody is looking: a live view makes sense.</summary>
    public bool IsLive => !IsJson && !System.Console.IsOutputRedirected;

    /// <summary>One line for people.</summary>
    public void Say(string text)
    {
        if (!IsJson)
        {
            lock (_gate)
            {
                System.Console.Out.WriteLine(text);
            }
        }
    }

    /// <summary>One object a line for programs.</summary>
    public void WriteJson<T>(T value)
    {
        if (IsJson)
        {
            lock (_gate)
            {
                System.Console.Out.WriteLine(JsonSerializer.Serialize(value, JsonOptions));
                System.Console.Out.Flush();
            }
        }
    }

    /// <summary>Where the status page is, if there is one.</summary>
    public void TellOf(StatusServer? page)
    {
        if (page is not null)
        {
            WriteJson(new { type = "status", uri = page.Uri });
            Say($"status page: {page.Uri}");
        }
    }

    /// <summary>An error: cause and cure on the error stream, and as an object under <c>--json</c>.</summary>
    public int Fail(int exitCode, string reason, string message)
    {
        lock (_gate)
        {
            System.Console.Error.WriteLine($"overlay: {message}");
        }

        WriteJson(new { type = "error", reason, message });
        return exitCode;
    }

    private sealed class RingIdConverter : JsonConverter<Ring.RingId>
    {
        public override Ring.RingId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Ring.RingId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("An id has 12 hexadecimal digits.");

        public override void Write(Utf8JsonWriter writer, Ring.RingId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
