using System.Buffers;
using System.Text.Json;

namespace Overlay.Nodes.Rest;

/// <summary>The first item of each direction: what is asked, and how it is answered.</summary>
/// <remarks>
/// <code>
/// client → server   { "url": "/path?query", "method": "get", "headers": { … } }     DATA
///                   body chunks of at most 65,536 bytes                              DATA …
///                   nothing: the end of the body, also of none                       empty DATA
/// server → client   { "status": 200, "headers": { … } }                              DATA
///                   body chunks, or one record of a query in each                    DATA …
///                   nothing: the end of the body                                     empty DATA
///                                                                                    END
/// </code>
/// Never an END after a request's body: it would end the response too.
/// </remarks>
internal static class RestHeads
{
    private const int MaxUrlLength = 65_536;

    public static byte[] Request(string url, string method, IEnumerable<KeyValuePair<string, string>> headers) => Write(json =>
    {
        json.WriteString("url"u8, url);
        json.WriteString("method"u8, method);
        Headers(json, headers);
    });

    public static byte[] Response(int status, IEnumerable<KeyValuePair<string, string>> headers) => Write(json =>
    {
        json.WriteNumber("status"u8, status);
        Headers(json, headers);
    });

    public static bool TryReadRequest(ReadOnlyMemory<byte> item, out string url, out string method, out Dictionary<string, string> headers)
    {
        (url, method, headers) = ("", "", []);
        using var json = Parse(item);
        if (json is null
            || !TryGetText(json.RootElement, "url", out url)
            || !TryGetText(json.RootElement, "method", out method)
            || !json.RootElement.TryGetProperty("headers"u8, out var all)
            || all.ValueKind != JsonValueKind.Object
            || url.Length > MaxUrlLength)
        {
            return false;
        }

        return TryRead(all, out headers);
    }

    public static bool TryReadResponse(ReadOnlyMemory<byte> item, out int status, out Dictionary<string, string> headers)
    {
        (status, headers) = (0, []);
        using var json = Parse(item);
        if (json is null
            || !json.RootElement.TryGetProperty("status"u8, out var number)
            || number.ValueKind != JsonValueKind.Number
            || !number.TryGetInt32(out status)
            || status is < 100 or > 999)
        {
            return false;
        }

        headers = NoHeaders();
        return !json.RootElement.TryGetProperty("headers"u8, out var all) || all.ValueKind != JsonValueKind.Object || TryRead(all, out headers);
    }

    public static Dictionary<string, string> NoHeaders() => new(StringComparer.OrdinalIgnoreCase);

    private static JsonDocument? Parse(ReadOnlyMemory<byte> item)
    {
        try
        {
            var json = JsonDocument.Parse(item);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                return json;
            }

            json.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool TryGetText(JsonElement json, string name, out string text)
    {
        text = "";
        return json.TryGetProperty(name, out var value) && TryGetText(value, out text);
    }

    private static bool TryGetText(JsonElement value, out string text)
    {
        text = "";
        if (value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // Half a surrogate pair, escaped, or bytes that are no UTF-8.
        }
    }

    private static bool TryRead(JsonElement all, out Dictionary<string, string> headers)
    {
        headers = NoHeaders();
        try
        {
            foreach (var header in all.EnumerateObject())
            {
                // Values are text; an original server may send any other JSON, which is taken as it is written.
                headers[header.Name] = header.Value.ValueKind == JsonValueKind.String ? header.Value.GetString()! : header.Value.GetRawText();
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // Bytes that are no UTF-8.
        }
    }

    private static void Headers(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> headers)
    {
        json.WriteStartObject("headers"u8);
        foreach (var (name, value) in headers)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
