using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Links;

/// <summary>All links of a node: those being set up, and the open ones in the order of the ring, as routing wants them.</summary>
/// <remarks>
/// <para>Invariants: at most one open link for each peer; at most <see cref="MaxLinks"/> open ones, and at most <see cref="MaxSetUps"/> set-ups beside
/// them; the open ones are sorted by position. No dictionaries and no object for a link: 24 bytes in three arrays, so that a search by position and one by name touch
/// a few cache lines each. What only few links have at a time (a message without an answer, a wait for the end, a used-up rate) is noted beside them.</para>
/// <code>
/// places:  position and flags (8)          sorted, see <see cref="LinkFlags"/>
/// names:   link id (4), heard (4)          the moment in units of 1.6 µs, which turn over after 1.9 hours: longer than any watch lets a link be silent
/// peers:   contact (8)                 its position again, instance and certificate, in an object that others share
/// </code>
/// </remarks>
public sealed partial class LinkTable
{
    private const int JoinUse = 3;
    private const int NeededUse = 4;
    private const int FirstRoom = 4;

    private ulong[] _places = [];
    private LinkName[] _names = [];
    private Contact[] _peers = [];
    private LinkSetUp[] _setUps = [];

    public LinkTable(int maxLinks, int maxSetUps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLinks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSetUps);
        (MaxLinks, MaxSetUps) = (maxLinks, maxSetUps);
    }

    /// <summary>The degree cap.</summary>
    public int MaxLinks { get; }

    /// <summary>The cap of set-ups in flight.</summary>
    public int MaxSetUps { get; }

    /// <summary>The open links in the order of the ring, from position 0.</summary>
    public OpenLinks Open => new(this);

    /// <summary>The links that are being set up, oldest first.</summary>
    public ReadOnlySpan<LinkSetUp> SetUps => _setUps.AsSpan(0, SetUpCount);

    public int OpenCount { get; private set; }

    public int SetUpCount { get; private set; }

    /// <summary>Whether another link would exceed the degree cap once every set-up succeeds.</summary>
    public bool IsFull => OpenCount + SetUpCount >= MaxLinks;

    /// <summary>The open link that the host calls <paramref name="id"/>.</summary>
    public Link? Find(LinkId id) => IndexOf(id) is >= 0 and var at ? new Link(this, id, at) : null;

    /// <summary>The link in its set-up that the host calls <paramref name="id"/>.</summary>
    public LinkSetUp? FindSetUp(LinkId id)
    {
        foreach (var setUp in SetUps)
        {
            if (setUp.Id == id)
            {
                return setUp;
            }
        }

        return null;
    }

    /// <summary>The open link to <paramref name="peer"/>.</summary>
    public Link? FindOpen(RingId peer) => IndexOf(peer) is >= 0 and var at ? LinkAt(at) : null;

    /// <summary>The set-up with <paramref name="peer"/> in the given direction.</summary>
    public LinkSetUp? FindSetUp(RingId peer, bool isIncoming)
    {
        foreach (var setUp in SetUps)
        {
            if (setUp.PeerId == peer && setUp.IsIncoming == isIncoming)
            {
                return setUp;
            }
        }

        return null;
    }

    /// <summary>Takes a link that begins its set-up; false where <see cref="MaxSetUps"/> are in flight.</summary>
    public bool TryAddSetUp(LinkSetUp setUp)
    {
        ArgumentNullException.ThrowIfNull(setUp);
        if (SetUpCount == MaxSetUps)
        {
            return false;
        }

        if (SetUpCount == _setUps.Length)
        {
            Array.Resize(ref _setUps, Math.Min(MaxSetUps, SetUpCount + 2));
        }

        _setUps[SetUpCount++] = setUp;
        return true;
    }

    /// <summary>
    /// Makes a set-up an open link that was heard now. False where the cap is reached or another link to the peer stands: the caller removes that one first.
    /// </summary>
    public bool TryOpen(Instant now, LinkSetUp setUp, out Link link)
    {
        ArgumentNullException.ThrowIfNull(setUp);
        if (!TryOpen(now, setUp.Id, setUp.PeerId, setUp.Peer, setUp.IsIncoming, out link))
        {
            return false;
        }

        Remove(setUp);
        link.Purpose = setUp.Purpose;
        link.PeerPurpose = setUp.PeerPurpose;
        link.PeerPhase = setUp.PeerPhase;
        return true;
    }

    /// <summary>Takes a link that is open and proved from the beginning, as <see cref="TryOpen(Instant, LinkSetUp, out Link)"/> does after a set-up.</summary>
    public bool TryOpen(Instant now, LinkId id, RingId peerId, in Contact peer, bool isIncoming, out Link link)
    {
        link = default;
        var place = LinkFlags.Of(peerId);
        var at = LowerBound(place);
        if (OpenCount == MaxLinks || (at < OpenCount && LinkFlags.PeerOf(_places[at]) == peerId))
        {
            return false;
        }

        Insert(at);
        _places[at] = place | (isIncoming ? LinkFlags.Incoming : 0);
        _names[at] = new() { Id = id.Value, Heard = StampOf(now) };
        _peers[at] = peer;
        link = LinkAt(at);
        return true;
    }

    /// <summary>Forgets a link before it is open.</summary>
    public void Remove(LinkSetUp setUp)
    {
        for (var i = 0; i < SetUpCount; i++)
        {
            if (_setUps[i] == setUp)
            {
                SetUpCount--;
                Array.Copy(_setUps, i + 1, _setUps, i, SetUpCount - i);
                _setUps[SetUpCount] = null!;
                _setUps = SetUpCount == 0 ? [] : _setUps; // A settled node sets nothing up for hours.
                return;
            }
        }
    }

    /// <summary>Forgets an open link; handles on it are void.</summary>
    public void Remove(Link link)
    {
        var at = IndexOf(link.Id);
        if (at < 0)
        {
            return;
        }

        OpenCount--;
        Array.Copy(_places, at + 1, _places, at, OpenCount - at);
        Array.Copy(_names, at + 1, _names, at, OpenCount - at);
        Array.Copy(_peers, at + 1, _peers, at, OpenCount - at);
        _peers[OpenCount] = default;
        ForgetNotes(link.Id);
    }

    /// <summary>Makes room for <paramref name="count"/> open links at once, at most <see cref="MaxLinks"/>: for a node that begins with them.</summary>
    public void Reserve(int count)
    {
        var room = Math.Min(MaxLinks, Math.Max(count, OpenCount));
        Array.Resize(ref _places, room);
        Array.Resize(ref _names, room);
        Array.Resize(ref _peers, room);
    }

    /// <summary>The first open link at or after <paramref name="key"/>, clockwise, that forwards and that <paramref name="choice"/> allows.</summary>
    public Link? FirstClockwise(RingId key, LinkChoice choice)
    {
        var start = LowerBound(LinkFlags.Of(key));
        for (var step = 0; step < OpenCount; step++)
        {
            var at = start + step;
            at = at < OpenCount ? at : at - OpenCount;
            if (Allows(choice, at))
            {
                return LinkAt(at);
            }
        }

        return null;
    }

    /// <summary>The first open link before <paramref name="key"/>, counter-clockwise, that forwards and that <paramref name="choice"/> allows.</summary>
    public Link? FirstCounterClockwise(RingId key, LinkChoice choice)
    {
        var start = LowerBound(LinkFlags.Of(key)) - 1;
        for (var step = 0; step < OpenCount; step++)
        {
            var at = start - step;
            at = at >= 0 ? at : at + OpenCount;
            if (Allows(choice, at))
            {
                return LinkAt(at);
            }
        }

        return null;
    }

    /// <summary>
    /// The link to give up for one with <paramref name="purpose"/>: one that neither side needs, else an incoming finger, else a finger of this node's own, else, for the
    /// ring's own links and those of parent and child, a joiner's or a spare; of these the one that was silent longest. Null where none is needed less.
    /// </summary>
    public Link? LeastUseful(Instant now, LinkPurpose purpose)
    {
        var limit = (purpose & LinkPurpose.Ring) != 0 ? NeededUse : (purpose & LinkPurpose.Join) != 0 ? JoinUse : 0;
        var worst = -1;
        for (var at = 0; at < OpenCount; at++)
        {
            var use = UseOf(_places[at]);
            if (use < limit
                && (worst < 0 || use < UseOf(_places[worst]) || (use == UseOf(_places[worst]) && HeardAt(now, at) < HeardAt(now, worst))))
            {
                worst = at;
            }
        }

        return worst < 0 ? null : LinkAt(worst);
    }

    /// <summary>How many more links with <see cref="LinkPurpose.Ring"/> there is room for, once all that gives way to them has.</summary>
    public int RingRoom()
    {
        var needed = 0;
        for (var at = 0; at < OpenCount; at++)
        {
            needed += UseOf(_places[at]) == NeededUse ? 1 : 0;
        }

        return MaxLinks - needed;
    }

    /// <summary>Reads where the entries begin (<see cref="OverlayNode.Recall"/>).</summary>
    internal long Recall() => OpenCount + _places.Length + _names.Length + _peers.Length + _notes.Count;

    /// <summary>Reads a word of each line of memory of the entries.</summary>
    internal long RecallEntries()
    {
        const int InLine = 8;
        var read = 0L;
        for (var at = 0; at < OpenCount; at += InLine)
        {
            read += (long)_places[at] + _names[at].Id + (_peers[at].IsNobody ? 1 : 0);
        }

        return read;
    }

    internal Link LinkAt(int at) => new(this, new(_names[at].Id), at);

    internal ref ulong PlaceAt(int at) => ref _places[at];

    internal ref Contact PeerAt(int at) => ref _peers[at];

    /// <summary>Where a handle's link is now.</summary>
    internal int IndexOf(LinkId id, int hint)
    {
        if ((uint)hint < (uint)OpenCount && _names[hint].Id == id.Value)
        {
            return hint;
        }

        var at = IndexOf(id);
        Invariant.Check(at >= 0, "a handle is not used after its link is gone");
        return at;
    }

    /// <summary>Where the open link to <paramref name="peer"/> is; −1 where there is none.</summary>
    internal int IndexOf(RingId peer)
    {
        var at = LowerBound(LinkFlags.Of(peer));
        return at < OpenCount && LinkFlags.PeerOf(_places[at]) == peer ? at : -1;
    }

    private static int UseOf(ulong place) => (LinkFlags.PurposeOf(place), LinkFlags.PeerPurposeOf(place)) switch
    {
        (LinkPurpose.None, LinkPurpose.None) => 0,
        (LinkPurpose.None, LinkPurpose.Finger) => 1,
        (LinkPurpose.Finger, LinkPurpose.None or LinkPurpose.Finger) => 2,
        var (own, other) when ((own | other) & (LinkPurpose.Ring | LinkPurpose.Application)) == 0 => JoinUse,
        _ => NeededUse,
    };

    private bool Allows(in LinkChoice choice, int at) =>
        LinkFlags.Forwards(_places[at], choice.Suspects) && _names[at].Id != choice.Avoid.Value && (choice.IsSimple || choice.Allows(LinkAt(at)));

    private int IndexOf(LinkId id)
    {
        var names = _names.AsSpan(0, OpenCount);
        for (var at = 0; at < names.Length; at++)
        {
            if (names[at].Id == id.Value)
            {
                return at;
            }
        }

        return -1;
    }

    private void Insert(int at)
    {
        if (OpenCount == _places.Length)
        {
            Reserve(OpenCount < FirstRoom ? FirstRoom : OpenCount + Math.Max(2, OpenCount / 8));
        }

        Array.Copy(_places, at, _places, at + 1, OpenCount - at);
        Array.Copy(_names, at, _names, at + 1, OpenCount - at);
        Array.Copy(_peers, at, _peers, at + 1, OpenCount - at);
        OpenCount++;
    }

    /// <summary>The index of the first open link at or after <paramref name="place"/>; <see cref="OpenCount"/> where there is none.</summary>
    private int LowerBound(ulong place)
    {
        var (low, high) = (0, OpenCount);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_places[middle] < place)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private struct LinkName
    {
        public int Id;
        public uint Heard;
    }
}

/// <summary>Which links a search may use: never <paramref name="Avoid"/>, suspects only where <paramref name="Suspects"/> says so.</summary>
public readonly record struct LinkChoice(LinkId Avoid, bool Suspects)
{
    /// <summary>Peers taken for dead, where somebody asks what then; null: nobody.</summary>
    public IReadOnlySet<RingId>? Failed { get; init; }

    /// <summary>Only this node's own successors and fingers.</summary>
    public bool IsOwnOnly { get; init; }

    /// <summary>Neither <see cref="Failed"/> nor <see cref="IsOwnOnly"/> limits it.</summary>
    public bool IsSimple => !IsOwnOnly && Failed is null;

    public bool Allows(Link link) => link.Forwards && link.Id != Avoid && (Suspects || !link.IsSuspect)
        && (!IsOwnOnly || (link.Purpose & (LinkPurpose.Ring | LinkPurpose.Finger)) != 0) && Failed?.Contains(link.PeerId) != true;
}
