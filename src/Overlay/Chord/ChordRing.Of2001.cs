using Overlay.Identity;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// The ring maintenance of 2001, which is not correct (Zave 2012): only for showing that the checkers notice. The calls below vanish from every build but that of
// the property ChordVariant=2001.
public sealed partial class ChordRing
{
    /// <summary>A newcomer adopts its successor alone, and learns the rest some time later.</summary>
    partial void JoinAsIn2001(ref ReadOnlySpan<Contact> list);

    /// <summary>The predecessor of the successor becomes successor without being asked whether it is there.</summary>
    partial void UpdateAsIn2001(Instant now, ref Contact? between);

    /// <summary>A predecessor that is silent for a while is forgotten.</summary>
    partial void FlushAsIn2001(Instant now);

#if CHORD_2001
    partial void JoinAsIn2001(ref ReadOnlySpan<Contact> list) => list = list[..1];

    partial void UpdateAsIn2001(Instant now, ref Contact? between)
    {
        if (between is { } q && IsBetween(_self, q.Id, _successors.First.Id))
        {
            var old = _successors.Entries;
            Contact[] list = [q, .. old[..Math.Min(old.Length, _successors.Capacity - 1)]];
            AdoptList(now, list);
        }

        between = null;
    }

    partial void FlushAsIn2001(Instant now)
    {
        if (_predecessor is not null && !IsNotifiedByPredecessor(now))
        {
            (_predecessor, _predecessorGone) = (null, true);
            NeighboursChanged();
        }
    }
#endif
}
