using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <summary>The pairs of one generation (RFC 8445 §6.1.2). Bounded; scanned rather than sorted, since it is short and changes often.</summary>
internal sealed class CheckList(int maxPairs)
{
    private readonly List<CandidatePair> _pairs = [];
    private long _nextTriggeredOrder = 1;

    public int Count => _pairs.Count;

    public CandidatePair this[int index] => _pairs[index];

    public void Clear() => _pairs.Clear();

    public CandidatePair? Find(PathId path, in TransportAddress remote)
    {
        foreach (var pair in _pairs)
        {
            if (pair.Path == path && pair.Remote.Address == remote)
            {
                return pair;
            }
        }

        return null;
    }

    public CandidatePair? FindCheck(in StunTransactionId id)
    {
        foreach (var pair in _pairs)
        {
            if (pair.Check.IsActive && pair.Check.Id == id)
            {
                return pair;
            }
        }

        return null;
    }

    /// <summary>Adds a pair; a full list gives up its lowest idle pair if the new one is better. False when the new one finds no room.</summary>
    public bool TryAdd(CandidatePair pair)
    {
        if (_pairs.Count >= maxPairs)
        {
            var worst = Worst();
            if (worst < 0 || _pairs[worst].Priority >= pair.Priority)
            {
                return false;
            }

            _pairs.RemoveAt(worst);
        }

        _pairs.Add(pair);
        return true;
    }

    /// <summary>Puts a pair at the end of the triggered-check queue, once (RFC 8445 §7.3.1.4).</summary>
    public void Trigger(CandidatePair pair)
    {
        pair.Become(PairState.Waiting);
        pair.TriggeredOrder = _nextTriggeredOrder++;
    }

    /// <summary>The next pair to check: the triggered queue first, then the waiting pair of highest priority (RFC 8445 §6.1.4.2).</summary>
    public CandidatePair? NextToCheck()
    {
        CandidatePair? best = null;
        foreach (var pair in _pairs)
        {
            if (pair.State == PairState.Waiting && (best is null || ComesBefore(pair, best)))
            {
                best = pair;
            }
        }

        return best;
    }

    /// <summary>A pair whose check is due to be sent, or to be given up when its transmissions are spent.</summary>
    public CandidatePair? NextDue(Instant now, int maxTransmissions, bool spent)
    {
        foreach (var pair in _pairs)
        {
            if (pair.Check.IsActive && pair.Check.NextAt <= now && pair.Check.Transmissions >= maxTransmissions == spent)
            {
                return pair;
            }
        }

        return null;
    }

    /// <summary>The pair to use: nominated before merely valid, then by priority (RFC 8445 §8.1.1, §12.1).</summary>
    public CandidatePair? Best()
    {
        CandidatePair? best = null;
        foreach (var pair in _pairs)
        {
            if (pair.IsValid && (best is null
                || (pair.IsNominated, pair.Priority).CompareTo((best.IsNominated, best.Priority)) > 0))
            {
                best = pair;
            }
        }

        return best;
    }

    /// <summary>Whether a pair better than <paramref name="pair"/> may still turn out to work.</summary>
    public bool HasBetterPending(CandidatePair pair)
    {
        foreach (var other in _pairs)
        {
            if (other.Priority > pair.Priority && other.State is PairState.Waiting or PairState.InProgress)
            {
                return true;
            }
        }

        return false;
    }

    public void Reprioritise(IceRole ownRole)
    {
        foreach (var pair in _pairs)
        {
            pair.Reprioritise(ownRole);
        }
    }

    private static bool ComesBefore(CandidatePair pair, CandidatePair other)
    {
        var isTriggered = pair.TriggeredOrder > 0;
        if (isTriggered != other.TriggeredOrder > 0)
        {
            return isTriggered;
        }

        return isTriggered ? pair.TriggeredOrder < other.TriggeredOrder : pair.Priority > other.Priority;
    }

    private int Worst()
    {
        var worst = -1;
        for (var index = 0; index < _pairs.Count; index++)
        {
            var pair = _pairs[index];
            if (!pair.Check.IsActive && !pair.IsValid && !pair.IsNominated && (worst < 0 || pair.Priority < _pairs[worst].Priority))
            {
                worst = index;
            }
        }

        return worst;
    }
}
