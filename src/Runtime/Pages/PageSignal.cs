using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Overlay.Runtime.Pages;

/// <summary>The kinds of <see cref="PageSignal"/>.</summary>
internal enum PageSignalKind : byte
{
    /// <summary>A description that is to be answered.</summary>
    Offer,

    /// <summary>The answer to one.</summary>
    Answer,

    /// <summary>An address, after the description or, where signals were sent again, before it.</summary>
    Candidate,
}

/// <summary>What a page that runs Smoke says to set a connection up.</summary>
/// <remarks>
/// <code>
/// { "type": "offer",     "sdp": { "type": "offer",  "sdp": "v=0…" }, "loopback": 0 }
/// { "type": "answer",    "sdp": { "type": "answer", "sdp": "v=0…" }, "loopback": 0 }
/// { "type": "candidate", "candidate": { "candidate": "candidate:…", "usernameFragment": "…", … }, "loopback": 0 }
/// </code>
/// A loopback other than 0 is between a page and itself and never meant for anybody else.
/// </remarks>
/// <param name="Kind">Which it is.</param>
/// <param name="Text">The SDP, or the candidate's line; empty where the candidates end.</param>
/// <param name="Ufrag">With a candidate: the description it belongs to; empty where it does not say.</param>
internal readonly record struct PageSignal(PageSignalKind Kind, string Text, string Ufrag)
{
    /// <summary>Longer candidates are none.</summary>
    public const int MaxCandidateLength = 512;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 8 };

    /// <summary>Reads a signal. False for any other JSON, and for what is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, out PageSignal signal)
    {
        signal = default;
        try
        {
            var reader = new Utf8JsonReader(json, Strict);
            using var document = JsonDocument.ParseValue(ref reader);
            return TryRead(document.RootElement, out signal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // Nested too deeply, or half a surrogate pair in some text.
        }
    }

    /// <summary>Writes an offer or an answer.</summary>
    public static byte[] Write(PageSignalKind kind, string sdp)
    {
        var type = kind == PageSignalKind.Offer ? "offer" : "answer";
        var json = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteStartObject("sdp");
            writer.WriteString("type", type);
            writer.WriteString("sdp", sdp);
            writer.WriteEndObject();
            writer.WriteNumber("loopback", 0);
            writer.WriteEndObject();
        }

        return json.WrittenSpan.ToArray();
    }

    private static bool TryRead(JsonElement root, out PageSignal signal)
    {
        signal = default;
        if (root.ValueKind != JsonValueKind.Object || !TryText(root, "type", out var type)
            || (root.TryGetProperty("loopback", out var loopback) && !(loopback.ValueKind == JsonValueKind.Number && loopback.TryGetInt32(out var which) && which == 0)))
        {
            return false;
        }

        switch (type)
        {
            case "offer" or "answer" when root.TryGetProperty("sdp", out var description) && description.ValueKind == JsonValueKind.Object
                && TryText(description, "type", out var same) && same == type && TryText(description, "sdp", out var sdp):
                signal = new(type == "offer" ? PageSignalKind.Offer : PageSignalKind.Answer, sdp, "");
                return true;
            case "candidate" when root.TryGetProperty("candidate", out var candidate):
                return TryReadCandidate(candidate, out signal);
            default:
                return false;
        }
    }

    private static bool TryReadCandidate(JsonElement candidate, out PageSignal signal)
    {
        signal = new(PageSignalKind.Candidate, "", "");
        if (candidate.ValueKind == JsonValueKind.Null)
        {
            return true; // The end of the candidates, as later versions say it.
        }

        if (candidate.ValueKind != JsonValueKind.Object || !TryText(candidate, "candidate", out var line) || line.Length > MaxCandidateLength)
        {
            return false;
        }

        signal = signal with { Text = line, Ufrag = TryText(candidate, "usernameFragment", out var ufrag) && ufrag.Length <= 256 ? ufrag : "" };
        return true;
    }

    private static bool TryText(JsonElement element, string name, [NotNullWhen(true)] out string? text)
    {
        text = element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return text is not null;
    }
}
