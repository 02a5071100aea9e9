using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay.Signalling;

/// <summary>The links of a node from the wish to the end: negotiation by routed messages, proof, upkeep, and the room for them.</summary>
/// <remarks>
/// <para>offerer: gather → Offer → (signal) → Answer → check → DTLS → SCTP → proof → open; answerer: Offer → gather → Answer → check → … Each phase has its own
/// deadline, the whole has one too, and every end has a typed <see cref="LinkFailure"/>.</para>
/// <para>At most <see cref="OverlayOptions.MaxSetUps"/> are in flight. One of them is kept for the offers of others: who waits for an answer must be
/// able to give one, or a ring of newcomers would wait for each other until the deadline.</para>
/// <para>Between two nodes there is one link. Where both offers are out, the lower id's stands (mechanisms §3).</para>
/// </remarks>
public sealed partial class LinkSetUps
{
    private const int MaxWaitingOffers = 16;
    private const int MaxAlternatives = 4;
    private const int MaxUnreached = 64;

    private readonly NodeContext _context;
    private readonly Courier _courier;
    private readonly RecentNonces _offersSeen = new(64);

    // Nearly always empty. A wish is here while its link is not open; then the link itself says what it is wanted for.
    private RareList<LinkWish> _wishes;
    private RareList<WaitingOffer> _waiting;
    private RareList<LinkEvent> _events;
    private RareList<(RingId Peer, int Count)> _unreached;

    // Every open link's other end was told this phase and the link's purpose, but for these.
    private RareList<Told> _told;
    private NodePhase _toldPhase;
    private Moment _nextDue = Moment.Never;

    public LinkSetUps(NodeContext context, Courier courier)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(courier);
        (_context, _courier) = (context, courier);
    }

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue => _nextDue;

    private LinkTable Links => _context.Links;

    /// <summary>Reads a word of each line of memory that a step touches (<see cref="OverlayNode.Recall"/>).</summary>
    internal long Recall() => _nextDue.Ticks + _events.Count + _wishes.Count;

    private int OutgoingLimit => Math.Max(1, Links.MaxSetUps - 1);

    /// <summary>What happened since the last call that returned false.</summary>
    public bool TryTakeEvent(out LinkEvent happened)
    {
        happened = default;
        if (_events.Count == 0)
        {
            return false;
        }

        happened = _events[0];
        _events.RemoveAt(0);
        return true;
    }

    /// <summary>Wants a link for <paramref name="purpose"/>. False where too many are wanted already.</summary>
    public bool Want(Instant now, in Contact peer, LinkPurpose purpose) => Want(now, peer, purpose, via: null);

    /// <summary>As above, with signals that go through the anchor <paramref name="via"/>.</summary>
    public bool Want(Instant now, in Contact peer, LinkPurpose purpose, RingId? via)
    {
        if (peer.Id == _context.Self.Id)
        {
            return false;
        }

        if (Links.FindOpen(peer.Id) is { } open && (open.Purpose != LinkPurpose.None || HasRoomForWish()))
        {
            Mirror(now, peer.Id, open.Purpose | purpose);
            Pump(now);
            return true;
        }

        var wish = FindWish(peer.Id);
        if (wish is null)
        {
            if (!HasRoomForWish())
            {
                return false;
            }

            wish = new LinkWish(peer.Id);
            _wishes.Add(wish);
        }

        wish.Purpose |= purpose;
        wish.Via = via ?? wish.Via;
        if (peer.Certificate is not null || wish.Peer.Certificate is null)
        {
            wish.Peer = peer;
        }

        Mirror(now, wish.PeerId, wish.Purpose);
        Pump(now);
        return true;
    }

    /// <summary>No longer wants the link for <paramref name="purpose"/>. An open one closes once neither side needs it.</summary>
    public void Unwant(Instant now, RingId peer, LinkPurpose purpose)
    {
        var wanted = WantedFor(peer);
        if (wanted == LinkPurpose.None)
        {
            return;
        }

        if (IndexOfWish(peer) is >= 0 and var at)
        {
            _wishes[at].Purpose &= ~purpose;
            if (_wishes[at].Purpose == LinkPurpose.None)
            {
                _wishes.RemoveAt(at);
            }
        }

        Mirror(now, peer, wanted & ~purpose);
        Schedule();
    }

    /// <summary>What this node wants the link to <paramref name="peer"/> for.</summary>
    public LinkPurpose WantedFor(RingId peer) => Links.FindOpen(peer)?.Purpose ?? FindWish(peer)?.Purpose ?? LinkPurpose.None;

    /// <summary>Time passed: deadlines of phases, retries, offers that waited too long, links that nobody needs.</summary>
    public void Advance(Instant now)
    {
        for (var i = Links.SetUpCount - 1; i >= 0; i--)
        {
            var link = Links.SetUps[i];
            if (link.Due <= now)
            {
                Fail(now, link, LinkFailure.SetUpTimeout);
            }
            else if (link.PhaseDue <= now)
            {
                Fail(now, link, LinkFailure.PhaseTimeout);
            }
        }

        while (Links.TryFindUnneeded(now + -_context.Options.UnneededLinkTimeout, out var unneeded))
        {
            Close(now, unneeded, LinkFailure.Unneeded);
        }

        _waiting.RemoveAll(offer => offer.ArrivedAt + PhaseLimits.Signal <= now);
        Pump(now);
    }

    /// <summary>Ends an open link for a reason of this side's; the host closes its connection.</summary>
    public void Close(Instant now, Link link, LinkFailure why) => Close(now, link, why, isWanted: true);

    /// <summary>The host's connection ended by itself.</summary>
    public void Lost(Instant now, LinkId id, LinkFailure why)
    {
        if (Links.Find(id) is { } link)
        {
            BecomeDown(now, link, why, isWanted: true);
            Pump(now);
        }
        else if (Links.FindSetUp(id) is { } setUp)
        {
            Fail(now, setUp, why, tellHost: false);
        }
    }

    /// <summary>Forgets every wish for a peer that is dead or gone, and ends its link.</summary>
    public void Forget(Instant now, RingId peer, LinkFailure why)
    {
        if (IndexOfWish(peer) is >= 0 and var at)
        {
            _wishes.RemoveAt(at);
        }

        _waiting.RemoveAll(offer => offer.From.Id == peer);
        for (var i = Links.SetUpCount - 1; i >= 0; i--)
        {
            if (Links.SetUps[i].PeerId == peer)
            {
                Fail(now, Links.SetUps[i], why);
            }
        }

        if (Links.FindOpen(peer) is { } link)
        {
            Close(now, link, why, isWanted: false);
        }
    }

    /// <summary>Ends everything: the node is leaving.</summary>
    public void CloseAll(Instant now, LinkFailure why)
    {
        _wishes.Clear();
        _waiting.Clear();
        while (Links.SetUpCount > 0)
        {
            Fail(now, Links.SetUps[^1], why);
        }

        while (Links.OpenCount > 0)
        {
            Close(now, Links.Open[Links.OpenCount - 1], why, isWanted: false);
        }
    }

    private void Close(Instant now, Link link, LinkFailure why, bool isWanted)
    {
        _context.Outbox.CloseLink(link.Id, link.PeerId, why);
        BecomeDown(now, link, why, isWanted);
    }

    private LinkWish? FindWish(RingId peer) => IndexOfWish(peer) is >= 0 and var at ? _wishes[at] : null;

    private int IndexOfWish(RingId peer)
    {
        for (var at = 0; at < _wishes.Count; at++)
        {
            if (_wishes[at].PeerId == peer)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Whether one more link may be wanted, beside those that are, open or not.</summary>
    private bool HasRoomForWish()
    {
        var count = _wishes.Count;
        foreach (var link in Links.Open)
        {
            count += link.Purpose == LinkPurpose.None ? 0 : 1;
        }

        return count < 2 * Links.MaxLinks;
    }

    /// <summary>Starts what waits, as far as there is room: first the offers of others, then the own wishes, each by urgency.</summary>
    private void Pump(Instant now)
    {
        while (Links.SetUpCount < Links.MaxSetUps && TakeMostUrgentOffer() is { } offer)
        {
            Accept(now, offer);
        }

        while (OutgoingCount() < OutgoingLimit && Links.SetUpCount < Links.MaxSetUps && MostUrgentWish(now) is { } wish)
        {
            BeginOffer(now, wish);
        }

        Schedule();
    }

    private int OutgoingCount()
    {
        var count = 0;
        foreach (var link in Links.SetUps)
        {
            count += link.IsIncoming ? 0 : 1;
        }

        return count;
    }

    private LinkWish? MostUrgentWish(Instant now)
    {
        LinkWish? best = null;
        foreach (var wish in _wishes)
        {
            if (wish.NotBefore <= now && IsIdle(wish)
                && (best is null || LinkWish.Urgency(wish.Purpose) < LinkWish.Urgency(best.Purpose)))
            {
                best = wish;
            }
        }

        return best;
    }

    private bool IsIdle(LinkWish wish) =>
        Links.FindSetUp(wish.PeerId, isIncoming: false) is null && Links.FindSetUp(wish.PeerId, isIncoming: true) is null;

    private WaitingOffer? TakeMostUrgentOffer()
    {
        var best = -1;
        for (var i = 0; i < _waiting.Count; i++)
        {
            if (best < 0 || LinkWish.Urgency(_waiting[i].Offer.Purpose) < LinkWish.Urgency(_waiting[best].Offer.Purpose))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return null;
        }

        var offer = _waiting[best];
        _waiting.RemoveAt(best);
        return offer;
    }

    private void Enter(Instant now, LinkSetUp link, LinkPhase phase)
    {
        link.Phase = phase;
        link.PhaseDue = now + PhaseLimits.Of(phase);
        _context.Outbox.Observe(Observation.LinkPhase, link.PeerId, link.Id, phase, LinkFailure.None, link.Purpose);
    }

    private void Fail(Instant now, LinkSetUp link, LinkFailure why, bool tellHost = true, IReadOnlyList<Descriptor>? alternatives = null)
    {
        Links.Remove(link);
        if (tellHost)
        {
            _context.Outbox.CloseLink(link.Id, link.PeerId, why);
        }

        _context.Outbox.Observe(Observation.LinkEnded, link.PeerId, link.Id, link.Phase, why, link.Purpose);
        if (!link.IsIncoming && link.Phase == LinkPhase.Signal && why is LinkFailure.Unreachable or LinkFailure.PhaseTimeout)
        {
            NoteUnreached(link.PeerId);
        }

        if (FindWish(link.PeerId) is { } wish && IsIdle(wish))
        {
            wish.Failed(now, ref _context.Prng);
            _events.Add(new(LinkEventKind.Failed, link.Id, wish.Peer, wish.Purpose, why, alternatives ?? []));
        }

        Pump(now);
    }

    /// <summary>
    /// Whom to send an offer through whose signals did not arrive the last times: each time another neighbour, of which one may be linked to both. Null: routing has
    /// not failed yet, or this node does not route.
    /// </summary>
    private RingId? DetourTo(RingId peer)
    {
        var failures = 0;
        foreach (var entry in _unreached)
        {
            failures = entry.Peer == peer ? entry.Count : failures;
        }

        if (failures == 0 || !_context.IsMember || Links.OpenCount == 0)
        {
            return null;
        }

        var via = Links.Open[(failures - 1) % Links.OpenCount];
        return via.Forwards && !via.IsSuspect && via.PeerId != peer ? via.PeerId : null;
    }

    private void NoteUnreached(RingId peer)
    {
        var count = 1;
        for (var i = _unreached.Count - 1; i >= 0; i--)
        {
            if (_unreached[i].Peer == peer)
            {
                count = _unreached[i].Count + 1;
                _unreached.RemoveAt(i);
            }
        }

        if (_unreached.Count == MaxUnreached)
        {
            _unreached.RemoveAt(0);
        }

        _unreached.Add((peer, count));
    }

    private void BecomeDown(Instant now, Link link, LinkFailure why, bool isWanted)
    {
        var (peer, purpose) = (link.Peer, link.Purpose);
        Links.Remove(link);
        _context.Outbox.Observe(Observation.LinkEnded, peer.Id, link.Id, LinkPhase.Open, why, purpose);
        if (isWanted && purpose != LinkPurpose.None)
        {
            var wish = new LinkWish(peer.Id) { Peer = peer, Purpose = purpose };
            wish.Succeeded(now); // Wanted and lost: tried again at once.
            _wishes.Add(wish);
        }

        _events.Add(new(LinkEventKind.Down, link.Id, peer, purpose, why, []));
        Schedule();
    }

    /// <summary>Makes room for a link of the ring, or of the tree, by giving up the least useful one. False where none is needed less.</summary>
    private bool TryMakeRoom(Instant now, LinkPurpose purpose)
    {
        if (!Links.IsFull)
        {
            return true;
        }

        if (Links.LeastUseful(now, purpose) is not { } least)
        {
            return false;
        }

        Close(now, least, LinkFailure.Preempted);
        return true;
    }

    private void Schedule()
    {
        var due = Instant.Never;
        foreach (var link in Links.SetUps)
        {
            due = Instant.Min(due, Instant.Min(link.PhaseDue, link.Due));
        }

        due = Instant.Min(due, Links.FirstNote(LinkNoteKind.Unneeded) + _context.Options.UnneededLinkTimeout);
        foreach (var offer in _waiting)
        {
            due = Instant.Min(due, offer.ArrivedAt + PhaseLimits.Signal);
        }

        if (OutgoingCount() < OutgoingLimit && Links.SetUpCount < Links.MaxSetUps)
        {
            foreach (var wish in _wishes)
            {
                if (wish.NotBefore < due && IsIdle(wish))
                {
                    due = wish.NotBefore;
                }
            }
        }

        _nextDue = due;
    }
}
