using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

/// <summary>The tree machine of one node: a tree of bounded degree under an appointed root, that repairs itself.</summary>
/// <remarks>
/// <para>A sub-machine of the node, as the ring is: handles, commands and <see cref="Advance"/> carry the time; what must be done goes to the
/// <see cref="INodePort"/>, which never calls back. Cut by procedure: Joining (the way in, and every other search for a parent), Delegation (whom a newcomer is passed
/// to), Children (who is accepted), Beacons, Tables, Positions (spare and far links), Repair (orphans and foster children), Root, Meeting (of two trees), Balance, Routing.</para>
/// <para>Invariant: there is no cycle of parents, whatever fails and however late messages are. Each node has a clock (epoch, rank, sequence) that never goes back; it
/// comes down from the root with the beacons, so that <em>every edge has clock(parent) ≥ clock(child)</em>. A node o that asks t to be its parent names its clock s and
/// lets it stand still until the answer (it is <see cref="IsFrozen"/>). t accepts only while clock(t) &gt; s. Proof: assume that t were below o at the moment when o
/// takes t as its parent. Every node below o has a clock ≤ clock(o) = s, by the invariant along the edges. But clock(t) &gt; s when it accepted, and clocks do not go
/// back: a contradiction. Should an ancestor-or-self t' of t have moved below o in between, then t' was accepted by some x below o, where clock(x) ≤ s &lt; clock(t)
/// ≤ clock(t'), so x would have refused. Nothing in this speaks of delays or of the number of failures. (A new parent's clock is later than its child's, so the
/// invariant of the edges holds for the new edge, too.)</para>
/// </remarks>
public sealed partial class OverlayTree
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly OverlayOptions _options;
    private readonly INodePort _port;
    private readonly RootAuthority? _authority;
    private readonly RingId _self;
    private readonly List<TreeChild> _children = [];
    private readonly SubtreeTable _table = new();
    private Prng _random;
    private Contact? _parent;
    private TreeClock _clock;
    private int _lastKey;
    private Moment _tickDue = Instant.Never;

    /// <summary>Makes the tree machine of a node that has its certificate: <c>port.Self</c> must be known.</summary>
    /// <param name="options">The protocol's tunables.</param>
    /// <param name="port">The node.</param>
    /// <param name="random">Decides schedules.</param>
    /// <param name="authority">Judges who is root; null: everybody who says so.</param>
    public OverlayTree(OverlayOptions options, INodePort port, Prng random, RootAuthority? authority = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        (_options, _port, _random, _authority) = (options, port, random, authority);
        _self = port.Self.Id;
    }

    /// <summary>Where the node is in its life in the tree.</summary>
    public NodePhase Phase { get; private set; }

    /// <summary>Whether it has, or had, a place: it forwards for others. An orphan stays a member; its subtree goes on working.</summary>
    public bool IsMember => Phase == NodePhase.Member;

    /// <summary>Whether this node is the root.</summary>
    public bool IsRoot { get; private set; }

    /// <summary>Whether it is a member without a parent that is not the root: it looks for a new one.</summary>
    public bool IsOrphan => IsMember && !IsRoot && _parent is null;

    /// <summary>Whether it is all the tree there is.</summary>
    public bool IsAlone => IsRoot && _children.Count == 0;

    /// <summary>The parent; null for the root and for who has none (yet).</summary>
    public Contact? Parent => _parent;

    /// <summary>The number among the parent's children; <see cref="TreeAttached.NoSlot"/> for a foster child.</summary>
    public byte Slot { get; private set; } = TreeAttached.NoSlot;

    /// <summary>The node's clock.</summary>
    public TreeClock Clock => _clock;

    /// <summary>The children's and foster children's ids.</summary>
    public IEnumerable<RingId> Children
    {
        get
        {
            foreach (var child in _children)
            {
                yield return child.Id;
            }
        }
    }

    /// <summary>Children with a number of their own: at most <see cref="OverlayOptions.MaxDegree"/>.</summary>
    public int ChildCount => _children.Count - FosterCount;

    /// <summary>Foster children: at most twice <see cref="OverlayOptions.MaxDegree"/>.</summary>
    public int FosterCount { get; private set; }

    /// <summary>Nodes below this one that it knows the way to.</summary>
    public int TableCount => _table.Count;

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue
    {
        get
        {
            var due = Instant.Min(_tickDue, _seek?.Due ?? Moment.Never);
            return Instant.Min(due, Instant.Min(_flushDue, _leaveDue));
        }
    }

    private int MaxDegree => _options.MaxDegree;

    /// <summary>Does what is due.</summary>
    public void Advance(Instant now)
    {
        if (now >= _leaveDue)
        {
            FinishLeaving();
            return;
        }

        if (_seek is { } seek && now >= seek.Due)
        {
            SeekDue(now, seek);
        }

        if (now >= _flushDue)
        {
            FlushTable(now);
        }

        if (now >= _tickDue)
        {
            Tick(now);
        }
    }

    /// <summary>A link to <paramref name="peer"/> is open and proved, whoever wanted it.</summary>
    public void LinkUp(Instant now, in Contact peer)
    {
        if (Phase == NodePhase.Leaving)
        {
            _port.Send(now, peer.Id, new Leaving(null, [])); // It came too late to hear it with the others.
            return;
        }

        if (FindChild(peer.Id) is { } child)
        {
            child.UnlinkedAt = Moment.Never;
            child.HeardAt = now;
        }

        if (_parent is { } parent && parent.Id == peer.Id)
        {
            _parentUnlinkedAt = Moment.Never;
            _parentHeardAt = now;
        }

        SpareLinkUp(now, peer.Id);
        SeekLinkUp(now, peer);
        NamedLinkUp(now, peer.Id);
    }

    /// <summary>An open link ended. That says nothing about the peer's life; after a while without one the tree goes on without the peer.</summary>
    public void LinkDown(Instant now, RingId peer)
    {
        if (Phase == NodePhase.Leaving)
        {
            FinishLeavingAlone();
            return;
        }

        if (FindChild(peer) is { } child && child.UnlinkedAt == Instant.Never)
        {
            child.UnlinkedAt = now;
        }

        if (_parent is { } parent && parent.Id == peer && _parentUnlinkedAt == Instant.Never)
        {
            _parentUnlinkedAt = now;
        }

        FarLinkDown(peer);
        SpareLinkDown(now, peer);
        SeekLinkDown(now, peer);
    }

    /// <summary>A link that the tree wanted could not be set up. Never evidence of death.</summary>
    public void LinkFailed(Instant now, in Contact peer, LinkFailure why)
    {
        FarLinkDown(peer.Id);
        SeekLinkFailed(now, peer.Id);
        SpareLinkFailed(peer.Id);
    }

    /// <summary>The death of <paramref name="peer"/> is confirmed, or it said good-bye.</summary>
    public void PeerDied(Instant now, RingId peer, bool hasLeft = false)
    {
        if (peer == _self || Phase is NodePhase.Idle or NodePhase.Left)
        {
            return;
        }

        ForgetCandidate(now, peer);
        FarLinkDown(peer);
        if (FindChild(peer) is { } child)
        {
            RemoveChild(now, child, hasLeft ? NeighbourEnd.Left : NeighbourEnd.Died);
        }

        StandInDied(now, peer);
        _awaited?.Remove(peer);
        SpareDied(now, peer);
        SeekPeerDied(now, peer);
        if (_parent is { } parent && parent.Id == peer)
        {
            ParentLost(now, hasLeft ? NeighbourEnd.Left : NeighbourEnd.Died);
        }
    }

    /// <summary>Ends the bond with the parent or a child, which is told. False where <paramref name="neighbour"/> is none.</summary>
    public bool Drop(Instant now, RingId neighbour)
    {
        if (FindChild(neighbour) is { } child)
        {
            _port.Send(now, neighbour, new TreeNotice(TreeNews.NotMyChild, 0, 0, 0, _self, null));
            RemoveChild(now, child, NeighbourEnd.Dropped);
            return true;
        }

        if (_parent is { } parent && parent.Id == neighbour)
        {
            _port.Send(now, neighbour, new TreeNotice(TreeNews.Detached, 0, 0, 0, _self, null));
            ParentLost(now, NeighbourEnd.Dropped);
            return true;
        }

        return false;
    }

    /// <summary>Certificates became known: steps that wait for them are looked at again.</summary>
    public void CertificatesArrived(Instant now)
    {
        ResolveSpare(now);
        ResumeResolving(now);
    }

    public override string ToString() =>
        $"{_self} {Phase}{(IsRoot ? " root" : "")} {_clock}, parent {_parent?.Id.ToString() ?? "-"}, depth {Depth}, {ChildCount} + {FosterCount} children{(_seek is { } seek ? $", {seek.Reason} {seek.Step}" : "")}";

    private void BecomePhase(NodePhase phase)
    {
        Phase = phase;
        _port.Observe(new() { Observation = Observation.PhaseChanged, Phase = phase });
    }

    private void Tell(Observation what, RingId neighbour) => _port.Observe(new() { Observation = what, Message = new() { Source = neighbour } });

    private void Changed() => _port.Observe(new() { Observation = Observation.NeighboursChanged, Phase = Phase });

    private TreeChild? FindChild(RingId id)
    {
        foreach (var child in _children)
        {
            if (child.Id == id)
            {
                return child;
            }
        }

        return null;
    }

    /// <summary>What is looked after once a second: the beat of the tree, and everything that lapses.</summary>
    private void Tick(Instant now)
    {
        _tickDue = now + Beat;
        if (!IsMember)
        {
            _tickDue = Moment.Never;
            return;
        }

        BeatTree(now);
        LapseCandidates(now);
        LapseChildren(now);
        TendParent(now);
        TendPosition(now);
        TendFosters(now);
        TendRoot(now);
        TendNamed(now);
        TendFence(now);
        TendBalance(now);
        TendTable(now);
        TendKeys(now);
    }
}
