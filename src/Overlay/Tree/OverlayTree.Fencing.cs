using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Tree;

// Who stood still for long, or is the root and lost most of its children at once, may have been replaced meanwhile. Until it knows better it is responsible for nothing:
//   any node → Echo → parent;  parent → Beacon (it is counted on) | Notice(not my child)        root:  half of the children echo, or the stand-ins know of a later reign
public sealed partial class OverlayTree
{
    /// <summary>After so long without word of a later reign the root goes on with what is left to it.</summary>
    private static readonly TimeSpan FenceTime = TimeSpan.FromSeconds(15);

    /// <summary>Children that a root loses within this time count as lost at once.</summary>
    private static readonly TimeSpan LossWindow = TimeSpan.FromSeconds(10);

    private Moment _fencedUntil;
    private Moment _fencedAt;
    private Moment _lossesSince;
    private int _losses;

    /// <summary>Whether the node doubts that it is still counted on: it is responsible for nothing meanwhile.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>The node paused for so long that others may have taken it for dead.</summary>
    public void Fence(Instant now)
    {
        if (!IsMember)
        {
            return;
        }

        _losses = now - _lossesSince >= LossWindow ? 0 : _losses;
        (IsFenced, _fencedAt, _fencedUntil) = (true, now, now + FenceTime);
        if (_parent is { } parent)
        {
            _port.Send(now, parent.Id, new TreeEcho(_clock.Sequence, Shape()));
        }
        else if (IsRoot)
        {
            foreach (var standIn in StandInList())
            {
                TellReign(now, standIn.Id, Answer);
            }
        }

        Changed();
    }

    private void TendFence(Instant now)
    {
        if (IsFenced && (now >= _fencedUntil || (IsRoot && HearsMajority())))
        {
            EndFence();
        }
    }

    private void EndFence()
    {
        if (IsFenced)
        {
            IsFenced = false;
            Changed();
        }
    }

    private bool HearsMajority()
    {
        var heard = 0;
        foreach (var child in _children)
        {
            heard += child.HeardAt.Ticks > _fencedAt.Ticks ? 1 : 0;
        }

        return 2 * heard > _children.Count + _losses;
    }

    /// <summary>The root lost a child. Should it be most of them, then it is the root that is cut off.</summary>
    private void CountLoss(Instant now)
    {
        if (now - _lossesSince >= LossWindow)
        {
            (_losses, _lossesSince) = (0, now);
        }

        if (++_losses > _children.Count && _losses > 1 && !IsFenced)
        {
            Fence(now);
        }
    }
}
