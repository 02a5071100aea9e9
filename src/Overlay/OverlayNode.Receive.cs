using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Handles: the world → the node.</summary>
public sealed partial class OverlayNode
{
    /// <summary>A message arrived over a link or a hub session. Whatever it is, it does not throw: it is dropped and counted.</summary>
    public void Receive(Instant now, LinkId link, in Message message, Outbox outbox)
    {
        Begin(now, outbox);
        if (_context.Links.Find(link) is { } neighbour)
        {
            if (!IsOfLink(message.Kind))
            {
                ReceiveOrdinary(now, neighbour, message);
                if (!_isSettled)
                {
                    Settle(now);
                    return;
                }

                _wakeAt = Instant.Min(_wakeAt, _context.UseCheckDue); // Passing a message on moves no other deadline forward.
                outbox.WakeAt = _wakeAt;
                return;
            }

            ReceiveStatus(now, neighbour, message);
        }
        else if (_context.Links.FindSetUp(link) is { } setUp)
        {
            ReceiveProof(now, setUp, message);
        }
        else if (_hubs.IsSession(link))
        {
            ReceiveFromHub(now, link, message);
        }
        else
        {
            _context.Drop(DropReason.NotProved, message, link); // It was closed meanwhile, or never was.
        }

        Settle(now);
    }

    /// <summary>The WebSocket of an <see cref="EffectKind.OpenHub"/> is open.</summary>
    public void HubOpened(Instant now, LinkId session, Outbox outbox)
    {
        Begin(now, outbox);
        _hubs.Opened(now, session);
        Settle(now);
    }

    /// <summary>The hub could not be reached, or closed the session.</summary>
    public void HubLost(Instant now, LinkId session, Outbox outbox)
    {
        Begin(now, outbox);
        _hubs.Lost(now, session);
        Settle(now);
    }

    /// <summary>The host has opened this node's own endpoint, where others are admitted under its delegation; it is dialled as the hub after all others.</summary>
    public void EndpointOpened(Instant now, Outbox outbox)
    {
        Begin(now, outbox);
        _hubs.EndpointOpened(now);
        Settle(now);
    }

    /// <summary>The connection of an <see cref="EffectKind.OpenLink"/> has its candidates (offerer and answerer).</summary>
    public void LinkDescribed(Instant now, LinkId link, LinkDescription local, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(local);
        Begin(now, outbox);
        _links.Described(now, link, local);
        Settle(now);
    }

    /// <summary>Candidates that came late, batched by the host.</summary>
    public void LinkCandidates(Instant now, LinkId link, IReadOnlyList<string> lines, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(lines);
        Begin(now, outbox);
        _links.LateCandidates(now, link, lines);
        Settle(now);
    }

    /// <summary>The connection entered <see cref="LinkPhase.Check"/>, <see cref="LinkPhase.Dtls"/> or <see cref="LinkPhase.Sctp"/>.</summary>
    public void LinkProgress(Instant now, LinkId link, LinkPhase phase, Outbox outbox)
    {
        Begin(now, outbox);
        _links.Progress(now, link, phase);
        Settle(now);
    }

    /// <summary>The channel <c>overlay</c> is open: both sides prove themselves next.</summary>
    public void LinkReady(Instant now, LinkId link, Outbox outbox)
    {
        Begin(now, outbox);
        _links.Ready(now, link);
        Settle(now);
    }

    /// <summary>The connection stack gave up, or the peer closed.</summary>
    public void LinkLost(Instant now, LinkId link, LinkFailure why, Outbox outbox)
    {
        Begin(now, outbox);
        _links.Lost(now, link, why);
        Settle(now);
    }

    /// <summary>Something authenticated arrived over the link, whatever it was: its peer lives. Cheap.</summary>
    public void LinkHeard(Instant now, LinkId link)
    {
        if (_context.Links.Find(link) is { } neighbour)
        {
            _detector.Heard(now, neighbour);
        }
    }

    /// <summary>
    /// Whether a message for a silent link may wait there for the verdict: the ring's own words, which are said again anyhow, and which the ring's timeouts take to be slow where a neighbour is dead.
    /// Look-ups of applications, their answers, and what applications send cannot.
    /// </summary>
    public static bool CanWait(in Message message) => message.Kind switch
    {
        MessageKind.FindOwner => !MessageCodec.TryOpen(message, out var body, out _) || body.Payload is not FindOwner { Purpose: LookupPurpose.Application },
        MessageKind.Owner or MessageKind.Data or MessageKind.Receipt or MessageKind.Unreachable => false,
        >= MessageKind.ConnectionOffer and <= MessageKind.ConnectionRefuse => false,
        MessageKind.PutRecord or MessageKind.RecordStored or MessageKind.GetRecord or MessageKind.Record => false,
        _ => true,
    };

    /// <summary>A message that was sent over the link and not acknowledged, after <see cref="EffectKind.TakeBack"/> or <see cref="LinkLost"/>.</summary>
    public void HandBack(Instant now, LinkId link, in Message message, Outbox outbox)
    {
        var isEarly = _context.Links.Find(link) is { } silent && !_detector.IsSuspect(silent.PeerId);
        if (isEarly && CanWait(message))
        {
            return; // It is handed back again when the link is suspected or closed.
        }

        Begin(now, outbox);
        TakeBack(now, link, message);
        Settle(now);
    }

    /// <summary>A message that the host could not bring over the link: for a host where a send is a call that can fail.</summary>
    public void SendFailed(Instant now, LinkId link, in Message message, Outbox outbox)
    {
        Begin(now, outbox);
        if (_context.Links.Find(link) is { } unanswering)
        {
            _detector.Unanswered(now, unanswering.PeerId);
        }

        TakeBack(now, link, message);
        Settle(now);
    }

    private static bool IsOfLink(MessageKind kind) => kind is MessageKind.Proof or MessageKind.LinkStatus;

    private static bool IsOfHub(MessageKind kind) => kind is (>= MessageKind.HubHello and <= MessageKind.OtherGateway) or MessageKind.AskDelegation or MessageKind.Delegated;

    /// <summary>Before the proof nothing else is accepted.</summary>
    private void ReceiveProof(Instant now, LinkSetUp setUp, in Message message)
    {
        var why = DropReason.NotProved;
        if (message.Kind == MessageKind.Proof && MessageCodec.TryOpen(message, out var body, out why))
        {
            _links.ReceiveProof(now, setUp, (Proof)body.Payload);
        }
        else
        {
            _context.Drop(why, message, setUp.Id);
        }
    }

    /// <summary>What the other side of an open link says of it.</summary>
    private void ReceiveStatus(Instant now, Link neighbour, in Message message)
    {
        var why = DropReason.NotProved;
        if (message.Kind == MessageKind.LinkStatus && MessageCodec.TryOpen(message, out var body, out why))
        {
            _detector.Heard(now, neighbour);
            var status = (LinkStatus)body.Payload;
            var before = neighbour.PeerPhase;
            _links.ReceiveStatus(now, neighbour, status);
            if (before is NodePhase.Joining or NodePhase.Rejoin && !neighbour.IsNewcomer)
            {
                TellHubs(now, neighbour);
            }

            _ring?.PeerPhase(now, neighbour.PeerId, status.Phase);
        }
        else
        {
            _context.Drop(why, message, neighbour.Id);
        }
    }

    /// <summary>Anything else from a neighbour: for this node, or on its way.</summary>
    private void ReceiveOrdinary(Instant now, Link neighbour, in Message message)
    {
        _detector.Heard(now, neighbour);
        if (IsOfHub(message.Kind) || (neighbour.IsNewcomer && message.Source != neighbour.PeerId))
        {
            _isSettled = false;
            _context.Drop(DropReason.NotProved, message, neighbour.Id);
            return;
        }

        // Whoever is no member is reached through the member it spoke to (mechanisms §1).
        if (neighbour.IsNewcomer && _context.IsMember && !message.HasSourceVia)
        {
            Route(now, message with { HasSourceVia = true, SourceVia = _context.Self.Id }, neighbour.Id, neighbour);
        }
        else
        {
            Route(now, message, neighbour.Id, neighbour);
        }
    }

    private void ReceiveFromHub(Instant now, LinkId session, in Message message)
    {
        if (IsOfHub(message.Kind) || message.Kind == MessageKind.KnownHubs)
        {
            if (MessageCodec.TryOpen(message, out var body, out var why))
            {
                _hubs.Receive(now, session, body.Payload);
            }
            else
            {
                _context.Drop(why, message, session);
            }
        }
        else if (message.Source == default)
        {
            ReceiveHubsOwn(now, session, message);
        }
        else if (Identity.GuestIds.IsGuest(message.Source))
        {
            ReceiveForGuest(now, session, message);
        }
        else if (!_hubs.IsGateway(session) || IsLateAnswer(message))
        {
            Route(now, message, session, neighbour: null);
        }
        else
        {
            _courier.Guests.Heard(message.Source, session);
            Route(now, message with { HasSourceVia = true, SourceVia = _context.Self.Id }, session, neighbour: null);
        }
    }

    /// <summary>What the hub itself says about a message: to this node, or to one that this node is the gateway of.</summary>
    private void ReceiveHubsOwn(Instant now, LinkId session, in Message message)
    {
        if (message.Destination == _context.Self.Id)
        {
            Arrive(now, message, session, neighbour: null);
        }
        else if (message.Kind == MessageKind.Renewed)
        {
            Route(now, message, session, neighbour: null);
        }
        else if (message.Kind == MessageKind.Unreachable && MessageCodec.TryOpen(message, out var body, out _) && body.Payload is Unreachable unreachable)
        {
            var via = message.HasDestinationVia && message.DestinationVia != _context.Self.Id ? message.DestinationVia : default(Ring.RingId?);
            _courier.Send(now, new Letter(message.Destination, new Unreachable(unreachable.MessageId, DropReason.GuestGone)) { Via = via });
        }
    }

    /// <summary>
    /// An answer to this node from the time when it was a newcomer itself: it names another gateway. A gateway that names itself speaks for itself, and is answered the way it
    /// came.
    /// </summary>
    private bool IsLateAnswer(in Message message) =>
        message.Destination == _context.Self.Id && message.HasDestinationVia && message.DestinationVia != _context.Self.Id && message.DestinationVia != message.Source;

    private void Route(Instant now, in Message received, LinkId from, Link? neighbour)
    {
        var message = received.Has(MessageFlags.RecordRoute) ? Recorded(received) : received;
        if (!_context.IsMember)
        {
            if (message.Destination == _context.Self.Id)
            {
                Arrive(now, message, from, neighbour);
            }
            else
            {
                _isSettled = false;
                _courier.Undeliverable(now, message, DropReason.NoRoute, from);
            }

            return;
        }

        var hop = _context.NextHop(message);
        if (hop.Kind == HopKind.Deliver || EndsHere(message, hop))
        {
            Arrive(now, message, from, neighbour);
        }
        else if (hop.Kind == HopKind.ToGuest && hop.Link is null && !_courier.IsGuest(message.Destination))
        {
            Cross(now, message, from, neighbour);
        }
        else if (neighbour is { } by && !by.TryTakeQuota(now, _context.Options.MaxForwardsPerSecond))
        {
            _context.Drop(DropReason.Quota, message, from);
        }
        else
        {
            _isSettled &= hop.Kind == HopKind.Forward;
            if (hop.Kind == HopKind.Drop)
            {
                TellNotHere(now, message, neighbour);
            }

            if (_tree is not null && hop.Link?.PeerId == message.Destination && message is { HasDestinationVia: true, HasSourceVia: false } && message.DestinationVia == _context.Self.Id)
            {
                message = message with { HasSourceVia = true, SourceVia = _context.Self.Id }; // To somebody of another tree perhaps: the answer comes back this way.
            }

            PassOn(now, message, hop, from);
        }
    }

    /// <summary>
    /// A newcomer's look-up for its place is answered by the node whose place it is, even while the arc is on its way. Where nobody has the place because the ring is torn
    /// there, the first member after the tear answers (it has no predecessor), or else the node that the look-up cannot leave: newcomers must get in wherever they
    /// come from. Whoever asks for the owner of a key gets an owner or nothing.
    /// </summary>
    private bool EndsHere(in Message message, in NextHop hop)
    {
        if (message.Kind != MessageKind.FindOwner || message.IsExact)
        {
            return false;
        }

        var turnsAround = hop.Kind == HopKind.Forward && (hop.Phase & MessageFlags.Around) != 0 && !message.Has(MessageFlags.Around);
        var isEnd = _context.View.Place.Contains(message.Target)
            || (hop.Kind == HopKind.Drop && hop.Reason == DropReason.NoRoute)
            || (turnsAround && _ring?.Predecessor is null && _ring?.Phase == NodePhase.Member);
        return isEnd && MessageCodec.TryOpen(message, out var body, out _) && body.Payload is FindOwner { Purpose: LookupPurpose.Join };
    }

    private Message Recorded(in Message message)
    {
        var route = message.Route ?? [];
        if (route.Length >= Message.HopBudget)
        {
            return message;
        }

        Array.Resize(ref route, route.Length + 1);
        route[^1] = _context.Self.Id;
        return message with { Route = route };
    }

    private void TakeBack(Instant now, LinkId link, in Message message)
    {
        if (IsOfLink(message.Kind) || IsOfHub(message.Kind))
        {
            return;
        }

        if (message.Kind == MessageKind.Broadcast && message.Source == _context.Self.Id)
        {
            _broadcasts?.LinkFailed(now, message.Destination);
        }
        else if (message.HopsLeft < Message.HopBudget / 2)
        {
            _courier.Undeliverable(now, message, DropReason.NoRoute, link);
        }
        else if (message.Source == _context.Self.Id)
        {
            if (MessageCodec.TryOpen(message, out var body, out _))
            {
                _courier.Resend(message, body, link);
            }
        }
        else if (_context.IsMember)
        {
            var again = Router.Anew(message);
            var hop = _context.NextHop(again, avoid: link);
            if (hop.Kind == HopKind.Deliver)
            {
                Arrive(now, again, link, _context.Links.Find(link));
            }
            else
            {
                PassOn(now, again, hop, link);
            }
        }
    }
}
