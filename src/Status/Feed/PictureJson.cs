using System.Buffers;
using System.Text.Json;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Status.Picture;

namespace Overlay.Status.Feed;

/// <summary>The picture and its changes as the page reads them: rows without names, since there are thousands.</summary>
/// <remarks>
/// <code>
/// member  [id, phase, above, name, silent]        above: predecessor or parent, "" where there is none
/// link    [low, high, carrier, purpose, up, down] carrier 0 unknown, 1 direct, 2 relayed; up: messages a second from low to high, −1 unknown
/// event   [number, unix ms, kind, id]
/// </code>
/// </remarks>
internal static class PictureJson
{
    /// <summary>Everything.</summary>
    public static byte[] Snapshot(NetworkPicture picture, StatusOrigin origin)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartObject("origin");
        WriteOrigin(json, origin);
        json.WriteEndObject();
        WriteTotals(json, picture, origin);
        json.WriteStartArray("members");
        foreach (var member in picture.Members)
        {
            Write(json, member);
        }

        json.WriteEndArray();
        json.WriteStartArray("links");
        foreach (var (ends, link) in picture.Links)
        {
            Write(json, ends, link);
        }

        json.WriteEndArray();
        Write(json, picture.Events);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What changed.</summary>
    public static byte[] Delta(NetworkPicture picture, PictureChanges changes, StatusOrigin origin)
    {
        var buffer = new ArrayBufferWriter<byte>(4 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        WriteTotals(json, picture, origin);
        WriteMembers(json, picture, changes);
        WriteLinks(json, picture, changes);
        Write(json, changes.Events);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Whose page it is.</summary>
    public static void WriteOrigin(Utf8JsonWriter json, StatusOrigin origin)
    {
        json.WriteString("kind", origin.Kind);
        json.WriteString("id", origin.Id?.ToString());
        json.WriteString("name", origin.Name);
        json.WriteString("network", origin.Network);
    }

    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>What a link is for: the words of its purposes.</summary>
    public static string Purpose(LinkPurpose purpose) =>
        string.Join(' ', Enum.GetValues<LinkPurpose>().Where(one => one != LinkPurpose.None && (purpose & one) != 0).Select(Word));

    /// <summary>What is said of the whole.</summary>
    public static void WriteTotals(Utf8JsonWriter json, NetworkPicture picture, StatusOrigin origin)
    {
        json.WriteString("topology", (origin.Topology ?? picture.Guess()) == Topology.Tree ? "tree" : "ring");
        json.WriteBoolean("complete", picture.IsComplete);
        json.WriteBoolean("cutOff", picture.IsCutOff);
        json.WriteNumber("leftOut", picture.LeftOut);
    }

    private static void WriteMembers(Utf8JsonWriter json, NetworkPicture picture, PictureChanges changes)
    {
        json.WriteStartArray("members");
        foreach (var id in changes.Members)
        {
            if (picture.Find(id) is { } member)
            {
                Write(json, member);
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("gone");
        foreach (var id in changes.Members)
        {
            if (picture.Find(id) is null)
            {
                json.WriteStringValue(id.ToString());
            }
        }

        json.WriteEndArray();
    }

    private static void WriteLinks(Utf8JsonWriter json, NetworkPicture picture, PictureChanges changes)
    {
        json.WriteStartArray("links");
        foreach (var ends in changes.Links)
        {
            if (picture.Links.TryGetValue(ends, out var link))
            {
                Write(json, ends, link);
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("cut");
        foreach (var ends in changes.Links)
        {
            if (!picture.Links.ContainsKey(ends))
            {
                json.WriteStartArray();
                json.WriteStringValue(ends.Low.ToString());
                json.WriteStringValue(ends.High.ToString());
                json.WriteEndArray();
            }
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, PicturedMember member)
    {
        var report = member.Report;
        json.WriteStartArray();
        json.WriteStringValue(report.Id.ToString());
        json.WriteStringValue(Word(report.Phase));
        json.WriteStringValue(report.Above?.ToString() ?? "");
        json.WriteStringValue(report.Name ?? "");
        json.WriteNumberValue(member.IsSilent ? 1 : 0);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, LinkEnds ends, PicturedLink link)
    {
        json.WriteStartArray();
        json.WriteStringValue(ends.Low.ToString());
        json.WriteStringValue(ends.High.ToString());
        json.WriteNumberValue((int)link.Carrier);
        json.WriteNumberValue((int)link.Purpose);
        json.WriteNumberValue(link.RateUp);
        json.WriteNumberValue(link.RateDown);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, IEnumerable<PictureEvent> events)
    {
        json.WriteStartArray("events");
        foreach (var happened in events)
        {
            json.WriteStartArray();
            json.WriteNumberValue(happened.Number);
            json.WriteNumberValue(happened.At.ToUnixTimeMilliseconds());
            json.WriteStringValue(Word(happened.Kind));
            json.WriteStringValue(happened.Member.ToString());
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
