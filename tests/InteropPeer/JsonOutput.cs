using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.InteropPeer;

/// <summary>Writes one JSON object a line, at once: the reader waits for each of them.</summary>
internal sealed class JsonOutput(Stream stream) : IDisposable
{
    private static readonly JsonSerializerOptions Relaxed = new()
    {
        // Readers of SDP lines should see them as they are; nobody embeds this output in HTML.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void Write(JsonObject line)
    {
        JsonSerializer.Serialize(stream, line, Relaxed);
        stream.WriteByte((byte)'\n');
        stream.Flush();
    }

    public void Description(string type, string sdp) => Write(new JsonObject { ["type"] = type, ["sdp"] = sdp });

    public void Event(string name, JsonObject? more = null)
    {
        var line = new JsonObject { ["type"] = "event", ["event"] = name };
        Merge(line, more);
        Write(line);
    }

    public void Error(string message) => Event("error", new JsonObject { ["message"] = message });

    public void Result(JsonNode? id, string? error, JsonObject? more = null)
    {
        var line = new JsonObject { ["type"] = "result", ["id"] = id?.DeepClone(), ["ok"] = error is null };
        if (error is not null)
        {
            line["error"] = error;
        }

        Merge(line, more);
        Write(line);
    }

    public void Dispose() => stream.Dispose();

    private static void Merge(JsonObject line, JsonObject? more)
    {
        foreach (var (name, value) in more ?? [])
        {
            line[name] = value?.DeepClone();
        }
    }
}
