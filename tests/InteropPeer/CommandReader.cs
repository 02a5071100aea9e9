using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.WebRtc;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Peer;

namespace Overlay.InteropPeer;

/// <summary>Reads the lines of stdin: signalling and commands. A line that cannot be read is an error event, and on.</summary>
internal sealed class CommandReader(PeerConnection peer, ChannelRoom channels, JsonOutput output, PeerRole role)
{
    private const int MaxBulkMessage = 262_144;

    private bool _awaitsAnswer;

    /// <summary>Whether <c>exit</c> came.</summary>
    public bool IsExiting { get; private set; }

    /// <summary>An offerer makes its channel and offers.</summary>
    public void Begin(Instant now)
    {
        if (role == PeerRole.Offerer)
        {
            channels.Create(now, new DataChannelOptions { Label = "echo" });
            _awaitsAnswer = true;
            output.Description("offer", peer.LocalDescription.ToSdp());
        }
    }

    public void Handle(Instant now, string line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        JsonObject? message;
        try
        {
            message = JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException broken)
        {
            output.Error($"not JSON: {broken.Message}");
            return;
        }

        if (message is null)
        {
            output.Error("a line is one JSON object");
            return;
        }

        try
        {
            Dispatch(now, message);
        }
        catch (Exception bad) when (bad is InvalidOperationException or FormatException or ArgumentException or KeyNotFoundException)
        {
            // A field of the wrong kind, or options no channel can have.
            Refuse(message, bad.Message);
        }
    }

    private void Dispatch(Instant now, JsonObject message)
    {
        var type = Text(message, "type");
        switch (type)
        {
            case "offer" or "answer":
                HandleDescription(now, type, Text(message, "sdp") ?? "");
                break;
            case "candidate":
                HandleCandidate(now, message["candidate"]);
                break;
            case "command":
                HandleCommand(now, message["id"], Text(message, "name"), message["args"] as JsonObject ?? []);
                break;
            default:
                output.Error($"unknown type '{type}'");
                break;
        }
    }

    private void Refuse(JsonObject message, string error)
    {
        if (message["type"] is JsonValue type && type.TryGetValue<string>(out var name) && name == "command")
        {
            output.Result(message["id"], error);
        }
        else
        {
            output.Error(error);
        }
    }

    private void HandleDescription(Instant now, string type, string sdp)
    {
        if (!PeerDescription.TryParseSdp(sdp, out var remote, out var error))
        {
            output.Error($"the {type} cannot be used: {error}");
            return;
        }

        if ((type == "answer") != _awaitsAnswer)
        {
            output.Error(_awaitsAnswer ? "an offer came while ours waits for its answer" : "an answer came that nobody waits for");
            return;
        }

        if (!peer.SetRemoteDescription(now, remote))
        {
            output.Error($"the {type} does not fit the connection's state");
            return;
        }

        _awaitsAnswer = false;
        if (type == "offer")
        {
            output.Description("answer", peer.LocalDescription.ToSdp(remote));
        }
    }

    private void HandleCandidate(Instant now, JsonNode? node)
    {
        // Some programs wrap the whole RTCIceCandidate.
        var text = (node is JsonObject wrapped ? wrapped["candidate"] : node)?.GetValue<string>();
        if (string.IsNullOrEmpty(text))
        {
            return; // The end of the candidates.
        }

        if (Candidate.TryParse(text, out var candidate))
        {
            peer.AddRemoteCandidate(now, candidate);
        }
        else
        {
            output.Error($"not a candidate: {text}");
        }
    }

    private void HandleCommand(Instant now, JsonNode? id, string? name, JsonObject args)
    {
        switch (name)
        {
            case "capabilities":
                output.Result(id, error: null, new JsonObject { ["iceRestart"] = true });
                break;
            case "create-channel":
                var channel = channels.Create(now, ReadOptions(args));
                peer.TryGetChannel(channel, out var info);
                output.Result(id, error: null, new JsonObject { ["channel"] = channel.Value, ["streamId"] = info.StreamId });
                break;
            case "close-channel":
                WithChannel(id, args, found =>
                {
                    peer.CloseChannel(now, found);
                    output.Result(id, error: null);
                });
                break;
            case "send-bulk":
                WithChannel(id, args, found => SendBulk(id, args, found));
                break;
            case "statistics":
                output.Result(id, error: null, JsonSerializer.SerializeToNode(Statistics()) as JsonObject);
                break;
            case "restart-ice":
                RestartIce(now, id);
                break;
            case "close":
                peer.Close(now);
                output.Result(id, error: null);
                break;
            case "exit":
                output.Result(id, error: null);
                IsExiting = true;
                break;
            default:
                output.Result(id, "unsupported");
                break;
        }
    }

    private void RestartIce(Instant now, JsonNode? id)
    {
        if (!peer.RestartIce(now))
        {
            output.Result(id, "there is no connection to restart");
            return;
        }

        _awaitsAnswer = true;
        output.Result(id, error: null);
        output.Description("offer", peer.LocalDescription.ToSdp());
    }

    private void WithChannel(JsonNode? id, JsonObject args, Action<ChannelId> action)
    {
        if (channels.Find(Text(args, "label"), Number(args, "streamId")) is { } found)
        {
            action(found);
        }
        else
        {
            output.Result(id, "no such channel");
        }
    }

    private void SendBulk(JsonNode? id, JsonObject args, ChannelId channel)
    {
        var bytes = args["bytes"]?.GetValue<long>() ?? 0;
        var messageSize = Number(args, "messageSize") ?? 65536;
        if (bytes < 1 || messageSize is < 1 or > MaxBulkMessage)
        {
            output.Result(id, "bytes is at least 1, messageSize 1 … 262,144");
            return;
        }

        var copy = id?.DeepClone();
        channels.SendBulk(channel, bytes, messageSize, result => output.Result(copy, result["error"]?.GetValue<string>(), result));
    }

    private object Statistics()
    {
        var figures = peer.Statistics;
        return new
        {
            figures.DatagramsSent,
            figures.DatagramsReceived,
            figures.BytesSent,
            figures.BytesReceived,
            figures.DatagramsDropped,
            figures.Retransmits,
            RoundTripMilliseconds = figures.RoundTripTime.TotalMilliseconds,
            Local = figures.SelectedLocal.ToString(),
            Remote = figures.SelectedRemote.ToString(),
        };
    }

    private static DataChannelOptions ReadOptions(JsonObject args)
    {
        var options = new DataChannelOptions
        {
            Label = Text(args, "label") ?? "",
            Protocol = Text(args, "protocol") ?? "",
            Ordered = args["ordered"]?.GetValue<bool>() ?? true,
            MaxRetransmits = Number(args, "maxRetransmits"),
            MaxPacketLifeTime = Number(args, "maxPacketLifeTime"),
            Negotiated = args["negotiated"]?.GetValue<bool>() ?? false,
            StreamId = Number(args, "streamId"),
        };
        options.Validate();
        return options;
    }

    private static string? Text(JsonObject message, string name) => message[name]?.GetValue<string>();

    private static int? Number(JsonObject message, string name) => message[name]?.GetValue<int>();
}
