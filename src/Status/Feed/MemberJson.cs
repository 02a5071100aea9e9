using System.Buffers;
using System.Text.Json;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Status.Picture;

namespace Overlay.Status.Feed;

/// <summary>A member with its tables, and the whole network, for programs and for the page's panel: objects with names.</summary>
internal static class MemberJson
{
    /// <summary>One member, with what was seen of its messages.</summary>
    public static byte[] Write(PicturedMember member, IReadOnlyList<SpanReport> spans)
    {
        var buffer = new ArrayBufferWriter<byte>(4 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        WriteFields(json, member);
        json.WriteStartArray("traces");
        foreach (var span in spans)
        {
            json.WriteStartObject();
            json.WriteString("at", span.At.ToUniversalTime());
            json.WriteString("name", span.Name);
            json.WriteString("traceId", span.TraceId);
            json.WriteNumber("ms", Math.Round(span.Duration.TotalMilliseconds, 2));
            json.WriteString("outcome", span.Outcome);
            json.WriteString("peer", span.Peer);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Everybody.</summary>
    public static byte[] WriteAll(NetworkPicture picture, StatusOrigin origin, bool isFresh)
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartObject("origin");
        PictureJson.WriteOrigin(json, origin);
        json.WriteEndObject();
        PictureJson.WriteTotals(json, picture, origin);
        json.WriteBoolean("fresh", isFresh);
        json.WriteNumber("memberCount", picture.MemberCount);
        json.WriteNumber("linkCount", picture.Links.Count);
        json.WriteStartArray("members");
        foreach (var member in picture.Members)
        {
            json.WriteStartObject();
            WriteFields(json, member);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("events");
        foreach (var happened in picture.Events)
        {
            json.WriteStartObject();
            json.WriteString("at", happened.At.ToUniversalTime());
            json.WriteString("what", PictureJson.Word(happened.Kind));
            json.WriteString("id", happened.Member.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteFields(Utf8JsonWriter json, PicturedMember member)
    {
        var report = member.Report;
        json.WriteString("id", report.Id.ToString());
        json.WriteString("name", report.Name);
        json.WriteString("phase", PictureJson.Word(report.Phase));
        json.WriteBoolean("silent", member.IsSilent);
        json.WriteString("heardAt", member.HeardAt.ToUniversalTime());
        json.WriteString("above", report.Above?.ToString());
        json.WriteStartArray("below");
        foreach (var id in report.Below)
        {
            json.WriteStringValue(id.ToString());
        }

        json.WriteEndArray();
        json.WriteStartArray("fingers");
        foreach (var finger in report.Fingers)
        {
            json.WriteStartObject();
            json.WriteNumber("row", finger.Row);
            json.WriteString("id", finger.Id.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("links");
        foreach (var link in report.Links)
        {
            Write(json, link, member.Rates.TryGetValue(link.Peer, out var rate) ? rate : null);
        }

        json.WriteEndArray();
        if (report.Totals is { } totals)
        {
            Write(json, totals);
        }
    }

    private static void Write(Utf8JsonWriter json, NodeTotals totals)
    {
        json.WriteStartObject("totals");
        json.WriteNumber("uptimeMs", totals.UptimeMilliseconds);
        json.WriteNumber("forwarded", totals.Forwarded);
        json.WriteNumber("delivered", totals.Delivered);
        json.WriteNumber("dropped", totals.Dropped);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LinkReport link, double? rate)
    {
        json.WriteStartObject();
        json.WriteString("id", link.Peer.ToString());
        json.WriteString("phase", PictureJson.Word(link.Phase));
        json.WriteString("purpose", PictureJson.Purpose(link.Purpose));
        json.WriteBoolean("incoming", link.IsIncoming);
        json.WriteString("kind", PictureJson.Word(link.Carrier));
        WriteNumber(json, "rttMs", link.RoundTrip is { } roundTrip ? Math.Round(roundTrip.TotalMilliseconds, 2) : null);
        WriteNumber(json, "sentPerSecond", rate is { } sent ? Math.Round(sent, 2) : null);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
