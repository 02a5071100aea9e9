using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using Overlay.Messages;

namespace Overlay.Hub;

// A page and its hub, one JSON object a text message, fields in any order:
//   hub → {"type":"binding","address":"0.0.0.1","configuration":{"iceServers":[…]}}            first and at once
//   page → {"type":"forward","to":"0.0.0.2","data":…} → hub → {"type":"forward","to":…,"from":"0.0.0.1","data":…} → page
//   page → {"type":"forward","to":"3f0a9c61d2e8","data":…}: 12 hexadecimal digits, a member or (ff ‖ hub ‖ address) a page at another hub; it sees such a "from", too
//   page → {"type":"register","request_id":0,"hostname":"alice"};   hub → register-ok | register-fail {…,"reason":…}
//   page → {"type":"lookup","request_id":1,"hostname":"alice"};     hub → {"type":"lookup-ok","request_id":1,"addresses":["0.0.0.1"]} | lookup-fail {…,"reason":…}

/// <summary>A page's message, as far as the hub reads it.</summary>
internal sealed class SmokeMessage : IDisposable
{
    // Deeper nesting than any signal has; the parser refuses more before it grows a stack for it.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 128 };

    private readonly JsonDocument _document;

    private SmokeMessage(JsonDocument document) => _document = document;

    public string Type => TextOf("type") ?? "";

    public string To => TextOf("to") ?? "";

    public string Hostname => TextOf("hostname") ?? "";

    /// <summary>The signal, which the hub does not look into; undefined where there is none.</summary>
    public JsonElement Data => Field("data");

    /// <summary>The page's number of its question, given back as it came.</summary>
    public JsonElement RequestId => Field("request_id");

    /// <summary>Reads a text message. False where it is not JSON.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> text, [NotNullWhen(true)] out SmokeMessage? message)
    {
        message = null;
        try
        {
            message = new(JsonDocument.Parse(text, Strict));
        }
        catch (JsonException)
        {
            return false;
        }

        return true;
    }

    public void Dispose() => _document.Dispose();

    private JsonElement Field(string name)
    {
        try
        {
            return _document.RootElement.ValueKind == JsonValueKind.Object && _document.RootElement.TryGetProperty(name, out var value) ? value : default;
        }
        catch (InvalidOperationException)
        {
            return default; // A field's name with half of a surrogate pair: JSON, but no text.
        }
    }

    private string? TextOf(string name)
    {
        var field = Field(name);
        if (field.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return field.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>Writes the hub's side of Smoke's protocol.</summary>
internal static class SmokeAnswers
{
    public static byte[] Binding(string address, IReadOnlyList<IceServer> servers) => Write("binding", writer =>
    {
        writer.WriteString("address", address);
        writer.WriteStartObject("configuration");
        writer.WriteStartArray("iceServers");
        foreach (var server in servers)
        {
            writer.WriteStartObject();
            writer.WriteString("urls", server.Url);
            if (server.User.Length > 0)
            {
                writer.WriteString("username", server.User);
                writer.WriteString("credential", server.Credential);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    public static byte[] Forward(string to, string from, JsonElement data) => Write("forward", writer =>
    {
        writer.WriteString("to", to);
        writer.WriteString("from", from);
        Copy(writer, "data", data);
    });

    /// <summary>A signal out of the overlay: <paramref name="json"/> is one JSON value, checked.</summary>
    public static byte[] Forward(string to, string from, ReadOnlyMemory<byte> json) => Write("forward", writer =>
    {
        writer.WriteString("to", to);
        writer.WriteString("from", from);
        writer.WritePropertyName("data");
        writer.WriteRawValue(json.Span, skipInputValidation: true);
    });

    public static byte[] RegisterOk(JsonElement requestId, string hostname) => Write("register-ok", writer =>
    {
        Copy(writer, "request_id", requestId);
        writer.WriteString("hostname", hostname);
    });

    public static byte[] RegisterFail(JsonElement requestId, string reason) => Write("register-fail", writer =>
    {
        Copy(writer, "request_id", requestId);
        writer.WriteString("reason", reason);
    });

    public static byte[] LookupOk(JsonElement requestId, string? address) => Write("lookup-ok", writer =>
    {
        Copy(writer, "request_id", requestId);
        writer.WriteStartArray("addresses");
        if (address is not null)
        {
            writer.WriteStringValue(address);
        }

        writer.WriteEndArray();
    });

    public static byte[] LookupFail(JsonElement requestId, string reason) => Write("lookup-fail", writer =>
    {
        Copy(writer, "request_id", requestId);
        writer.WriteString("reason", reason);
    });

    private static void Copy(Utf8JsonWriter writer, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Undefined)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true); // Validated when it was read; as it came, digit for digit.
        }
    }

    private static byte[] Write(string type, Action<Utf8JsonWriter> writeFields)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writeFields(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
