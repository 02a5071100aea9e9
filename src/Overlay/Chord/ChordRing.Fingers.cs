using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// Fingers (Chord §4.4), row by row from the far end:
//   n → FindOwner(n + 2^k) → … → f;  f → Owner → … → n;  then a link, if f is among the farthest distinct ones
public sealed partial class ChordRing
{
    /// <summary>Full members remembered, so that a row whose owner has no room keeps its alternative.</summary>
    private const int MaxFullMembers = 8;

    private static readonly TimeSpan FullMemoryTime = TimeSpan.FromMinutes(5);

    private RareList<(RingId Member, Moment Until)> _fullMembers;
    private Moment _fingerDue = Instant.Never;
    private ulong _fingerNonce;
    private int _fingerRow = -1;
    private int _nextRow = -1;
    private bool _isRefreshing;

    /// <summary>Looks the owner of one row up again.</summary>
    public void UpdateFinger(Instant now, int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, FingerTable.Rows);
        if (Phase == NodePhase.Member)
        {
            LookUpRow(now, row);
        }
    }

    /// <summary>Looks all rows up again, from the farthest down to where the successor answers.</summary>
    public void UpdateFingerTable(Instant now)
    {
        if (Phase == NodePhase.Member && _options.MaxFingers > 0)
        {
            _isRefreshing = true;
            LookUpRow(now, FingerTable.Rows - 1);
        }
    }

    private void LookUpRow(Instant now, int row)
    {
        _isAtPoint = false;
        LookUpRow(now, row, _self.FingerStart(row));
    }

    private void LookUpRow(Instant now, int row, RingId point)
    {
        (_fingerRow, _fingerNonce) = (row, _random.Next() | 1);
        _fingerDue = now + _options.QueryTimeout;
        _port.SendToResponsible(now, point, new FindOwner(_fingerNonce, LookupPurpose.Finger)
        {
            // Whoever owns a row that stands empty has likely never heard of this node, and would ask the whole way back who it is.
            Certificate = _fingers[row] is null ? _port.Self.Certificate : null,
        });
    }

    private void AdvanceFingers(Instant now)
    {
        _fingerDue = Instant.Never;
        if (Phase != NodePhase.Member || _options.MaxFingers == 0)
        {
            return;
        }

        if (_fingerRow >= 0 && _isAtPoint)
        {
            var row = _fingerRow;
            _fingerRow = -1;
            if (FindStandIn(row) is { } seeking)
            {
                SeekStandIn(now, seeking);
            }

            BetweenRows(now);
            return;
        }

        if (_fingerRow >= 0 && _isRefreshing)
        {
            NextRow(now, _fingerRow - 1); // No answer in time: this row's turn comes round again.
            return;
        }

        LookUpRow(now, _nextRow >= 0 ? _nextRow : FingerTable.Rows - 1);
        _nextRow = _fingerRow - 1;
    }

    private void OnFingerOwner(Instant now, in Contact owner, Owner answer)
    {
        var row = _fingerRow;
        if (Phase != NodePhase.Member || answer.Self.Id != owner.Id)
        {
            _fingerRow = -1;
            _fingerDue = now + _options.FixFingersPeriod;
            return;
        }

        if (owner.Id != _self)
        {
            Heard(now, owner);
        }

        if (_isAtPoint)
        {
            _fingerRow = -1;
            OnPointOwner(now, row, owner);
            BetweenRows(now);
            return;
        }

        if (_successors.Count > 0 && owner.Id == _successors.First.Id)
        {
            // From here down the successor owns every row.
            _standIns.RemoveAll(seeking => seeking.Row <= row);
            if (_fingers.Clear(row, andBelow: true))
            {
                WishForFingers(now);
            }

            NextRow(now, -1);
            return;
        }

        var below = SetRows(now, row, owner, answer);
        NextRow(now, below);
    }

    /// <summary>Sets the row, and with it the lower rows that start in the owner's arc too. Returns the next row to ask for.</summary>
    private int SetRows(Instant now, int row, in Contact owner, Owner answer)
    {
        var changed = false;
        var next = row;
        var isFull = IsFull(now, owner.Id);
        do
        {
            changed |= owner.Id == _self || _departed.Contains(owner.Id, owner.Instance) || (isFull && _fingers[next]?.Id == owner.Id)
                ? _fingers.Clear(next, andBelow: false)
                : !isFull && _fingers.Set(next, owner);
            if (isFull && _fingers[next] is null && IntervalOf(next).Contains(owner.Id))
            {
                FingerIsFull(now, next, owner.Id, []);
            }

            next--;
        }
        while (next >= 0 && answer.Predecessor is { } predecessor && RingArc.Between(predecessor.Id, owner.Id).Contains(_self.FingerStart(next)));

        if (changed)
        {
            WishForFingers(now);
        }

        return next;
    }

    private void NextRow(Instant now, int row)
    {
        if (_isRefreshing && row >= 0)
        {
            LookUpRow(now, row);
            return;
        }

        _isRefreshing = false;
        _fingerRow = -1;
        _nextRow = row;
        BetweenRows(now);
    }

    /// <summary>No look-up is out: one for a stand-in does not wait for the next row's turn.</summary>
    private void BetweenRows(Instant now)
    {
        if (_fingerRow < 0 && !LookUpPoint(now))
        {
            _fingerDue = now + Spread(_options.FixFingersPeriod);
        }
    }

    private void WishForFingers(Instant now)
    {
        Span<Contact> linked = new Contact[Math.Max(_options.MaxFingers, 1)];
        var count = Phase == NodePhase.Member ? _fingers.CopyLinked(linked) : 0;
        _wishes.Set(now, _port, LinkPurpose.Finger, linked[..count]);
        NeighboursChanged();
    }

    private void DropFinger(Instant now, RingId peer)
    {
        if (_fingers.Remove(peer))
        {
            WishForFingers(now);
        }
    }

    private void FingerLinkFailed(Instant now, in Contact finger, LinkFailure why, ReadOnlySpan<Descriptor> alternatives)
    {
        var row = _fingers.RowOf(finger.Id);
        DropFinger(now, finger.Id);
        if (why == LinkFailure.Full && row >= 0)
        {
            FingerIsFull(now, row, finger.Id, alternatives);
        }
        else if (FindStandIn(row) is { } seeking)
        {
            SeekStandIn(now, seeking);
        }

        // Otherwise the row's turn comes round again.
    }

    private void RememberFull(Instant now, RingId member)
    {
        _fullMembers.RemoveAll(full => full.Member == member);
        if (_fullMembers.Count == MaxFullMembers)
        {
            _fullMembers.RemoveAt(0);
        }

        _fullMembers.Add((member, now + FullMemoryTime));
    }

    private bool IsFull(Instant now, RingId member)
    {
        foreach (var full in _fullMembers)
        {
            if (full.Member == member && now < full.Until)
            {
                return true;
            }
        }

        return false;
    }

    private void StopFingers(Instant now)
    {
        (_fingerRow, _nextRow, _isRefreshing, _fingerDue) = (-1, -1, false, Instant.Never);
        _standIns.Clear();
        _standInsDue = Instant.Never;
        _fingers.Clear(FingerTable.Rows - 1, andBelow: true);
        _wishes.Set(now, _port, LinkPurpose.Finger, []);
    }
}
