using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// A finger that has no room (mechanisms §2): somebody else of the row's interval stands in for it. Any member there halves the way just as well.
//   n → Offer → f;  f → Refuse(full, members near it) → n
//   n → GetCertificates → f;  f → Certificates → n             where n has never heard of them; then a link to the first that is in the interval
//   n → FindOwner(some point of the interval) → … → g          where none of them will do, at most three times
public sealed partial class ChordRing
{
    /// <summary>Rows that look for a stand-in at a time; one more waits for its turn.</summary>
    private const int MaxStandIns = 8;

    /// <summary>Look-ups for some other member of the interval, before the row waits for its turn.</summary>
    private const int MaxPoints = 3;

    private RareList<StandIn> _standIns;
    private Moment _standInsDue = Instant.Never;

    /// <summary>Whether the row of the look-up that is out is asked at some point of its interval, not at its start.</summary>
    private bool _isAtPoint;

    /// <summary>The members of a row: (n + 2^k − 1, n + 2^(k+1) − 1].</summary>
    private RingArc IntervalOf(int row) => RingArc.Between(_self.Plus((1UL << row) - 1), _self.Plus((1UL << row) + ((1UL << row) - 1)));

    /// <summary>The finger of <paramref name="row"/> has no room; it names others that may have.</summary>
    private void FingerIsFull(Instant now, int row, RingId finger, ReadOnlySpan<Descriptor> alternatives)
    {
        RememberFull(now, finger);
        if (FindStandIn(row) is not { } seeking)
        {
            if (_standIns.Count == MaxStandIns)
            {
                return;
            }

            _standIns.Add(seeking = new StandIn(row));
        }

        seeking.Refuser = finger;
        seeking.IsAsked = false;
        foreach (ref readonly var alternative in alternatives)
        {
            if (IsOfUse(now, row, alternative))
            {
                seeking.Named.Add(alternative);
            }
        }

        SeekStandIn(now, seeking);
    }

    private bool IsOfUse(Instant now, int row, in Descriptor member) =>
        member.Id != _self && IntervalOf(row).Contains(member.Id) && !IsFull(now, member.Id) && !_departed.Contains(member.Id, member.Instance);

    /// <summary>Takes the first that was named and is known; else asks who the named ones are; else somewhere else in the interval.</summary>
    private void SeekStandIn(Instant now, StandIn seeking)
    {
        seeking.Due = Instant.Never;
        while (seeking.Named.Count > 0)
        {
            var first = seeking.Named[0];
            if (IsOfUse(now, seeking.Row, first))
            {
                if (_port.TryResolve(first, out var contact))
                {
                    seeking.Named.RemoveAt(0);
                    TakeStandIn(now, seeking.Row, contact);
                    return;
                }

                if (!seeking.IsAsked)
                {
                    seeking.IsAsked = true;
                    seeking.Due = now + _options.QueryTimeout;
                    _standInsDue = Instant.Min(_standInsDue, seeking.Due);
                    _port.FetchCertificates(now, seeking.Refuser, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(seeking.Named));
                    return;
                }
            }

            seeking.Named.RemoveAt(0);
        }

        if (seeking.Points == MaxPoints)
        {
            _standIns.Remove(seeking);
            return;
        }

        seeking.Points++;
        seeking.WantsPoint = true;
        if (_fingerRow < 0)
        {
            LookUpPoint(now);
        }
    }

    private void TakeStandIn(Instant now, int row, in Contact member)
    {
        if (_fingers.Set(row, member))
        {
            WishForFingers(now);
        }

        if (_port.IsLinked(member.Id))
        {
            StandInLinked(member.Id); // It had a finger here already.
        }
    }

    /// <summary>Looks up who owns some point of an interval. False where no row wants that.</summary>
    private bool LookUpPoint(Instant now)
    {
        foreach (var seeking in _standIns)
        {
            if (seeking.WantsPoint)
            {
                seeking.WantsPoint = false;
                _isAtPoint = true;
                LookUpRow(now, seeking.Row, _self.FingerStart(seeking.Row).Plus(_random.Next() & ((1UL << seeking.Row) - 1)));
                return true;
            }
        }

        return false;
    }

    private void OnPointOwner(Instant now, int row, in Contact owner)
    {
        if (FindStandIn(row) is not { } seeking)
        {
            return;
        }

        if (IsOfUse(now, row, owner.Descriptor))
        {
            TakeStandIn(now, row, owner);
        }
        else
        {
            SeekStandIn(now, seeking);
        }
    }

    /// <summary>Those who were named are known now, or will not be in time.</summary>
    private void StandInsMayBeKnown(Instant now, bool isLate)
    {
        _standInsDue = Instant.Never;
        for (var index = _standIns.Count - 1; index >= 0; index--)
        {
            var seeking = _standIns[index];
            if (seeking.Due == Instant.Never)
            {
                continue;
            }

            if (now >= seeking.Due || (!isLate && IsAnyKnown(seeking)))
            {
                SeekStandIn(now, seeking);
            }
            else
            {
                _standInsDue = Instant.Min(_standInsDue, seeking.Due);
            }
        }
    }

    private bool IsAnyKnown(StandIn seeking)
    {
        foreach (var named in seeking.Named)
        {
            if (_port.TryResolve(named, out _))
            {
                return true;
            }
        }

        return false;
    }

    private StandIn? FindStandIn(int row)
    {
        foreach (var seeking in _standIns)
        {
            if (seeking.Row == row)
            {
                return seeking;
            }
        }

        return null;
    }

    /// <summary>A row has the link that it looked for.</summary>
    private void StandInLinked(RingId peer)
    {
        if (_standIns.Count > 0 && _fingers.RowOf(peer) is >= 0 and var row && FindStandIn(row) is { } found)
        {
            _standIns.Remove(found);
        }
    }

    /// <summary>A row whose finger has no room, until it has a link into its interval.</summary>
    private sealed class StandIn(int row)
    {
        public int Row { get; } = row;

        /// <summary>Who named others last, and knows their certificates.</summary>
        public RingId Refuser { get; set; }

        /// <summary>Named, and not tried yet.</summary>
        public List<Descriptor> Named { get; } = [];

        /// <summary>Their certificates were asked for.</summary>
        public bool IsAsked { get; set; }

        /// <summary>Until when the certificates are waited for.</summary>
        public Moment Due { get; set; } = Instant.Never;

        /// <summary>Points of the interval that were asked.</summary>
        public int Points { get; set; }

        public bool WantsPoint { get; set; }
    }
}
