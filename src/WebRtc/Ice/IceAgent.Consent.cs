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

    /// <summary>The selected pair is in doubt: all other pairs are checked again, and the first that answers takes its place.</summary>
    private void BecomeDisconnected(CandidatePair silent)
    {
        silent.IsValid = false;
        _nominating = null;
        _nominateAt = Instant.Never;
        for (var index = 0; index < _pairs.Count; index++)
        {
            var pair = _pairs[index];
            if (!ReferenceEquals(pair, silent))
            {
                pair.IsValid = false;
                pair.Become(PairState.Waiting);
            }
        }

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
        _selected!.IsValid = true;
        if (State == IceState.Disconnected)
        {
            Reselect(now);
            ConsiderNomination(now);
        }

        return IceReceived.Response;
    }
}
