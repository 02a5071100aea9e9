using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// Who asks for a place (seed: JOIN-REQUEST, rules 1 to 3):  a candidate of ours? → the place again, or, where it was refused, another's;  room? → a candidate;  else → the child that the hash names.
public sealed partial class OverlayTree
{
    private const int MaxStored = 64;
    private const int MaxPins = 128;

    /// <summary>Who still waits for an answer asks again within <see cref="OverlayOptions.QueryTimeout"/>. A place that is offered to somebody who went on, or died, is lost to
    /// all others for as long as a candidate has, so requests that were not repeated are forgotten.</summary>
    private const int StoredForAsks = 2;

    private RareList<Candidate> _candidates;
    private RareList<StoredJoin> _stored;
    private RareList<Pin> _pins;

    /// <summary>Places that nobody has and nobody is promised.</summary>
    private int OpenPlaces => MaxDegree - ChildCount - _candidates.Count - _reservations.Count;

    /// <summary>Somebody asks for a place: a newcomer through the root, or a node below this one that moves.</summary>
    public void OnJoin(Instant now, in Contact from, RingId? replyVia, TreeJoin join)
    {
        ArgumentNullException.ThrowIfNull(join);
        if (!IsMember || join.Origin == _self)
        {
            return;
        }

        var known = new TreeJoin(join.Nonce, join.Search, join.Origin, join.Via ?? replyVia);
        var isDelegated = _parent is { } parent && parent.Id == from.Id;
        var isLift = join.Search == TreeSearch.Highest && join.Via is null && replyVia is null && _table.TryFind(join.Origin, out _);
        if (IsRoot || isDelegated || isLift)
        {
            Place(now, known, now + (StoredForAsks * _options.QueryTimeout));
        }
        else if (_parent is not null)
        {
            // From an orphan, which reaches nobody but us: the root is asked in its name, and the answer comes back this way.
            _port.SendToResponsible(now, _self, known with { Via = known.Via ?? _self });
        }
    }

    /// <summary>The seed's three rules. <paramref name="until"/> the request is of use to who made it.</summary>
    private void Place(Instant now, TreeJoin join, Instant until)
    {
        for (var i = 0; i < _candidates.Count; i++)
        {
            if (_candidates[i].Origin != join.Origin)
            {
                continue;
            }

            if (_candidates[i].Nonce == join.Nonce && _port.RoomForNeighbours > 0)
            {
                _candidates[i] = _candidates[i] with { Until = now + _options.CandidateTimeout };
                OfferPlace(now, join);
                return;
            }

            _candidates.RemoveAt(i); // It was here, could not come in, and began anew: the same place once more is its last choice.
            if (TryPassOn(now, join))
            {
                return;
            }

            break;
        }

        if (FindPin(now, join) is { } pinned)
        {
            _port.Send(now, pinned.Id, join);
        }
        else if (FreePlaces > 0 && !IsAtDepthLimit)
        {
            _candidates.Add(new(join.Origin, join.Nonce, now + _options.CandidateTimeout));
            OfferPlace(now, join);
        }
        else if (join.Search == TreeSearch.Highest)
        {
            TryPassToHighest(now, join);
        }
        else if (!TryPassByHash(now, join))
        {
            Store(now, join, until);
        }
    }

    private bool TryPassOn(Instant now, TreeJoin join) => (join.Search == TreeSearch.Delegated && TryPassByHash(now, join)) || TryPassToHighest(now, join);

    private bool TryPassByHash(Instant now, TreeJoin join)
    {
        if (ChildAt(DelegationHash.Slot(join.Origin, _self, MaxDegree)) is { } child && child.Id != join.Origin)
        {
            PassTo(now, join, child);
            return true;
        }

        return false;
    }

    private void OfferPlace(Instant now, TreeJoin join) =>
        _port.SendToGuest(now, join.Origin, join.Via, new TreePlace(join.Nonce, _clock, Depth, _port.Self.Certificate));

    private void PassTo(Instant now, TreeJoin join, TreeChild child)
    {
        if (_pins.Count == MaxPins)
        {
            _pins.RemoveAt(0);
        }

        _pins.Add(new(join.Origin, join.Nonce, child.Key, now + _options.CandidateTimeout));
        _port.Send(now, child.Id, join);
    }

    private bool TryPassToHighest(Instant now, TreeJoin join)
    {
        TreeChild? best = null;
        foreach (var child in _children)
        {
            if (child.Shape.FreeDepth != TreeShape.NoFree && child.Id != join.Origin && !child.IsFoster && child.UnlinkedAt == Instant.Never
                && (best is null || child.Shape.FreeDepth < best.Shape.FreeDepth))
            {
                best = child;
            }
        }

        if (best is not null)
        {
            var left = best.Shape.FreeCount - 1;
            best.Shape = left > 0 ? best.Shape with { FreeCount = left } : best.Shape with { FreeDepth = (byte)Math.Min(best.Shape.FreeDepth + 1, TreePosition.MaxDepth), FreeCount = 1 };
            PassTo(now, join, best);
        }

        return best is not null;
    }

    /// <summary>The choice for an origin stands for a while, whatever changes: all its signals take one way.</summary>
    private TreeChild? FindPin(Instant now, TreeJoin join)
    {
        for (var i = _pins.Count - 1; i >= 0; i--)
        {
            if (_pins[i].Until <= now || (_pins[i].Origin == join.Origin && _pins[i].Nonce != join.Nonce))
            {
                _pins.RemoveAt(i); // Lapsed; or the joiner started again.
            }
        }

        foreach (var pin in _pins)
        {
            if (pin.Origin == join.Origin)
            {
                foreach (var child in _children)
                {
                    if (child.Key == pin.Child)
                    {
                        return child;
                    }
                }
            }
        }

        return null;
    }

    /// <summary>The place that the hash names is promised to somebody who has not come yet: the request waits for the next change, moves on to a free place elsewhere when it
    /// is made again, or lapses.</summary>
    private void Store(Instant now, TreeJoin join, Instant until)
    {
        for (var i = 0; i < _stored.Count; i++)
        {
            if (_stored[i].Join.Origin == join.Origin)
            {
                _stored.RemoveAt(i);
                if (!TryPassToHighest(now, join))
                {
                    _stored.Add(new(join, until));
                }

                return;
            }
        }

        if (_stored.Count < MaxStored)
        {
            _stored.Add(new(join, until)); // One more is refused by silence: it asks again.
        }
    }

    /// <summary>Something changed: those who wait are looked at again, each as long as it was to wait from the beginning.</summary>
    private void ServeStored(Instant now)
    {
        for (var left = _stored.Count; left > 0; left--)
        {
            var (join, until) = _stored[0];
            _stored.RemoveAt(0);
            if (until > now)
            {
                Place(now, join, until);
            }
        }
    }

    private void ForgetCandidate(Instant now, RingId origin)
    {
        var count = _candidates.Count;
        _candidates.RemoveAll(candidate => candidate.Origin == origin);
        if (_candidates.Count < count)
        {
            ServeStored(now);
        }
    }

    private void LapseCandidates(Instant now)
    {
        _candidates.RemoveAll(candidate => candidate.Until <= now);
        _reservations.RemoveAll(reservation => reservation.Until <= now);
        if (_stored.Count > 0)
        {
            ServeStored(now);
        }
    }

    private TreeChild? ChildAt(int slot)
    {
        foreach (var child in _children)
        {
            if (child.Slot == slot)
            {
                return child;
            }
        }

        return null;
    }

    private readonly record struct Candidate(RingId Origin, ulong Nonce, Moment Until);

    private readonly record struct StoredJoin(TreeJoin Join, Moment Until);

    private readonly record struct Pin(RingId Origin, ulong Nonce, int Child, Moment Until);
}
