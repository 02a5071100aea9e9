using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Links;

/// <summary>All links of a node: those being set up, and the open ones in the order of the ring, as routing wants them.</summary>
/// <remarks>
/// Invariants: at most one open link for each peer; at most <see cref="MaxLinks"/> open ones, and at most <see cref="MaxSetUps"/> set-ups beside
/// them; the open ones are sorted by position. No dictionaries: a few dozen entries fit in a few cache lines.
/// </remarks>
public sealed class LinkTable
{
    private const int NeededUse = 3;

    private readonly ulong[] _positions;
    private readonly Link[] _open;
    private readonly int[] _openNames;
    private readonly Link[] _setUps;

    public LinkTable(int maxLinks, int maxSetUps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLinks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSetUps);
        (MaxLinks, MaxSetUps) = (maxLinks, maxSetUps);
        _positions = new ulong[maxLinks];
        _open = new Link[maxLinks];
        _openNames = new int[maxLinks];
        _setUps = new Link[maxSetUps];
    }

    /// <summary>The degree cap.</summary>
    public int MaxLinks { get; }

    /// <summary>The cap of set-ups in flight.</summary>
    public int MaxSetUps { get; }

    /// <summary>The open links in the order of the ring, from position 0.</summary>
    public ReadOnlySpan<Link> Open => _open.AsSpan(0, OpenCount);

    /// <summary>The links that are being set up, oldest first.</summary>
    public ReadOnlySpan<Link> SetUps => _setUps.AsSpan(0, SetUpCount);

    public int OpenCount { get; private set; }

    public int SetUpCount { get; private set; }

    /// <summary>Whether another link would exceed the degree cap once every set-up succeeds.</summary>
    public bool IsFull => OpenCount + SetUpCount >= MaxLinks;

    /// <summary>The link that the host calls <paramref name="id"/>, open or not.</summary>
    public Link? Find(LinkId id)
    {
        var at = _openNames.AsSpan(0, OpenCount).IndexOf(id.Value);
        if (at >= 0)
        {
            return _open[at];
        }

        foreach (var link in SetUps)
        {
            if (link.Id == id)
            {
                return link;
            }
        }

        return null;
    }

    /// <summary>The open link to <paramref name="peer"/>.</summary>
    public Link? FindOpen(RingId peer)
    {
        var at = LowerBound(peer.Value);
        return at < OpenCount && _positions[at] == peer.Value ? _open[at] : null;
    }

    /// <summary>The set-up with <paramref name="peer"/> in the given direction.</summary>
    public Link? FindSetUp(RingId peer, bool isIncoming)
    {
        foreach (var link in SetUps)
        {
            if (link.PeerId == peer && link.IsIncoming == isIncoming)
            {
                return link;
            }
        }

        return null;
    }

    /// <summary>Takes a link that begins its set-up; false where <see cref="MaxSetUps"/> are in flight.</summary>
    public bool TryAddSetUp(Link link)
    {
        ArgumentNullException.ThrowIfNull(link);
        if (SetUpCount == MaxSetUps)
        {
            return false;
        }

        _setUps[SetUpCount++] = link;
        return true;
    }

    /// <summary>Makes a set-up an open link. False where the cap is reached or another link to the peer stands: the caller removes that one first.</summary>
    public bool TryOpen(Link link)
    {
        ArgumentNullException.ThrowIfNull(link);
        var at = LowerBound(link.PeerId.Value);
        if (OpenCount == MaxLinks || (at < OpenCount && _positions[at] == link.PeerId.Value))
        {
            return false;
        }

        RemoveSetUp(link);
        _positions.AsSpan(at, OpenCount - at).CopyTo(_positions.AsSpan(at + 1));
        _open.AsSpan(at, OpenCount - at).CopyTo(_open.AsSpan(at + 1));
        _openNames.AsSpan(at, OpenCount - at).CopyTo(_openNames.AsSpan(at + 1));
        (_positions[at], _open[at], _openNames[at]) = (link.PeerId.Value, link, link.Id.Value);
        OpenCount++;
        link.Phase = LinkPhase.Open;
        link.SetUp = null;
        return true;
    }

    /// <summary>Forgets a link, open or not.</summary>
    public void Remove(Link link)
    {
        ArgumentNullException.ThrowIfNull(link);
        RemoveSetUp(link);
        var at = _openNames.AsSpan(0, OpenCount).IndexOf(link.Id.Value);
        if (at < 0)
        {
            return;
        }

        OpenCount--;
        _positions.AsSpan(at + 1, OpenCount - at).CopyTo(_positions.AsSpan(at));
        _open.AsSpan(at + 1, OpenCount - at).CopyTo(_open.AsSpan(at));
        _openNames.AsSpan(at + 1, OpenCount - at).CopyTo(_openNames.AsSpan(at));
        _open[OpenCount] = null!;
    }

    /// <summary>The first open link at or after <paramref name="key"/>, clockwise, that forwards and that <paramref name="choice"/> allows.</summary>
    public Link? FirstClockwise(RingId key, LinkChoice choice)
    {
        var start = LowerBound(key.Value);
        for (var step = 0; step < OpenCount; step++)
        {
            var at = start + step;
            var link = _open[at < OpenCount ? at : at - OpenCount];
            if (choice.Allows(link))
            {
                return link;
            }
        }

        return null;
    }

    /// <summary>The first open link before <paramref name="key"/>, counter-clockwise, that forwards and that <paramref name="choice"/> allows.</summary>
    public Link? FirstCounterClockwise(RingId key, LinkChoice choice)
    {
        var start = LowerBound(key.Value) - 1;
        for (var step = 0; step < OpenCount; step++)
        {
            var at = start - step;
            var link = _open[at >= 0 ? at : at + OpenCount];
            if (choice.Allows(link))
            {
                return link;
            }
        }

        return null;
    }

    /// <summary>
    /// The link to give up for one that is needed more: one that neither side needs, else an incoming finger, else a finger of this node's own; of these the
    /// one that was silent longest. Null where every link is needed.
    /// </summary>
    public Link? LeastUseful()
    {
        Link? worst = null;
        foreach (var link in Open)
        {
            var use = UseOf(link);
            if (use < NeededUse && (worst is null || use < UseOf(worst) || (use == UseOf(worst) && link.HeardAt < worst.HeardAt)))
            {
                worst = link;
            }
        }

        return worst;
    }

    private static int UseOf(Link link) => (link.Purpose, link.PeerPurpose) switch
    {
        (LinkPurpose.None, LinkPurpose.None) => 0,
        (LinkPurpose.None, LinkPurpose.Finger) => 1,
        (LinkPurpose.Finger, LinkPurpose.None or LinkPurpose.Finger) => 2,
        _ => NeededUse,
    };

    private void RemoveSetUp(Link link)
    {
        for (var i = 0; i < SetUpCount; i++)
        {
            if (_setUps[i] == link)
            {
                SetUpCount--;
                Array.Copy(_setUps, i + 1, _setUps, i, SetUpCount - i);
                _setUps[SetUpCount] = null!;
                return;
            }
        }
    }

    /// <summary>The index of the first open link at or after <paramref name="position"/>; <see cref="OpenCount"/> where there is none.</summary>
    private int LowerBound(ulong position)
    {
        var (low, high) = (0, OpenCount);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_positions[middle] < position)
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
}

/// <summary>Which links a search may use: never <paramref name="Avoid"/>, suspects only where <paramref name="Suspects"/> says so.</summary>
public readonly record struct LinkChoice(LinkId Avoid, bool Suspects)
{
    /// <summary>Peers taken for dead, where somebody asks what then; null: nobody.</summary>
    public IReadOnlySet<RingId>? Failed { get; init; }

    /// <summary>Only this node's own successors and fingers.</summary>
    public bool IsOwnOnly { get; init; }

    public bool Allows(Link link) => link.Forwards && link.Id != Avoid && (Suspects || !link.IsSuspect)
        && (!IsOwnOnly || (link.Purpose & (LinkPurpose.Ring | LinkPurpose.Finger)) != 0) && Failed?.Contains(link.PeerId) != true;
}
