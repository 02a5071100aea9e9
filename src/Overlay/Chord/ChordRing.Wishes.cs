using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// Standing links (mechanisms §3): the first two successors, and whoever stands between this node and the first until step 2 has been done with it. The two
// predecessors come from their side. While founding: everybody. Entries 3 … r are known, not linked.
public sealed partial class ChordRing
{
    private RingWishes _wishes = new();

    private void WishForLinks(Instant now)
    {
        var wished = new List<Contact>(_options.LinkedSuccessors + 1);
        if (Phase == NodePhase.Founding)
        {
            Span<Contact> mesh = new Contact[FoundingState.MaxEntries];
            foreach (ref readonly var member in mesh[..Founding.CopyClockwise(_self, mesh)])
            {
                wished.Add(member);
            }
        }
        else if (Phase == NodePhase.Member)
        {
            foreach (ref readonly var successor in _successors.Entries[..Math.Min(_options.LinkedSuccessors, _successors.Count)])
            {
                wished.Add(successor);
            }

            if (_candidate is { } candidate)
            {
                wished.Add(candidate);
            }
        }

        _wishes.Set(now, _port, LinkPurpose.Ring, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(wished));
    }

    private void WishForJoinLinks(Instant now, ReadOnlySpan<Contact> peers) => _wishes.Set(now, _port, LinkPurpose.Join, peers);
}
