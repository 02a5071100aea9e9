using Overlay.Channels;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Connections for the application's channels, and the datagrams of others' connections that pass through this node.</summary>
public sealed partial class OverlayNode : IConnectionPort
{
    private Connections? _connections;

    Contact IConnectionPort.Self => _context.Self;

    private Connections Connections => _connections ??= new Connections(this, _context.Options.MaxConnections);

    /// <summary>Wants a connection with another member. The host hears of it by <see cref="EffectKind.Connection"/>, unless there is one.</summary>
    /// <returns>False where this node is no member, or has as many connections as it may have.</returns>
    public bool OpenConnection(Instant now, RingId peer, Outbox outbox)
    {
        Begin(now, outbox);
        var isOpening = _context.IsMember && peer != _context.Self.Id && Connections.Open(now, peer);
        Settle(now);
        return isOpening;
    }

    /// <summary>The host's answer to <see cref="ConnectionEventKind.Begin"/> and <see cref="ConnectionEventKind.Restarted"/>.</summary>
    public void ConnectionDescribed(Instant now, ulong connection, LinkDescription local, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(local);
        Begin(now, outbox);
        _connections?.Described(now, connection, local);
        Settle(now);
    }

    /// <summary>The host has restarted ICE on a connection that is up.</summary>
    public bool RestartConnection(Instant now, ulong connection, LinkDescription local, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(local);
        Begin(now, outbox);
        var isRestarting = _connections?.Restart(now, connection, local) == true;
        Settle(now);
        return isRestarting;
    }

    /// <summary>Candidates that the host found after it had described the connection.</summary>
    public void ConnectionCandidates(Instant now, ulong connection, IReadOnlyList<string> lines, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(lines);
        Begin(now, outbox);
        _connections?.LateCandidates(now, connection, lines);
        Settle(now);
    }

    /// <summary>The host's end of a connection is closed or has failed.</summary>
    public void ConnectionEnded(Instant now, ulong connection, Outbox outbox)
    {
        Begin(now, outbox);
        _connections?.Ended(connection);
        Settle(now);
    }

    /// <summary>Where a relayed datagram goes from here. No step of the node's: it changes nothing.</summary>
    /// <param name="header">As it arrived, or as the own connection wrote it; rewritten for the next hop.</param>
    /// <param name="link">The link it goes on over, with <see cref="RelayStep.Forward"/>.</param>
    public RelayStep NextRelay(ref RelayHeader header, out LinkId link)
    {
        link = default;
        if (header.Destination == _context.Self.Id)
        {
            return RelayStep.Deliver;
        }

        if (!_context.IsMember || header.HopsLeft == 0)
        {
            return RelayStep.Drop;
        }

        var message = new Message { Kind = MessageKind.Data, Flags = header.Phase, HopsLeft = header.HopsLeft, Source = header.Source, Destination = header.Destination };
        var hop = _context.NextHop(message);
        if (hop.Kind != HopKind.Forward || hop.Link is not { } next)
        {
            return RelayStep.Drop;
        }

        link = next.Id;
        header = header with { Phase = hop.Phase, HopsLeft = (byte)(header.HopsLeft - 1) };
        return RelayStep.Forward;
    }

    UInt128 IConnectionPort.NextConnectionNonce() => _context.NextLinkNonce();

    ulong IConnectionPort.SendSigned(Instant now, RingId to, Payload payload) =>
        _courier.Send(now, new Letter(to, payload) { AlwaysSigned = true }).MessageId;

    private void ReceiveConnection(Instant now, in Arrival arrival)
    {
        if (_context.IsMember && arrival.From.Certificate is not null)
        {
            Connections.Receive(now, arrival.From, arrival.Payload);
        }
        else
        {
            _context.Drop(DropReason.NoRoute, arrival.Message, arrival.Link);
        }
    }

    private bool TakeConnections()
    {
        var moved = false;
        while (_connections is not null && _connections.TryTakeEvent(out var happened))
        {
            moved = true;
            _context.Outbox.Add(new Effect { Kind = EffectKind.Connection, Detail = happened });
        }

        return moved;
    }
}
