namespace Overlay.WebRtc.Ice;

/// <content>Choosing the pair: regular nomination by us, any nomination by the other side (RFC 8445 §8).</content>
public sealed partial class IceAgent
{
    /// <summary>A good pair is worth a moment of waiting for a better one, even where the round trip rounds to nothing.</summary>
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(1);

    /// <summary>The pair whose nomination is under way.</summary>
    private CandidatePair? _nominating;

    /// <summary>Whether the selected pair was known as nominated when it was last reported.</summary>
    private bool _wasNominated;

    private Instant _nominateAt = Instant.Never;

    /// <summary>
    /// Nominates the best working pair: at once when no better one can still come, else after one round trip of patience
    /// (RFC 8445 §8.1.1 leaves the moment to us; both sides wait for it, so it must be early).
    /// </summary>
    private void ConsiderNomination(Instant now)
    {
        if (Role != IceRole.Controlling || _nominating is not null || _pairs.Best() is not { IsNominated: false } best)
        {
            return;
        }

        if (_nominateAt.IsNever)
        {
            var patience = TimeSpan.FromTicks(Math.Max(best.RoundTrip.Ticks, LeastPatience.Ticks));
            _nominateAt = now + (patience < _options.NominationPatience ? patience : _options.NominationPatience);
        }

        if (now >= _nominateAt || !_pairs.HasBetterPending(best))
        {
            _nominateAt = Instant.Never;
            _nominating = best;
            BeginCheck(now, best, nominates: true);
        }
    }

    /// <summary>The controlling side nominates a pair, in one check or, as Chromium does, in every check (RFC 8445 §7.3.1.5).</summary>
    private void TakeNomination(Instant now, CandidatePair pair)
    {
        if (pair.State == PairState.Succeeded)
        {
            if (!pair.IsNominated)
            {
                pair.IsNominated = true;
                Reselect(now);
            }
        }
        else
        {
            pair.NominateOnSuccess = true;
        }
    }

    /// <summary>Makes the best pair the selected one. Where none is valid the one that fell silent is kept: it may recover.</summary>
    private void Reselect(Instant now)
    {
        var best = _pairs.Best();
        if (best is not null && !ReferenceEquals(best, _selected))
        {
            DropHeldPair();
            Select(best);
            _consent.Start(now);
        }
        else if (best is null && _selected is { State: PairState.Failed })
        {
            Select(null);
            _consent.Stop();
            BecomeState(IceState.Checking);
            _deadlineAt = _deadlineAt.IsNever ? now + _options.CheckTimeout : _deadlineAt;
        }

        if (best is not null)
        {
            SettleOn(best);
        }
    }

    private void SettleOn(CandidatePair best)
    {
        if (!best.IsNominated)
        {
            BecomeState(IceState.Connected);
            return;
        }

        if (!_wasNominated)
        {
            _wasNominated = true;
            Raise(IceEventKind.SelectedPairChanged);
        }

        _nominateAt = Instant.Never;
        BecomeState(IceState.Completed);
        PutOthersAside();
    }

    /// <summary>
    /// RFC 8445 §8.1.2: after the nomination lower pairs are no longer checked. The controlled side goes on with higher ones,
    /// since an aggressive peer may still nominate one of them.
    /// </summary>
    private void PutOthersAside()
    {
        for (var index = 0; index < _pairs.Count; index++)
        {
            var pair = _pairs[index];
            if (pair.State is PairState.Waiting or PairState.InProgress && !IsWorthChecking(pair))
            {
                pair.Become(PairState.Idle);
            }
        }
    }

    private bool IsWorthChecking(CandidatePair pair) =>
        _selected is not { IsNominated: true, IsValid: true } selected
        || (Role == IceRole.Controlled && (pair.Priority > selected.Priority || pair.NominateOnSuccess));

    private void Select(CandidatePair? pair)
    {
        if (!ReferenceEquals(_selected, pair))
        {
            _selected = pair;
            _wasNominated = pair?.IsNominated ?? false;
            Raise(IceEventKind.SelectedPairChanged);
        }
    }
}
