using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Links;

/// <summary>An open link to another node: both proofs were checked. A handle on an entry of the <see cref="LinkTable"/>, and good until the link is removed.</summary>
public readonly struct Link : IEquatable<Link>
{
    private readonly LinkTable _table;
    private readonly int _at;

    internal Link(LinkTable table, LinkId id, int at) => (_table, Id, _at) = (table, id, at);

    /// <summary>Its name towards the host.</summary>
    public LinkId Id { get; }

    /// <summary>The other end's position.</summary>
    public RingId PeerId => LinkFlags.PeerOf(Place);

    /// <summary>The other end, with its verified certificate.</summary>
    public Contact Peer
    {
        get => _table.PeerAt(At);
        set => _table.PeerAt(At) = value;
    }

    /// <summary>Whether the other side offered.</summary>
    public bool IsIncoming => (Place & LinkFlags.Incoming) != 0;

    /// <summary>What this side wants it for; none: only the other side does.</summary>
    public LinkPurpose Purpose
    {
        get => LinkFlags.PurposeOf(Place);
        set => LinkFlags.SetPurpose(ref Place, value);
    }

    /// <summary>What the other side needs it for: from its offer, then from each of its status messages.</summary>
    public LinkPurpose PeerPurpose
    {
        get => LinkFlags.PeerPurposeOf(Place);
        set => LinkFlags.SetPeerPurpose(ref Place, value);
    }

    /// <summary>The phase that the other side declared. Only members forward for others.</summary>
    public NodePhase PeerPhase
    {
        get => LinkFlags.PeerPhaseOf(Place);
        set => LinkFlags.SetPeerPhase(ref Place, value);
    }

    /// <summary>How closely it is watched.</summary>
    public LinkWatch Watch
    {
        get => LinkFlags.WatchOf(Place);
        set => LinkFlags.SetWatch(ref Place, value);
    }

    /// <summary>Silent for too long: it carries messages only where nothing else does.</summary>
    public bool IsSuspect
    {
        get => (Place & LinkFlags.Suspect) != 0;
        set => Place = value ? Place | LinkFlags.Suspect : Place & ~LinkFlags.Suspect;
    }

    /// <summary>Whether messages for others may go this way: a joiner would be a black hole (mechanisms §2).</summary>
    public bool Forwards => PeerPhase is NodePhase.Member or NodePhase.Founding;

    /// <summary>Whether the other side is no member (yet): its messages need this node as their anchor, and it may bring no others'.</summary>
    public bool IsNewcomer => PeerPhase is not (NodePhase.Member or NodePhase.Founding or NodePhase.Leaving);

    private int At => _table.IndexOf(Id, _at);

    private ref ulong Place => ref _table.PlaceAt(At);

    public static bool operator ==(Link left, Link right) => left.Equals(right);

    public static bool operator !=(Link left, Link right) => !left.Equals(right);

    /// <summary>The last sign of life, or the moment from which its silence counts. To 1.6 µs, rounded down.</summary>
    public Instant HeardAt(Instant now) => _table.HeardAt(now, At);

    /// <summary>It speaks: whatever was sent over it has a working way.</summary>
    public void Hear(Instant now) => _table.HearAt(now, At);

    /// <summary>Its silence counts from now on; what was sent over it still waits for an answer.</summary>
    public void Restart(Instant now) => _table.RestartAt(now, At);

    /// <summary>
    /// A message goes out over it. False where the first one without an answer went out before, or where it answers a message of this very moment; else it is
    /// noted that nothing came back since <paramref name="now"/>, not even an acknowledgement.
    /// </summary>
    public bool TryBeginUse(Instant now) => _table.TryBeginUseAt(now, At);

    /// <summary>Nothing came back from it in time, not even an acknowledgement. False where it was as slow the last time, too: that is its way then.</summary>
    public bool TryNoteSlow(Instant now) => _table.TryNote(now, Id, LinkNoteKind.Slow);

    /// <summary>Notes since when neither side needs it, or that one does.</summary>
    public void JudgeNeed(Instant now)
    {
        if ((Purpose | PeerPurpose) != LinkPurpose.None)
        {
            _table.TryForgetNote(Id, LinkNoteKind.Unneeded);
        }
        else
        {
            _table.TryNote(now, Id, LinkNoteKind.Unneeded);
        }
    }

    /// <summary>Whether one more message of this neighbour may be passed on.</summary>
    public bool TryTakeQuota(Instant now, int perSecond) => _table.TryTakeQuota(now, Id, perSecond);

    public bool Equals(Link other) => _table == other._table && Id == other.Id;

    public override bool Equals(object? obj) => obj is Link other && Equals(other);

    public override int GetHashCode() => Id.GetHashCode();

    public override string ToString() => $"{Id} to {PeerId}, open";
}
