using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

// Whoever became a member a moment before a broadcast came by was not yet known to the node before it. So what was passed on lately is passed on to newcomers as well.
internal sealed partial class RingBroadcasts
{
    /// <summary>How long a broadcast that was passed on is kept for newcomers: a new member's successor and predecessor know of it in less.</summary>
    public static readonly TimeSpan KeptForNewcomers = TimeSpan.FromSeconds(3);

    /// <summary>Broadcasts kept so; one more takes the place of the oldest.</summary>
    public const int MaxKept = 256;

    /// <summary>Application bytes of those.</summary>
    public const int MaxKeptBytes = 2 << 20;

    private readonly Queue<Cast> _kept = new(0);
    private int _keptBytes;

    /// <summary>Broadcasts that are kept for newcomers.</summary>
    public int KeptCount => _kept.Count;

    public void NeighboursChanged(Instant now)
    {
        DropKept(now);
        foreach (var cast in _active.Values)
        {
            PassOnToNewcomers(now, cast);
        }

        foreach (var cast in _kept)
        {
            PassOnToNewcomers(now, cast);
        }
    }

    private void CoverFirst(Instant now, Cast cast)
    {
        Cover(now, cast);
        _ring.CopyKnown(cast.Limit, cast.Reached);
        PassOnToNewcomers(now, cast);
    }

    private void PassOnToNewcomers(Instant now, Cast cast)
    {
        _children.Clear();
        _ring.CopyNewcomers(now, cast.Limit, cast.Reached, _children);
        foreach (var child in _children)
        {
            Pass(now, cast, child, reached: 0);
        }
    }

    /// <summary>All children are done with it: it stays for those who come next.</summary>
    private void KeepForNewcomers(Instant now, Cast cast)
    {
        if (cast.CoveredBefore is not null)
        {
            return; // It was asked to reach farther than before; who comes in next to this node gets it from the first time.
        }

        cast.KeptUntil = now + KeptForNewcomers;
        _kept.Enqueue(cast);
        _keptBytes += cast.Broadcast.Bytes.Length;
        DropKept(now);
    }

    private void DropKept(Instant now)
    {
        while (_kept.TryPeek(out var oldest) && (oldest.KeptUntil <= now || _kept.Count > MaxKept || _keptBytes > MaxKeptBytes))
        {
            _keptBytes -= oldest.Broadcast.Bytes.Length;
            _kept.Dequeue();
        }
    }
}
