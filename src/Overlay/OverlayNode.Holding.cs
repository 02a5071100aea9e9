using Overlay.Effects;
using Overlay.Messages;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

// A key whose owner died has none until the neighbours have agreed on the death (mechanisms §3). What is on its way to such a key waits here instead of going back
// as unreachable: its sender could only ask again, the whole way.
public sealed partial class OverlayNode
{
    /// <summary>Messages that wait for an owner; one more goes back as unreachable.</summary>
    private const int MaxHeld = 64;

    /// <summary>Links come and go; a change of the ring is looked at when it happens.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    private RareList<(Message Message, LinkId From, Moment Until)> _held;
    private Moment _heldDue = Instant.Never;

    /// <summary>How long a message waits: a death is nearly always agreed on by then, and the sender has not asked again yet.</summary>
    private TimeSpan HoldTime => _context.Options.SecondTryAfter;

    /// <summary>Passes a message on that is not for this node, or keeps it while nobody is responsible for its key.</summary>
    private void PassOn(Instant now, in Message message, in NextHop hop, LinkId from)
    {
        if (!IsForNobodyYet(message, hop) || message.HopsLeft < Message.HopBudget / 2 || _held.Count == MaxHeld)
        {
            _courier.Forward(now, message, hop, from);
            return;
        }

        _held.Add((MessageCodec.Detach(message), from, now + HoldTime));
        _heldDue = Instant.Min(_heldDue, now + LookAgainAfter);
    }

    /// <summary>The ring looks different: perhaps there is an owner now.</summary>
    private void ViewChanged(Instant now)
    {
        _heldDue = _held.Count > 0 ? now : Instant.Never;
        _broadcasts?.NeighboursChanged(now);
    }

    private void AdvanceHeld(Instant now)
    {
        if (now < _heldDue)
        {
            return;
        }

        var waiting = _held.Items.ToArray();
        _held.Clear();
        foreach (var (message, from, until) in waiting)
        {
            var again = Router.Anew(message);
            var hop = _context.NextHop(again);
            if (hop.Kind == HopKind.Deliver)
            {
                Arrive(now, again, from, _context.Links.Find(from));
            }
            else if (_context.IsMember && now < until && IsForNobodyYet(again, hop))
            {
                _held.Add((message, from, until));
            }
            else
            {
                _courier.Forward(now, again, hop, from);
            }
        }

        _heldDue = _held.Count > 0 ? now + LookAgainAfter : Instant.Never;
    }

    private static bool IsForNobodyYet(in Message message, in NextHop hop) => !message.IsExact && hop is { Kind: HopKind.Drop, Reason: DropReason.NoRoute };
}
