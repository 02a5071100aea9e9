using Microsoft.Extensions.Logging;
using Overlay.Broadcast;
using Overlay.Channels;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Peers;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Links;
using Overlay.Runtime.Telemetry;
using Overlay.Signalling;
using Overlay.Time;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime;

/// <summary>What the node wants done, and what its connections bring.</summary>
internal sealed partial class NodeLoop
{
    private static readonly TimeSpan RoundTripPeriod = TimeSpan.FromSeconds(10);

    private void PerformEffects()
    {
        var now = _clock.Now;
        foreach (ref readonly var effect in _outbox.Effects)
        {
            Perform(now, effect);
        }

        _wakeAt = _outbox.WakeAt;
        _outbox.Clear();
        _tracing.EndStep();
    }

    private void Perform(Instant now, in Effect effect)
    {
        switch (effect.Kind)
        {
            case EffectKind.Send:
                Send(now, effect.Link, effect.Message);
                break;
            case EffectKind.Deliver:
                Deliver(now, effect);
                break;
            case EffectKind.OpenLink:
                OpenLink(now, effect);
                break;
            case EffectKind.AcceptAnswer:
                if (!_links.TryAccept(NodeClock.ToStack(now), effect.Link, (LinkDescription)effect.Detail!))
                {
                    _later.Enqueue(new(LaterKind.Lost, effect.Link, LinkFailure.Transport, null));
                }

                break;
            case EffectKind.AddCandidates:
                _links.AddCandidates(NodeClock.ToStack(now), effect.Link, (IReadOnlyList<string>)effect.Detail!);
                break;
            case EffectKind.CloseLink:
                CloseLink(now, effect.Link, effect.Failure);
                break;
            case EffectKind.TakeBack:
                TakeBack(effect.Link);
                break;
            case EffectKind.OpenHub:
                _hubs.Open(effect.Link, effect.Number, effect.Detail as string);
                break;
            case EffectKind.CloseHub:
                _hubs.Close(effect.Link);
                break;
            case EffectKind.Completed:
                OnCompleted?.Invoke(effect.Request, effect.Outcome, effect.Detail);
                break;
            case EffectKind.Broadcast:
                OnBroadcast?.Invoke((BroadcastMessage)effect.Detail!);
                break;
            case EffectKind.Peer:
                OnPeer?.Invoke((MeshEvent)effect.Detail!);
                break;
            case EffectKind.GuestSignal:
                Arrived(now, (GuestSignalArrival)effect.Detail!);
                break;
            case EffectKind.Connection:
                HandleConnection(now, (ConnectionEvent)effect.Detail!);
                break;
            case EffectKind.NameChanged:
                OnNameChanged?.Invoke(effect.Request, (NameChange)effect.Detail!);
                break;
            case EffectKind.Observed:
                Observe(now, effect);
                break;
        }
    }

    private void Arrived(Instant now, GuestSignalArrival signal)
    {
        if (!_channels.TryTake(NodeClock.ToStack(now), signal))
        {
            OnGuestSignal?.Invoke(signal);
        }
    }

    private void Observe(Instant now, in Effect effect)
    {
        if (effect.Observation == Observation.Dropped)
        {
            _tracing.Dropped(now, effect);
            RecordEnd(now, effect.Message, effect.Drop);
        }

        Observe(NodeObservation.From(now, effect), effect.Detail);
    }

    private void Deliver(Instant now, in Effect effect)
    {
        _telemetry.Meter?.Delivered(Message.HopBudget - effect.Message.HopsLeft);
        using var span = _tracing.Deliver(now, effect.Message);
        OnDelivered?.Invoke(effect.Message, (TreeSide)effect.Number, span?.Context ?? default);
    }

    private void Send(Instant now, LinkId link, in Message message)
    {
        if (!_tracing.Concerns(message))
        {
            SendPlain(now, link, message);
            return;
        }

        var span = _tracing.Leave(now, message, out var leaving);
        var reason = SendPlain(now, link, leaving);
        if (span is not null)
        {
            _links.TryGet(link, out var peer);
            _tracing.Left(span, link, peer?.Peer ?? default, KindOf(peer), reason, peer?.Connection.BufferedAmount(peer.Overlay) ?? 0);
        }
    }

    private DropReason SendPlain(Instant now, LinkId link, in Message message)
    {
        var reason = DropReason.None;
        var length = MessageCodec.Write(message, _encoded);
        var frame = _encoded.AsSpan(0, length);
        if (_links.TryGet(link, out var peer))
        {
            var outcome = peer.Connection.Send(NodeClock.ToStack(now), peer.Overlay, frame, isText: false);
            _table.MarkDirty(peer);
            peer.Sent += outcome == SendOutcome.Accepted ? 1UL : 0;
            reason = outcome == SendOutcome.Accepted ? DropReason.None : outcome == SendOutcome.BufferFull ? DropReason.QueueFull : DropReason.NoRoute;
        }
        else if (!_hubs.TrySend(link, frame))
        {
            reason = DropReason.NoRoute;
        }

        if (reason != DropReason.None)
        {
            Drop(now, link, message, reason);
            RecordEnd(now, message, reason);
            return reason;
        }

        var isOwn = message.Source == _node.Self.Id || message.Source == default;
        _counters.CountSent(message.Kind, isOwn, length);
        if (!isOwn)
        {
            var held = ArrivedAt is { } arrivedAt ? now - arrivedAt : TimeSpan.Zero;
            _records.Add(RouteRecords.Of(now, message, peer?.Peer ?? message.Destination, held, DropReason.None), message.HopContext);
            if (_telemetry.Meter is { WantsQueues: true } meter)
            {
                meter.LeftQueue(held);
            }
        }

        return reason;
    }

    private static string KindOf(PeerLink? link) => link is null ? "hub" : link.IsDirect ? "direct" : "relay";

    private void Drop(Instant now, LinkId link, in Message message, DropReason reason) =>
        Observe(
            NodeObservation.From(now, new() { Observation = Observation.Dropped, Link = link, Drop = reason, Message = message }), null);

    private void OpenLink(Instant now, in Effect effect)
    {
        _ledger.Opening(now, effect, _tracing.Arrived);
        if (_links.TryOpen(NodeClock.ToStack(now), effect.Link, effect.Peer, (LinkDescription?)effect.Detail, out _))
        {
            _later.Enqueue(new(LaterKind.Described, effect.Link, LinkFailure.None, null));
        }
        else
        {
            _later.Enqueue(new(LaterKind.Lost, effect.Link, LinkFailure.Transport, null));
        }
    }

    private void CloseLink(Instant now, LinkId id, LinkFailure why)
    {
        if (!_links.TryGet(id, out var link))
        {
            return;
        }

        if (why != LinkFailure.Leaving)
        {
            TakeBack(id); // What the other side has not acknowledged may not have arrived; the router sends it another way.
        }

        link.Connection.Close(NodeClock.ToStack(now));
        SendDatagrams(now, link);
        _links.Remove(link);
    }

    private void TakeBack(LinkId id)
    {
        if (!_links.TryGet(id, out var link))
        {
            return;
        }

        foreach (var frame in link.Connection.TakeUnacknowledged(link.Overlay))
        {
            _later.Enqueue(new(LaterKind.HandBack, id, LinkFailure.None, frame));
        }
    }

    private void CloseLinks()
    {
        var now = _clock.Now;
        _channels.CloseAll(NodeClock.ToStack(now)); // Before the links, which may carry their last words.
        DrainLinks();
        foreach (var link in _links.Links)
        {
            link.Connection.Close(NodeClock.ToStack(now));
            SendDatagrams(now, link);
        }
    }

    private void Observe(in NodeObservation seen, object? detail)
    {
        Log(seen);
        switch (seen.What)
        {
            case Observation.LinkPhase:
                _ledger.Reached(seen, !_links.TryGet(seen.Link, out var link) || !link.Connection.IsOverOverlay);
                break;
            case Observation.LinkEnded:
                _ledger.Ended(seen);
                _tracing.Forget(seen.Link);
                break;
        }

        OnObserved?.Invoke(seen, detail);
    }

    private void ReceiveFrame(Instant now, LinkId session, byte[]? frame)
    {
        if (frame is not null && MessageCodec.TryRead(frame, _body, out var message))
        {
            _tracing.Begin(now, session, message, isProved: false);
            _node.Receive(now, session, message, _outbox);
        }
        else
        {
            Observe(NodeObservation.From(now, new() { Observation = Observation.Dropped, Link = session, Drop = DropReason.Malformed }), null);
        }
    }

    /// <summary>Hands over what the connections received, tells the node how they fare, and sends what they have to send.</summary>
    private void DrainLinks()
    {
        while (_table.TryTakeDirty(out var connection))
        {
            if (connection is ChannelConnection channels)
            {
                DrainChannels(channels);
                continue;
            }

            var link = (PeerLink)connection;
            Hear(link);
            Receive(link);
            TakeEvents(link);
            if (!link.IsClosed)
            {
                SendDatagrams(_clock.Now, link);
            }
        }
    }

    private void Hear(PeerLink link)
    {
        if (link.Connection.LastHeardAt > link.HeardAt)
        {
            link.HeardAt = link.Connection.LastHeardAt;
            Measure(link);
            _node.LinkHeard(_clock.Now, link.Id);
        }
    }

    private void Measure(PeerLink link)
    {
        if (_telemetry.Meter is { WantsRoundTrips: true } meter && link.IsReady && link.HeardAt.Ticks - link.MeasuredAt.Ticks >= RoundTripPeriod.Ticks)
        {
            link.MeasuredAt = link.HeardAt;
            meter.RoundTrip(link.Connection.Statistics.RoundTripTime, link.IsDirect);
        }
    }

    private void Receive(PeerLink link)
    {
        var heardAt = new Instant(link.HeardAt.Ticks, 0);
        while (!link.IsClosed && link.Connection.TryReceive(out var received))
        {
            var now = _clock.Now;
            if (received.Channel == link.Relay)
            {
                ReceiveRelayed(now, link, received.Payload.Span);
                continue;
            }

            if (received.Channel != link.Overlay)
            {
                continue; // A channel of a newer version.
            }

            BecomeReady(now, link); // Data may overtake the event that says the channel is open.
            if (MessageCodec.TryRead(received.Payload, _body, out var message))
            {
                _tracing.Begin(heardAt, link.Id, message, isProved: true);
                _node.Receive(now, link.Id, message, _outbox);
                AfterStep();
            }
            else
            {
                Observe(
                    NodeObservation.From(now, new() { Observation = Observation.Dropped, Link = link.Id, Drop = DropReason.Malformed }), null);
            }
        }
    }

    private void TakeEvents(PeerLink link)
    {
        while (!link.IsClosed && link.Connection.TryGetEvent(out var e))
        {
            var now = _clock.Now;
            switch (e.Kind)
            {
                case PeerEventKind.PhaseReached when e.Phase is PeerPhase.Check or PeerPhase.Dtls or PeerPhase.Sctp:
                    _node.LinkProgress(now, link.Id, Descriptions.ToLinkPhase(e.Phase), _outbox);
                    AfterStep();
                    break;
                case PeerEventKind.ChannelOpened when e.Channel == link.Overlay:
                    BecomeReady(now, link);
                    break;
                case PeerEventKind.StateChanged when e.State is PeerState.Failed or PeerState.Closed:
                    LoseLink(now, link, e.State == PeerState.Closed ? LinkFailure.ClosedByPeer : Descriptions.ToLinkFailure(e.Failure));
                    break;
            }
        }
    }

    private void BecomeReady(Instant now, PeerLink link)
    {
        if (!link.IsReady)
        {
            link.IsReady = true;
            _node.LinkReady(now, link.Id, _outbox);
            AfterStep();
        }
    }

    private void LoseLink(Instant now, PeerLink link, LinkFailure why)
    {
        TakeBack(link.Id);
        SendDatagrams(now, link);
        _links.Remove(link);
        _node.LinkLost(now, link.Id, why, _outbox);
        AfterStep();
    }

    private void SendDatagrams(Instant now, PeerLink link)
    {
        do
        {
            SendDatagrams(now, (HostedConnection)link);
        }
        while (FillRelay(now, link)); // Room came with what was sent.
    }

    private void SendDatagrams(Instant now, HostedConnection connection)
    {
        while (connection.Connection.TryGetDatagram(NodeClock.ToStack(now), _datagram, out var transmit))
        {
            var datagram = _datagram.AsSpan(0, transmit.Length);
            if (ChannelHost.IsOverlay(transmit.Path))
            {
                SendOverOverlay(now, (ChannelConnection)connection, datagram);
                continue;
            }

            if (transmit.Path == LinkManager.RelayedPath)
            {
                SendByRelay(now, (PeerLink)connection, datagram);
                continue;
            }

            if (PeerDemux.KindOf(datagram) == DatagramKind.Stun)
            {
                _table.Remember(connection, transmit.Path, transmit.Remote);
            }

            if ((uint)transmit.Path.Value < (uint)_paths.Count)
            {
                _paths[transmit.Path.Value].Send(transmit.Remote, datagram);
            }
        }
    }

    private void Log(in NodeObservation seen)
    {
        if (!_log.IsEnabled(LogLevel.Debug) && seen.What is Observation.Forwarded or Observation.Signalled)
        {
            return;
        }

        switch (seen.What)
        {
            case Observation.PhaseChanged:
                LogPhase(_log, _node.Self.Id, seen.Phase);
                break;
            case Observation.LinkPhase when seen.LinkPhase == LinkPhase.Open:
                LogLinkOpen(_log, _node.Self.Id, seen.Peer, seen.Purpose);
                break;
            case Observation.LinkEnded:
                LogLinkEnded(_log, _node.Self.Id, seen.Peer, seen.LinkPhase, seen.Failure);
                break;
            case Observation.Suspected or Observation.Evicted or Observation.PeerLeft or Observation.AssumptionBroken or Observation.HubKeyChanged:
                LogNeighbour(_log, _node.Self.Id, seen.What, seen.Peer);
                break;
            case Observation.Dropped:
                LogDropped(_log, _node.Self.Id, seen.Peer, seen.Drop);
                break;
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Node} is now {Phase}")]
    private static partial void LogPhase(ILogger log, Ring.RingId node, NodePhase phase);

    [LoggerMessage(EventId = 2, Level = LogLevel.Debug, Message = "{Node} has a link to {Peer} for {Purpose}")]
    private static partial void LogLinkOpen(ILogger log, Ring.RingId node, Ring.RingId peer, LinkPurpose purpose);

    [LoggerMessage(EventId = 3, Level = LogLevel.Debug, Message = "{Node} lost its link to {Peer} in phase {Phase}: {Reason}")]
    private static partial void LogLinkEnded(ILogger log, Ring.RingId node, Ring.RingId peer, LinkPhase phase, LinkFailure reason);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "{Node} saw {What} of {Peer}")]
    private static partial void LogNeighbour(ILogger log, Ring.RingId node, Observation what, Ring.RingId peer);

    [LoggerMessage(EventId = 5, Level = LogLevel.Debug, Message = "{Node} dropped a message of {Source}: {Reason}")]
    private static partial void LogDropped(ILogger log, Ring.RingId node, Ring.RingId source, DropReason reason);
}
