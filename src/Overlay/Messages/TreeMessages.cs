using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

// How a newcomer finds its place, and how a part of the tree moves:
//   o → TreeJoin → … → root → TreeJoin → child → … → t;  t → TreePlace → o;  o opens a link to t;  o → TreeAttach → t;  t → TreeAttached → o
// How the tree keeps itself, each second:
//   parent → TreeBeacon → child;  child → TreeEcho → parent         and on a change: parent → TreePosition → child;  child → TreeTable → parent

/// <summary>The time of a tree, by which cycles are kept out: who is its root, and how many beacons that root has sent.</summary>
/// <remarks>Ordered by epoch, then rank, then sequence. A node's clock never goes back, and no parent's is behind its child's.</remarks>
/// <param name="Epoch">Grows with each new root.</param>
/// <param name="Rank">Of two roots of one epoch the one of the higher rank stays.</param>
/// <param name="Sequence">Beacons of this root.</param>
public readonly record struct TreeClock(uint Epoch, byte Rank, uint Sequence) : IComparable<TreeClock>
{
    /// <summary>The root's beat: equal where one root speaks.</summary>
    public ulong Reign => ((ulong)Epoch << 8) | Rank;

    public static bool operator <(TreeClock left, TreeClock right) => left.CompareTo(right) < 0;

    public static bool operator >(TreeClock left, TreeClock right) => left.CompareTo(right) > 0;

    public static bool operator <=(TreeClock left, TreeClock right) => left.CompareTo(right) <= 0;

    public static bool operator >=(TreeClock left, TreeClock right) => left.CompareTo(right) >= 0;

    public int CompareTo(TreeClock other) => Reign != other.Reign ? Reign.CompareTo(other.Reign) : Sequence.CompareTo(other.Sequence);

    public override string ToString() => $"{Epoch}.{Rank}.{Sequence}";
}

/// <summary>How a place is chosen for who asks.</summary>
public enum TreeSearch : byte
{
    /// <summary>By the hash of asker and node, as the seed did: a newcomer.</summary>
    Delegated,

    /// <summary>The free place nearest to the root: a node or a whole subtree that moves.</summary>
    Highest,
}

/// <summary><c>[nonce, search, origin, via | nil, certificate | nil]</c>: asks for a place. It goes to the root, and from there down, node by node.</summary>
/// <param name="Nonce">Repeated by <see cref="TreePlace"/>; the same for every repetition of one attempt.</param>
/// <param name="Search">How the place is chosen.</param>
/// <param name="Origin">Who asks.</param>
/// <param name="Via">The anchor through which the asker is answered.</param>
public sealed record TreeJoin(ulong Nonce, TreeSearch Search, RingId Origin, RingId? Via) : Payload
{
    /// <summary>The asker's certificate, on the way to the root only.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.TreeJoin;
}

/// <summary><c>[nonce, epoch, rank, sequence, depth, certificate]</c>: the sender keeps a place free for the asker for a while.</summary>
/// <param name="Nonce">The question's.</param>
/// <param name="Clock">The sender's clock.</param>
/// <param name="Depth">Of the sender; the root's is 0.</param>
/// <param name="Certificate">The sender's.</param>
public sealed record TreePlace(ulong Nonce, TreeClock Clock, int Depth, NodeCertificate Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.TreePlace;
}

/// <summary>Why somebody wants a parent.</summary>
public enum TreeReason : byte
{
    /// <summary>A newcomer takes the place that was kept for it.</summary>
    Join,

    /// <summary>Its parent is dead: it wants to be fostered, with its subtree, until a place is found.</summary>
    Foster,

    /// <summary>It takes the place of a dead child (<see cref="TreeAttach.Former"/>).</summary>
    Replace,

    /// <summary>It moves from a living parent to the node that took its dead parent's place, or to a better one.</summary>
    Move,

    /// <summary>The root is dead: a vote for the receiver, its stand-in.</summary>
    RootLost,
}

/// <summary><c>[nonce, reason, epoch, rank, sequence, size, former | nil, grandparent | nil, slot (, vote (bin 64))]</c>: asks the receiver to be its parent.</summary>
/// <param name="Nonce">Repeated by the answer.</param>
/// <param name="Reason">Why.</param>
/// <param name="Clock">The asker's clock, which stands still until the answer: only a node with a later one may accept.</param>
/// <param name="Size">Nodes of the asker's subtree, itself included.</param>
/// <param name="Former">The dead parent, or the dead child whose place is taken.</param>
/// <param name="Grandparent">The dead parent's parent, as far as the asker knows it.</param>
public sealed record TreeAttach(ulong Nonce, TreeReason Reason, TreeClock Clock, int Size, RingId? Former, Descriptor? Grandparent) : Payload
{
    /// <summary>The child number that it had and wants to have again; <see cref="TreeAttached.NoSlot"/>: any.</summary>
    public byte Slot { get; init; } = TreeAttached.NoSlot;

    /// <summary>With <see cref="TreeReason.RootLost"/>: the vote, signed for others to see (<see cref="RootWarrant"/>); empty where none is.</summary>
    public ReadOnlyMemory<byte> Vote { get; init; }

    public override MessageKind Kind => MessageKind.TreeAttach;
}

/// <summary>The answer to who wants a parent.</summary>
public enum TreeVerdict : byte
{
    /// <summary>The asker is a child now.</summary>
    Accepted,

    /// <summary>The receiver's clock is not later than the asker's (yet).</summary>
    NotYet,

    /// <summary>No place.</summary>
    Full,

    /// <summary>The receiver is in no tree, or not what the asker takes it for.</summary>
    Refused,
}

/// <summary><c>[nonce, verdict, epoch, rank, sequence, slot]</c>.</summary>
/// <param name="Nonce">The question's.</param>
/// <param name="Verdict">The answer.</param>
/// <param name="Clock">The receiver's clock.</param>
/// <param name="Slot">The child's number, 0 … degree − 1; <see cref="NoSlot"/> for a foster child.</param>
public sealed record TreeAttached(ulong Nonce, TreeVerdict Verdict, TreeClock Clock, byte Slot) : Payload
{
    /// <summary>A foster child has no number: no delegation leads to it.</summary>
    public const byte NoSlot = byte.MaxValue;

    public override MessageKind Kind => MessageKind.TreeAttached;
}

/// <summary><c>[epoch, rank, sequence]</c>: from the root to the leaves, each second. A node without a parent repeats its last one to its children.</summary>
public sealed record TreeBeacon(TreeClock Clock) : Payload
{
    public override MessageKind Kind => MessageKind.TreeBeacon;

    internal override int Measure() =>
        WireLengths.One + WireLengths.Of((ulong)Clock.Epoch) + WireLengths.Of((ulong)Clock.Rank) + WireLengths.Of((ulong)Clock.Sequence);
}

/// <summary>What a node says of its subtree: where there is room, and where it is deepest. Depths count from the node itself, which is 0.</summary>
/// <param name="Size">Nodes, itself included.</param>
/// <param name="FreeDepth">Depth of the highest node with a free place.</param>
/// <param name="FreeCount">Free places at that depth.</param>
/// <param name="LeafDepth">Depth of the deepest leaf.</param>
/// <param name="LeafCount">Leaves at that depth.</param>
public readonly record struct TreeShape(int Size, byte FreeDepth, int FreeCount, byte LeafDepth, int LeafCount)
{
    /// <summary>There is no free place.</summary>
    public const byte NoFree = byte.MaxValue;
}

/// <summary><c>[sequence, size, freeDepth, freeCount, leafDepth, leafCount]</c>: a child answers each beacon, so both ends notice silence.</summary>
public sealed record TreeEcho(uint Sequence, TreeShape Shape) : Payload
{
    public override MessageKind Kind => MessageKind.TreeEcho;

    internal override int Measure() => WireLengths.One + WireLengths.Of((ulong)Sequence) + WireLengths.Of((long)Shape.Size)
        + WireLengths.Of((ulong)Shape.FreeDepth) + WireLengths.Of((long)Shape.FreeCount) + WireLengths.Of((ulong)Shape.LeafDepth) + WireLengths.Of((long)Shape.LeafCount);
}

/// <summary>A node on the way from the root, and which of its places the way goes through.</summary>
/// <param name="Node">The node.</param>
/// <param name="Slot">The number of its child on the way; <see cref="TreeAttached.NoSlot"/> for a foster child.</param>
public readonly record struct TreeStep(Descriptor Node, byte Slot);

/// <summary><c>[[[ancestor, slot]…], spare | nil, uncle | nil, [stand-in…], rootChildren (, warrant)]</c>: where the receiver is; sent when it changes.</summary>
/// <param name="Ancestors">From the root to the sender.</param>
/// <param name="Spare">To whom the receiver keeps its spare link.</param>
/// <param name="Uncle">To whom the receiver's children keep theirs.</param>
/// <param name="StandIns">Who takes the root's place when it dies, in this order.</param>
/// <param name="RootChildren">Children of the root: of so many the majority decides that it is dead.</param>
public sealed record TreePosition(
    IReadOnlyList<TreeStep> Ancestors,
    Descriptor? Spare,
    Descriptor? Uncle,
    IReadOnlyList<Descriptor> StandIns,
    int RootChildren) : Payload
{
    /// <summary>Levels of a tree: a message must come up and down again with its 64 hops.</summary>
    public const int MaxDepth = 30;

    /// <summary>Stand-ins of a root.</summary>
    public const int MaxStandIns = 3;

    /// <summary>What shows the root to be one; only where the receiver was not told before.</summary>
    public RootWarrant? Warrant { get; init; }

    public override MessageKind Kind => MessageKind.TreePosition;
}

/// <summary><c>[reset, added (bin 6 × n), gone (bin 6 × n)]</c>: which nodes came and went below the sender.</summary>
/// <param name="Reset">What the receiver knew of the sender's subtree is void; the list begins anew.</param>
/// <param name="Added">Nodes reached through the sender.</param>
/// <param name="Gone">Nodes not reached through it any more.</param>
public sealed record TreeTable(bool Reset, IReadOnlyList<RingId> Added, IReadOnlyList<RingId> Gone) : Payload
{
    /// <summary>Ids of one list in a message: both fit in it.</summary>
    public const int MaxIds = 4096;

    public override MessageKind Kind => MessageKind.TreeTable;
}

/// <summary><c>[count, hash]</c>: what a child says of its subtree now and then; where the parent counts otherwise it sends the same back, and the child lists all.</summary>
/// <param name="Count">Nodes, the child included.</param>
/// <param name="Hash">Of their ids, in any order.</param>
public sealed record TreeDigest(int Count, ulong Hash) : Payload
{
    public override MessageKind Kind => MessageKind.TreeDigest;
}

/// <summary>What a leaf is asked to do.</summary>
public enum TreeTask : byte
{
    /// <summary>Move to a place nearer to the root, if there is one below the sender.</summary>
    Lift,

    /// <summary>Take the place of a dead node.</summary>
    TakePlace,

    /// <summary>Stand in for the root when it dies.</summary>
    StandIn,
}

/// <summary><c>[task, nonce, from, rank, subject, parent | nil]</c>: goes down, always to the child with the deepest leaves, until a leaf takes it.</summary>
/// <param name="Task">What is asked.</param>
/// <param name="Nonce">Repeated by the answer.</param>
/// <param name="From">Who asks.</param>
/// <param name="Rank">Of the stand-in.</param>
/// <param name="Subject">The dead node.</param>
/// <param name="Parent">The dead node's parent.</param>
public sealed record TreeErrand(TreeTask Task, ulong Nonce, Descriptor From, byte Rank, RingId Subject, Descriptor? Parent) : Payload
{
    public override MessageKind Kind => MessageKind.TreeErrand;
}

/// <summary>What a <see cref="TreeNotice"/> says.</summary>
public enum TreeNews : byte
{
    /// <summary>The sender is not the receiver's child any more.</summary>
    Detached,

    /// <summary>The receiver is not the sender's child.</summary>
    NotMyChild,

    /// <summary>The place of the subject is taken by the node named.</summary>
    PlaceTaken,

    /// <summary>A foster child's place is at the node named.</summary>
    MoveTo,

    /// <summary>The sender is ready to stand in for the root.</summary>
    StandInReady,

    /// <summary>There is a tree of that reign; the node named belongs to it. With a nonce the receiver says the same of its own tree.</summary>
    Reign,

    /// <summary>Somebody without a parent wants to join whose clock comes from a later reign than the tree's.</summary>
    Outlived,
}

/// <summary><c>[news, nonce, epoch, rank, subject, node | nil (, warrant)]</c>.</summary>
/// <param name="News">What happened.</param>
/// <param name="Nonce">Of the errand it answers, or 0.</param>
/// <param name="Epoch">The reign spoken of.</param>
/// <param name="Rank">Its rank; or that of a stand-in.</param>
/// <param name="Subject">The node spoken of.</param>
/// <param name="Node">Whom to turn to.</param>
public sealed record TreeNotice(TreeNews News, ulong Nonce, uint Epoch, byte Rank, RingId Subject, Descriptor? Node) : Payload
{
    /// <summary>With <see cref="TreeNews.Reign"/>: what shows that tree's root to be one, where anything does.</summary>
    public RootWarrant? Warrant { get; init; }

    public override MessageKind Kind => MessageKind.TreeNotice;
}

/// <summary><c>[epoch, rank, [root child…] (, signature (bin 64))]</c>: the root tells a stand-in whose votes count. From the root only.</summary>
/// <param name="Epoch">The root's.</param>
/// <param name="Rank">Which stand-in it is: the first has the highest.</param>
/// <param name="View">The root's children.</param>
public sealed record TreeStandIn(uint Epoch, byte Rank, IReadOnlyList<Descriptor> View) : Payload
{
    /// <summary>The root's, over all of it, for others to see (<see cref="RootWarrant"/>); empty where there is none.</summary>
    public ReadOnlyMemory<byte> Signature { get; init; }

    public override MessageKind Kind => MessageKind.TreeStandIn;
}

/// <summary><c>[id]</c>: the sender was sent a message for a node that is not below it; the receiver's table is out of date there.</summary>
public sealed record TreeNotHere(RingId Id) : Payload
{
    public override MessageKind Kind => MessageKind.TreeNotHere;
}
