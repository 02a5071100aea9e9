using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// A graceful leave:  l → Leaving → all that are linked to it, which act as after a death that needs no confirmation, and close their link to l: that is how l knows that they know.
public sealed partial class OverlayTree
{
    /// <summary>How long the others may take to close their links: on a busy machine a good-bye waits its turn like anything else.</summary>
    public static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);

    private Moment _leaveDue = Instant.Never;

    /// <summary>
    /// Leaves the tree: the parent and the children are told (the node tells whoever else is linked to it). The phase is <see cref="NodePhase.Left"/> when all of them have closed their
    /// links, at the latest after <see cref="LeaveTimeout"/>.
    /// </summary>
    public void Leave(Instant now)
    {
        if (Phase is NodePhase.Left or NodePhase.Leaving)
        {
            return;
        }

        EndSeek(now, keepLink: false);
        foreach (var child in _children)
        {
            _port.Send(now, child.Id, new Leaving(null, []));
        }

        if (_parent is { } parent)
        {
            _port.Send(now, parent.Id, new Leaving(null, []));
        }

        (_tickDue, _flushDue) = (Moment.Never, Moment.Never);
        BecomePhase(NodePhase.Leaving);
        _leaveDue = now + LeaveTimeout;
        FinishLeavingAlone();
    }

    /// <summary>Nobody is linked any more: all know.</summary>
    private void FinishLeavingAlone()
    {
        Span<RingId> anybody = stackalloc RingId[1];
        if (_port.Linked(anybody) == 0)
        {
            FinishLeaving();
        }
    }

    private void FinishLeaving()
    {
        _leaveDue = Moment.Never;
        BecomePhase(NodePhase.Left);
    }
}
