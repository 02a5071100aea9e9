using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <content>Consent freshness on the selected pair, and what follows when it falls silent (RFC 7675).</content>
public sealed partial class IceAgent
{
    private void AdvanceConsent(Instant now)
    {
        if (_selected is null)
        {
            return;
        }

        if (now >= _consent.ExpiresAt)
        {
            // RFC 7675 §5.1: without consent nothing may be sent there any more. Other pairs had their chance while we were disconnected.
            BecomeFailed(IceFailure.ConsentExpired);
        }
        else if (State is IceState.Connected or IceState.Completed && _consent.IsSilentAt(now))
        {
            BecomeDisconnected(_selected);
        }
    }

    /// <summary>The host has other reason to doubt the selected pair than a consent check gone unanswered: it is checked at once, and until it answers the agent is disconnected.</summary>
    public void Doubt(Instant now)
    {
        _now = now;
        if (State is IceState.Connected or IceState.Completed && _selected is { } selected)
        {
            BecomeDisconnected(selected);
        }
    }

    /// <summary>
    /// The selected pair is in doubt: all pairs are checked again. It is checked first, with the retransmissions that consent checks do
    /// not have, so mere loss is told from silence; otherwise the best pair that answers takes its place.
    /// </summary>
    private void BecomeDisconnected(CandidatePair silent)
    {
        _nominating = null;
        _nominateAt = Instant.Never;
        for (var index = 0; index < _pairs.Count; index++)
        {
            _pairs[index].IsValid = false;
            _pairs[index].Become(PairState.Waiting);
        }

        _pairs.Trigger(silent);
        BecomeState(IceState.Disconnected);
    }

    private IceReceived ReceiveConsentResponse(Instant now, scoped ref StunMessage response, bool isSymmetric)
    {
        if (!isSymmetric || response.Class != StunClass.Success)
        {
            Counters.Unexpected++;
            return IceReceived.Dropped;
        }

        _consent.Renew(now);
        _selected!.RoundTrip = now - _consent.SentAt;
        _selected.IsValid = true;
        if (_selected.State != PairState.Succeeded)
        {
            _selected.Become(PairState.Succeeded);
        }

        if (State == IceState.Disconnected)
        {
            Reselect(now);
            ConsiderNomination(now);
        }

        return IceReceived.Response;
    }
}
