using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Tree;

/// <summary>Messages of the tree: those that need no more of their envelope than who sent them.</summary>
public sealed partial class OverlayTree
{
    /// <summary>Takes a message of the tree. False where it is none.</summary>
    public bool Receive(Instant now, in Contact from, Payload payload)
    {
        switch (payload)
        {
            case TreePlace place:
                OnPlace(now, from, place);
                break;
            case TreeAttach attach:
                OnAttach(now, from, attach);
                break;
            case TreeAttached attached:
                OnAttached(now, from, attached);
                break;
            case TreeBeacon beacon:
                OnBeacon(now, from, beacon);
                break;
            case TreeEcho echo:
                OnEcho(now, from, echo);
                break;
            case TreePosition position:
                OnPosition(now, from, position);
                break;
            case TreeTable table:
                OnTable(now, from, table);
                break;
            case TreeDigest digest:
                OnDigest(now, from, digest);
                break;
            case TreeErrand errand:
                OnErrand(now, from, errand);
                break;
            case TreeNotice notice:
                OnNotice(now, from, notice);
                break;
            case TreeStandIn appointment:
                OnStandIn(now, from, appointment);
                break;
            case TreeNotHere notHere:
                OnNotHere(now, from, notHere);
                break;
            default:
                return false;
        }

        return true;
    }
}
