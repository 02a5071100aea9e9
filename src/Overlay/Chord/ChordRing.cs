using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

/// <summary>The two direct neighbours on the ring, which the failure detector watches closest; null where there is none.</summary>
public readonly record struct RingNeighbours(RingId? Successor, RingId? Predecessor);

/// <summary>The ring machine of one node: the corrected Chord (P. Zave, TSE 2017), its founding, its fingers, and who owns which arc.</summary>
/// <remarks>
/// <para>A sub-machine of the node: handles, commands and <see cref="Advance"/> carry the time; what must be done goes to the <see cref="INodePort"/>, which never
/// calls back. Cut by procedure: Joining, Stabilization, Rectification, Fingers, Founding, Arcs, Leaving, Wishes (links), Answers.</para>
/// <para>Invariant (Zave §5): every member has a living entry in its successor list, and no successor list skips a <i>principal</i>, of which there are at least
/// r + 1. Each step queries at most one other node, and the successor list does not change between the query and its answer, or the answer is refused.</para>
/// <para>Three things that the 2001 paper had are missing on purpose: a silent predecessor is not flushed, lists hold no artificial entries, and nothing but a
/// confirmed death (<see cref="PeerDied"/>) or a good-bye removes an entry. Wanting a link is not a step: the ring goes on with what it has.</para>
/// </remarks>
public sealed partial class ChordRing
{
    private readonly OverlayOptions _options;
    private readonly INodePort _port;
    private readonly IArcContents _contents;
    private SuccessorList _successors;
    private DepartedNodes _departed;
    private ArcOwnership _arcs;
    private FingerTable _fingers;
    private readonly RingId _self;
    private RareList<Contact> _resolved;
    private RareList<Descriptor> _unknown;
    private Prng _random;
    private Contact? _predecessor;
    private bool _predecessorGone;

    /// <summary>Makes the ring machine of a node that has its certificate: <c>port.Self</c> must be known.</summary>
    public ChordRing(OverlayOptions options, INodePort port, Prng random, IArcContents contents)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        (_options, _port, _random, _contents) = (options, port, random, contents);
        _self = port.Self.Id;
        _successors = new(_self, options.SuccessorListLength);
        _arcs = new(_self);
        _fingers = new(options.MaxFingers);
    }

    /// <summary>Where the node is in its life on the ring.</summary>
    public NodePhase Phase { get; private set; }

    /// <summary>Whether it has a place: it forwards for others and may own keys.</summary>
    public bool IsMember => Phase is NodePhase.Founding or NodePhase.Member;

    /// <summary>The epoch of the founding that this ring came from; grows with each return to founding.</summary>
    public int Epoch { get; private set; }

    /// <summary>The predecessor, unless its death is confirmed and no other has come yet.</summary>
    public Contact? Predecessor => _predecessorGone ? null : _predecessor;

    /// <summary>The successor list, nearest first.</summary>
    public ReadOnlySpan<Contact> Successors => _successors.Entries;

    /// <summary>About how many members the ring has: as many as lie in its list for each part of the ring that the list spans.</summary>
    public int RoughSize
    {
        get
        {
            var count = _successors.Count;
            if (count < _successors.Capacity)
            {
                return count + 1; // Everybody.
            }

            var span = _self.ClockwiseTo(_successors.Entries[^1].Id);
            return (int)Math.Min(int.MaxValue, count * ((double)(1UL << RingId.Bits) / Math.Max(1, span)));
        }
    }

    /// <summary>The fingers.</summary>
    public ref readonly FingerTable Fingers => ref _fingers;

    /// <summary>Whether this node answers for <paramref name="key"/>.</summary>
    public bool Owns(RingId key) => _arcs.Owns(key);

    /// <summary>The arc that this node answers for, if any.</summary>
    public RingArc? OwnedArc => _arcs.Arc;

    /// <summary>Whom the failure detector watches closest.</summary>
    public RingNeighbours RingNeighbours => new(_successors.Count > 0 ? _successors.First.Id : null, Predecessor?.Id);

    /// <summary>An answer that is here but waits for certificates: it may still be adopted (the checker of assumptions looks at it).</summary>
    public Neighbours? HeldAnswer => _query?.Held;

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue
    {
        get
        {
            var due = Instant.Min(_stabilizeDue, _query?.Deadline ?? Moment.Never);
            due = Instant.Min(due, Instant.Min(_joinDue, _arcsDue));
            due = Instant.Min(Instant.Min(due, _standInsDue), Instant.Min(_fingerDue, _leaveDue));
            return _merge is null ? due : Instant.Min(due, _merge.NextDue);
        }
    }

    /// <summary>Reads a word of each line of memory that a step touches (<see cref="OverlayNode.Recall"/>).</summary>
    internal long Recall() =>
        _stabilizeDue.Ticks + _joinDue.Ticks + _arcsDue.Ticks + _fingerDue.Ticks + _leaveDue.Ticks + _predecessorHeardAt.Ticks + _gapDue.Ticks + _successors.Count
        + (long)_fingerNonce + Epoch + (_query is null ? 0 : 1) + (_founding is null ? 0 : 1) + _notifiers.Count + _resolved.Count;

    /// <summary>Does what is due.</summary>
    public void Advance(Instant now)
    {
        if (_query is { } query && now >= query.Deadline)
        {
            QueryTimedOut(now, query);
        }

        if (now >= _joinDue)
        {
            AdvanceJoin(now);
        }

        if (now >= _stabilizeDue)
        {
            AdvanceStabilize(now);
        }

        if (now >= _arcsDue)
        {
            AdvanceArcs(now);
        }

        if (now >= _fingerDue)
        {
            AdvanceFingers(now);
        }

        if (now >= _standInsDue)
        {
            StandInsMayBeKnown(now, isLate: true);
        }

        if (now >= _leaveDue)
        {
            FinishLeaving(now);
        }

        AdvanceMerge(now);
    }

    /// <summary>A link to <paramref name="peer"/> is open and proved, whoever wanted it.</summary>
    public void LinkUp(Instant now, in Contact peer)
    {
        Heard(now, peer);
        switch (Phase)
        {
            case NodePhase.Member:
                StandInLinked(peer.Id);
                RingLinkUp(now, peer);
                break;
            case NodePhase.Founding:
                FoundingLinkUp(now, peer);
                MergeLinkUp(now, peer);
                break;
            case NodePhase.Joining or NodePhase.Rejoin:
                JoinLinkUp(now);
                break;
        }
    }

    /// <summary>An open link ended. That says nothing about the peer's life.</summary>
    public void LinkDown(Instant now, RingId peer)
    {
        RemoveSpectator(peer);
        _merge?.Bridges.Remove(peer);
        if (_fingers.Contains(peer) && !_successors.Entries.Contains(peer))
        {
            DropFinger(now, peer); // Fingers are dropped without confirmation; the next look-up finds whoever is there.
        }

        if (IsMember)
        {
            WishForLinks(now);
        }
    }

    /// <summary>A link that the ring wanted could not be set up. Never evidence of death.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="peer">Whom it was to reach.</param>
    /// <param name="why">Why not.</param>
    /// <param name="alternatives">Members near it that a full peer named.</param>
    public void LinkFailed(Instant now, in Contact peer, LinkFailure why, ReadOnlySpan<Descriptor> alternatives)
    {
        var answered = why is LinkFailure.Full or LinkFailure.Refused or LinkFailure.Duplicate or LinkFailure.Preempted or LinkFailure.Unneeded;
        if (Phase is NodePhase.Joining or NodePhase.Rejoin)
        {
            JoinLinkFailed(now, peer.Id);
        }
        else if (!answered && IsMember && _successors.Entries.Contains(peer.Id))
        {
            _port.Suspect(now, peer);
        }

        _wishes.Remove(peer.Id); // Wished for again in the next round.
        if (_fingers.Contains(peer.Id))
        {
            FingerLinkFailed(now, peer, why, alternatives);
        }
    }

    /// <summary>The death of <paramref name="peer"/> is confirmed. Nothing else is evidence.</summary>
    public void PeerDied(Instant now, RingId peer)
    {
        if (Phase == NodePhase.Rejoin)
        {
            JoinPeerDeparted(now, peer); // Whoever fell out of the ring was away itself, and is no judge of others' lives.
        }
        else if (peer != _self)
        {
            Depart(now, peer, LastInstanceOf(peer), saidGoodBye: false);
        }
    }

    /// <summary>Certificates became known: steps that wait for them are looked at again.</summary>
    public void CertificatesArrived(Instant now)
    {
        ResumeHeldStates(now);
        ResumeHeldOwner(now);
        StandInsMayBeKnown(now, isLate: false);
        if (_query is { Held: { } held } query)
        {
            OnAnswer(now, query, held);
        }
    }

    /// <summary>Takes a node out of everything: the fail step of the proof, announced or confirmed.</summary>
    private void Depart(Instant now, RingId peer, long instance, bool saidGoodBye)
    {
        if (saidGoodBye && !_departed.Contains(peer, instance))
        {
            PeerLeft(peer);
        }

        if (!saidGoodBye && Phase == NodePhase.Member)
        {
            NoteVanished(now, peer);
        }

        _departed.Add(now, peer, instance, saidGoodBye);
        DropNotifier(peer);
        RemoveSpectator(peer);
        _wishes.Remove(peer);
        if (_query?.Target.Id == peer)
        {
            _query = null;
        }

        if (_fingers.Contains(peer))
        {
            DropFinger(now, peer);
        }

        switch (Phase)
        {
            case NodePhase.Member:
                DepartFromRing(now, peer, saidGoodBye);
                break;
            case NodePhase.Founding:
                DepartFromFounding(now, peer, saidGoodBye ? FoundingMark.Left : FoundingMark.Evicted);
                break;
            case NodePhase.Joining or NodePhase.Rejoin:
                JoinPeerDeparted(now, peer);
                break;
            case NodePhase.Leaving:
                GranteeDeparted(now, peer);
                break;
        }
    }

    /// <summary>A sign of life of <paramref name="peer"/>, and perhaps news of a newer instance.</summary>
    private void Heard(Instant now, in Contact peer)
    {
        _departed.Heard(peer.Id, peer.Instance);
        if (peer.Instance > LastInstanceOf(peer.Id) && IsMember && !_departed.Contains(peer.Id, peer.Instance) && LastInstanceOf(peer.Id) > 0)
        {
            // The newest instance wins: what the tables know of this node is gone, and the new one comes in by its own steps.
            Depart(now, peer.Id, LastInstanceOf(peer.Id), saidGoodBye: false);
        }
    }

    /// <summary>The newest instance of <paramref name="id"/> in the tables, 0 where it is in none.</summary>
    private long LastInstanceOf(RingId id)
    {
        var instance = 0L;
        foreach (ref readonly var entry in _successors.Entries)
        {
            if (entry.Id == id)
            {
                instance = Math.Max(instance, entry.Instance);
            }
        }

        if (_predecessor is { } predecessor && predecessor.Id == id)
        {
            instance = Math.Max(instance, predecessor.Instance);
        }

        return instance;
    }

    private void BecomePhase(NodePhase phase)
    {
        Phase = phase;
        _port.Observe(new() { Observation = Observation.PhaseChanged, Phase = phase });
    }

    private void PeerLeft(RingId peer) => _port.Observe(new() { Observation = Observation.PeerLeft, Message = new() { Source = peer } });

    private void NeighboursChanged() => _port.Observe(new() { Observation = Observation.NeighboursChanged, Phase = Phase });

    /// <summary>Verified contacts of <paramref name="descriptors"/> in their order, in <see cref="_resolved"/>. Stops at the first unknown one; asks for all unknown.</summary>
    /// <returns>Whether all are known.</returns>
    private bool TryResolve(Instant now, RingId from, IReadOnlyList<Descriptor> descriptors, int max)
    {
        _resolved.Clear();
        _unknown.Clear();
        var count = Math.Min(descriptors.Count, max);
        for (var index = 0; index < count; index++)
        {
            var descriptor = descriptors[index];
            if (_departed.Contains(descriptor.Id, descriptor.Instance))
            {
                continue; // Gone anyhow: not worth a certificate.
            }

            if (descriptor.Id == _self)
            {
                AddResolved(_port.Self);
            }
            else if (_port.TryResolve(descriptor, out var contact))
            {
                AddResolved(contact);
            }
            else
            {
                _unknown.Add(descriptor);
            }
        }

        if (_unknown.Count == 0)
        {
            return true;
        }

        _port.FetchCertificates(now, from, _unknown.Items);
        _unknown.Clear();
        return false;
    }

    private void AddResolved(in Contact contact)
    {
        if (_unknown.Count == 0)
        {
            _resolved.Add(contact); // A list with a hole would skip somebody; it ends where knowledge ends.
        }
    }

    private Span<Contact> Resolved => _resolved.Items;

    private static bool IsBetween(RingId after, RingId id, RingId before) => RingArc.StrictlyBetween(after, before).Contains(id);

    private TimeSpan Spread(TimeSpan period) => _random.Between(period * 0.9, period * 1.1);
}

/// <summary>Small questions about spans of contacts.</summary>
internal static class Contacts
{
    /// <summary>Whether <paramref name="id"/> is among them.</summary>
    public static bool Contains(this ReadOnlySpan<Contact> contacts, RingId id)
    {
        foreach (ref readonly var contact in contacts)
        {
            if (contact.Id == id)
            {
                return true;
            }
        }

        return false;
    }
}
