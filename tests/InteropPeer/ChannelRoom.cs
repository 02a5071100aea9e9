using System.Text;
using System.Text.Json.Nodes;
using Overlay.WebRtc;
using Overlay.WebRtc.Peer;

namespace Overlay.InteropPeer;

/// <summary>What happens on channels, by their label, whoever made them.</summary>
internal sealed class ChannelRoom(PeerConnection peer, JsonOutput output)
{
    private readonly List<ChannelId> _known = [];
    private readonly Dictionary<ChannelId, Sink> _sinks = [];
    private readonly Queue<(ChannelId Channel, bool IsText, byte[] Payload)> _unsent = new();
    private readonly Dictionary<ChannelId, BulkSender> _bulk = [];

    /// <summary>Takes events and messages and answers them. True when there may be something to send.</summary>
    public bool Pump(Instant now)
    {
        var isActive = false;
        while (peer.TryGetEvent(out var happened))
        {
            isActive = true;
            Handle(now, happened);
        }

        while (_unsent.TryPeek(out var waiting) && peer.Send(now, waiting.Channel, waiting.Payload, waiting.IsText) != SendOutcome.BufferFull)
        {
            isActive = true;
            _unsent.Dequeue();
        }

        // While answers wait, nothing more is read: the receive window closes, and the sender slows down.
        while (_unsent.Count == 0 && peer.TryReceive(out var message))
        {
            isActive = true;
            Handle(now, message);
        }

        foreach (var sender in _bulk.Values.ToArray())
        {
            isActive |= sender.SendMore(now, peer);
        }

        return isActive;
    }

    /// <summary>Makes a channel and remembers it.</summary>
    public ChannelId Create(Instant now, DataChannelOptions options)
    {
        var channel = peer.CreateChannel(now, options);
        _known.Add(channel);
        return channel;
    }

    /// <summary>Looks a channel up by label or stream id, the newest first.</summary>
    public ChannelId? Find(string? label, int? streamId)
    {
        for (var i = _known.Count - 1; i >= 0; i--)
        {
            if (peer.TryGetChannel(_known[i], out var info)
                && (label is null || info.Options.Label == label)
                && (streamId is null || info.StreamId == streamId))
            {
                return _known[i];
            }
        }

        return null;
    }

    public void SendBulk(ChannelId channel, long bytes, int messageSize, Action<JsonObject> done) =>
        _bulk[channel] = new BulkSender(channel, bytes, messageSize, result =>
        {
            _bulk.Remove(channel);
            done(result);
        });

    private void Handle(Instant now, in PeerEvent happened)
    {
        switch (happened.Kind)
        {
            case PeerEventKind.ChannelOpened when peer.TryGetChannel(happened.Channel, out var info):
                if (info.IsRemote)
                {
                    _known.Add(info.Id);
                }

                output.Event("channel-open", Describe(info));
                if (info.Options.Label == "close-me")
                {
                    peer.CloseChannel(now, happened.Channel);
                }

                break;
            case PeerEventKind.ChannelClosed when peer.TryGetChannel(happened.Channel, out var info):
                _known.Remove(happened.Channel);
                _sinks.Remove(happened.Channel);
                output.Event("channel-closed", Describe(info));
                break;
            case PeerEventKind.StateChanged when happened.State != PeerState.New:
                var state = new JsonObject { ["state"] = Lower(happened.State.ToString()) };
                if (happened.Failure != PeerFailure.None)
                {
                    state["reason"] = happened.Failure.ToString();
                }

                output.Event("state", state);
                break;
        }
    }

    private void Handle(Instant now, in ReceivedMessage message)
    {
        if (!peer.TryGetChannel(message.Channel, out var info))
        {
            return;
        }

        var label = info.Options.Label;
        if (label == "echo" || label.StartsWith("echo-", StringComparison.Ordinal))
        {
            Answer(now, message.Channel, message.IsText, message.Payload.Span);
        }
        else if (label == "sink")
        {
            if (!_sinks.TryGetValue(message.Channel, out var sink))
            {
                _sinks.Add(message.Channel, sink = new Sink());
            }

            if (!message.IsText)
            {
                sink.Add(message.Payload.Span);
            }
            else if (message.Payload.Span.SequenceEqual("report"u8))
            {
                Answer(now, message.Channel, isText: true, Encoding.UTF8.GetBytes(sink.ReportAndReset().ToJsonString()));
            }
        }
    }

    private void Answer(Instant now, ChannelId channel, bool isText, ReadOnlySpan<byte> payload)
    {
        if (_unsent.Count > 0 || peer.Send(now, channel, payload, isText) == SendOutcome.BufferFull)
        {
            _unsent.Enqueue((channel, isText, payload.ToArray()));
        }
    }

    private static JsonObject Describe(in DataChannelInfo info) => new()
    {
        ["origin"] = info.IsRemote ? "remote" : "local",
        ["label"] = info.Options.Label,
        ["protocol"] = info.Options.Protocol,
        ["streamId"] = info.StreamId,
        ["ordered"] = info.Options.Ordered,
        ["maxRetransmits"] = info.Options.MaxRetransmits,
        ["maxPacketLifeTime"] = info.Options.MaxPacketLifeTime,
    };

    private static string Lower(string name) => string.Concat(name[..1].ToLowerInvariant(), name.AsSpan(1));
}
