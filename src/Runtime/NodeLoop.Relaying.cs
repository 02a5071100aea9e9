using System.Threading.Channels;
using Overlay.Channels;
using Overlay.Effects;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Links;
using Overlay.Time;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime;

/// <summary>Datagrams of channels on the relay channels of links: those of this node's connections, and those that pass through.</summary>
internal sealed partial class NodeLoop
{
    /// <summary>Bytes that a relay channel may hold unsent: enough to keep the link busy, little enough that urgency is decided here.</summary>
    private const int RelayBacklogBytes = 32 * 1024;

    private readonly Channel<ConnectionChannel> _rung = Channel.CreateUnbounded<ConnectionChannel>(new UnboundedChannelOptions { SingleReader = true });
    private readonly byte[] _relayFrame = new byte[RelayHeader.Length + 2048];

    /// <summary>A datagram that a neighbour passed on.</summary>
    private void ReceiveRelayed(Instant now, PeerLink from, ReadOnlySpan<byte> frame)
    {
        if (!RelayHeader.TryRead(frame, out var header) || frame.Length > _relayFrame.Length)
        {
            _counters.CountRelayDropped();
            return;
        }

        if (header.Class == RelayClass.Link)
        {
            ReceiveForLink(now, from, header, frame);
            return;
        }

        switch (_node.NextRelay(ref header, out var link))
        {
            case RelayStep.Deliver:
                if (!_channels.TryReceive(NodeClock.ToStack(now), header, frame[RelayHeader.Length..]))
                {
                    _counters.CountRelayDropped();
                }

                break;
            case RelayStep.Forward when _links.TryGet(link, out var next) && from.Quota.TryTake(now, frame.Length, _channelOptions.RelayBytesPerSecond):
                frame.CopyTo(_relayFrame);
                header.Write(_relayFrame);
                Relay(now, next, header.Class, _relayFrame.AsSpan(0, frame.Length), isOwn: false);
                break;
            default:
                _counters.CountRelayDropped();
                break;
        }
    }

    /// <summary>A datagram of a link whose ends do not reach each other: this node's own, or one between two of its neighbours.</summary>
    private void ReceiveForLink(Instant now, PeerLink from, RelayHeader header, ReadOnlySpan<byte> frame)
    {
        if (header.Destination == _node.Self.Id)
        {
            if (_links.TryGet(header.Connection, header.Source, out var link))
            {
                link.RelayedBy = from;
                link.Connection.Receive(NodeClock.ToStack(now), LinkManager.RelayedPath, default, frame[RelayHeader.Length..]);
                _table.MarkDirty(link);
                return;
            }
        }
        else if (header.HopsLeft > 0 && header.Source == from.Peer && from.IsDirect && _links.TryGetDirect(header.Destination, out var next)
            && from.Quota.TryTake(now, frame.Length, _channelOptions.RelayBytesPerSecond))
        {
            frame.CopyTo(_relayFrame);
            (header with { HopsLeft = 0 }).Write(_relayFrame);
            Relay(now, next, header.Class, _relayFrame.AsSpan(0, frame.Length), isOwn: false);
            return;
        }

        _counters.CountRelayDropped();
    }

    /// <summary>A datagram of one of this node's links that has no direct way: over a neighbour that has a link to the other end.</summary>
    private void SendByRelay(Instant now, PeerLink link, ReadOnlySpan<byte> datagram)
    {
        if (!_links.TryGetRelay(link, out var relay))
        {
            _counters.CountRelayDropped();
            return;
        }

        new RelayHeader(RelayClass.Link, default, 1, link.Peer, _node.Self.Id, link.NameThere).Write(_relayFrame);
        datagram.CopyTo(_relayFrame.AsSpan(RelayHeader.Length));
        Relay(now, relay, RelayClass.Link, _relayFrame.AsSpan(0, RelayHeader.Length + datagram.Length), isOwn: true);
    }

    /// <summary>A datagram of one of this node's connections that has no direct way.</summary>
    private void SendOverOverlay(Instant now, ChannelConnection connection, ReadOnlySpan<byte> datagram)
    {
        var header = new RelayHeader(ChannelHost.ClassOf(connection), default, Messages.Message.HopBudget, connection.Peer, _node.Self.Id, connection.Number);
        if (_node.NextRelay(ref header, out var link) == RelayStep.Forward && _links.TryGet(link, out var next))
        {
            header.Write(_relayFrame);
            datagram.CopyTo(_relayFrame.AsSpan(RelayHeader.Length));
            Relay(now, next, header.Class, _relayFrame.AsSpan(0, RelayHeader.Length + datagram.Length), isOwn: true);
        }
        else
        {
            _counters.CountRelayDropped();
        }
    }

    private void Relay(Instant now, PeerLink link, RelayClass of, ReadOnlySpan<byte> frame, bool isOwn)
    {
        if (!link.Waiting.TryEnqueue(now, of, frame))
        {
            _counters.CountRelayDropped();
            return;
        }

        if (!isOwn)
        {
            _counters.CountRelayed(frame.Length);
        }

        _table.MarkDirty(link);
    }

    /// <summary>Fills a link's relay channel from its queue; whether anything was put in.</summary>
    private bool FillRelay(Instant now, PeerLink link)
    {
        if (link.Waiting.IsEmpty || !link.IsReady)
        {
            return false;
        }

        var filled = false;
        while (link.Connection.BufferedAmount(link.Relay) < RelayBacklogBytes && link.Waiting.TryPeek(out var frame))
        {
            if (link.Connection.Send(NodeClock.ToStack(now), link.Relay, frame, isText: false) == SendOutcome.BufferFull)
            {
                break;
            }

            link.Waiting.Drop();
            filled = true;
        }

        return filled;
    }

    private void HandleConnection(Instant now, ConnectionEvent happened)
    {
        if (_channels.Handle(NodeClock.ToStack(now), happened) is { } description)
        {
            _later.Enqueue(new(LaterKind.ConnectionDescribed, default, LinkFailure.None, null) { Connection = happened.Connection, Description = description });
        }
    }

    private void RestartConnection(ulong connection, Messages.LinkDescription description)
    {
        _node.RestartConnection(_clock.Now, connection, description, _outbox);
        AfterStep();
    }

    private void DrainChannels(ChannelConnection connection)
    {
        var now = _clock.Now;
        var hasEnded = _channels.Drain(NodeClock.ToStack(now), connection);
        SendDatagrams(now, connection);
        if (hasEnded)
        {
            _channels.Forget(now, connection, _outbox);
            AfterStep();
        }
    }

    /// <summary>From any thread: a channel has something for its connection.</summary>
    private void RingFor(ConnectionChannel channel)
    {
        if (!_rung.Writer.TryWrite(channel))
        {
            return; // The loop has ended, and the channel with it.
        }

        _bell.Ring();
    }

    private bool PumpRung()
    {
        var any = false;
        while (_rung.Reader.TryRead(out var channel))
        {
            _channels.Pump(NodeClock.ToStack(_clock.Now), channel);
            any = true;
        }

        return any;
    }
}
