using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Tree;

// The beat of the tree:  root → Beacon(clock) → … → leaves, each second;  child → Echo → parent, so both ends notice silence.
public sealed partial class OverlayTree
{
    /// <summary>Silence after which the failure detector is asked to look.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2.5);

    /// <summary>A lost link has this long to come back before an orphan is made, or a child given up.</summary>
    private static readonly TimeSpan RelinkPatience = TimeSpan.FromSeconds(4);

    /// <summary>A child that echoes nothing for so long does not think of itself as one.</summary>
    private static readonly TimeSpan ChildPatience = TimeSpan.FromSeconds(20);

    private Moment _parentHeardAt;
    private Moment _parentUnlinkedAt = Moment.Never;
    private Moment _beaconedAt;

    /// <summary>Whether the clock stands still: this node has no parent, or has named its clock to somebody that may become its parent.</summary>
    public bool IsFrozen => IsOrphan || _seek?.Step == SeekStep.Attaching;

    /// <summary>A beacon. From the parent it moves the clock; from a node that takes this one for its child it is set right.</summary>
    public void OnBeacon(Instant now, in Contact from, TreeBeacon beacon)
    {
        ArgumentNullException.ThrowIfNull(beacon);
        if (!IsMember)
        {
            return;
        }

        if (_parent is not { } parent || parent.Id != from.Id)
        {
            if (beacon.Clock.Reign != _clock.Reign)
            {
                Differ(now, from.Id);
            }

            if (_seek is not { Step: SeekStep.Attaching } seek || seek.Target.Id != from.Id)
            {
                _port.Send(now, from.Id, new TreeNotice(TreeNews.Detached, 0, 0, 0, _self, null));
            }

            return;
        }

        _parentHeardAt = now;
        EndFence();
        if (beacon.Clock > _clock && !IsFrozen)
        {
            _clock = beacon.Clock;
            SendBeacons(now);
        }

        _port.Send(now, from.Id, new TreeEcho(beacon.Clock.Sequence, Shape()));
    }

    /// <summary>A child's echo.</summary>
    public void OnEcho(Instant now, in Contact from, TreeEcho echo)
    {
        ArgumentNullException.ThrowIfNull(echo);
        if (FindChild(from.Id) is { } child)
        {
            child.HeardAt = now;
            child.Shape = echo.Shape with { Size = Math.Max(1, echo.Shape.Size) };
            child.Peer = from;
        }
        else if (IsMember)
        {
            _port.Send(now, from.Id, new TreeNotice(TreeNews.NotMyChild, 0, 0, 0, _self, null));
        }
    }

    private void SendBeacons(Instant now)
    {
        _beaconedAt = now;
        foreach (var child in _children)
        {
            _port.Send(now, child.Id, new TreeBeacon(_clock));
        }
    }

    private void BeatTree(Instant now)
    {
        if (IsRoot)
        {
            _clock = IsFrozen ? _clock : _clock with { Sequence = _clock.Sequence + 1 };
            SendBeacons(now);
        }
        else if (_children.Count > 0 && now - _beaconedAt > 1.5 * Beat)
        {
            SendBeacons(now); // Not a new one: but the children are to know that their parent lives.
        }
    }

    private void TendParent(Instant now)
    {
        if (_parent is not { } parent)
        {
            return;
        }

        if (_parentUnlinkedAt != Instant.Never && now - _parentUnlinkedAt >= RelinkPatience)
        {
            ParentLost(now, NeighbourEnd.Lost);
        }
        else if (now - _parentHeardAt >= Silence)
        {
            _port.Suspect(now, parent);
            if (now - _parentHeardAt >= ChildPatience)
            {
                ParentLost(now, NeighbourEnd.Lost); // It lives and answers probes, but beats no more: it is no parent.
            }
        }
    }

    private void LapseChildren(Instant now)
    {
        for (var i = _children.Count - 1; i >= 0; i--)
        {
            var child = _children[i];
            if ((child.UnlinkedAt != Instant.Never && now - child.UnlinkedAt >= 2 * RelinkPatience) || now - child.HeardAt >= ChildPatience)
            {
                _port.Send(now, child.Id, new TreeNotice(TreeNews.NotMyChild, 0, 0, 0, _self, null));
                RemoveChild(now, child, NeighbourEnd.Lost);
            }
            else if (now - child.HeardAt >= Silence)
            {
                _port.Suspect(now, child.Peer);
            }
        }
    }
}
