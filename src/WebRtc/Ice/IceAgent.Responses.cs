using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <content>Answers to our checks (RFC 8445 §7.2.5).</content>
public sealed partial class IceAgent
{
    private const int RoleConflictCode = 487;

    private IceReceived ReceiveResponse(Instant now, PathId path, in TransportAddress from, scoped ref StunMessage response)
    {
        var pair = _pairs.FindCheck(response.TransactionId);
        var isConsent = pair is null && _selected is not null && _consent.IsAwaited(response.TransactionId);
        pair ??= isConsent ? _selected : null;
        if (pair is null || RemoteCredentials is null)
        {
            Counters.Unexpected++;
            return IceReceived.Dropped;
        }

        if (!response.VerifyIntegrity(_remoteKey))
        {
            Counters.Unauthenticated++;
            return IceReceived.Dropped;
        }

        var isSymmetric = pair.Path == path && pair.Remote.Address == from;
        if (isConsent)
        {
            return ReceiveConsentResponse(now, ref response, isSymmetric);
        }

        if (!isSymmetric || response.UnknownRequiredCount > 0)
        {
            // RFC 8445 §7.2.5.2.1: an answer from elsewhere means the way is not the same in both directions.
            Counters.Unexpected++;
            FailPair(now, pair, isSymmetric ? PairOutcome.Refused : PairOutcome.AnsweredFromElsewhere);
            return IceReceived.Dropped;
        }

        ReceiveCheckResponse(now, pair, ref response);
        return IceReceived.Response;
    }

    private void ReceiveCheckResponse(Instant now, CandidatePair pair, scoped ref StunMessage response)
    {
        if (response.Class == StunClass.Success && (response.XorMappedAddress ?? response.MappedAddress) is { } mapped)
        {
            LearnLocal(pair, mapped);
            SucceedPair(now, pair);
        }
        else if (response.ErrorCode == RoleConflictCode)
        {
            YieldRole(pair);
        }
        else
        {
            FailPair(now, pair, PairOutcome.Refused);
        }
    }

    /// <summary>RFC 8445 §7.2.5.1: our request claimed a role the other side insists on; take the other one and ask again.</summary>
    private void YieldRole(CandidatePair pair)
    {
        if (pair.Check.Role == Role)
        {
            SwitchRole(Role == IceRole.Controlling ? IceRole.Controlled : IceRole.Controlling);
            _tieBreaker = DrawUInt64();
        }

        _pairs.Trigger(pair);
    }

    private void SucceedPair(Instant now, CandidatePair pair)
    {
        var isNomination = pair.Check.Nominates;
        pair.RoundTrip = now - pair.Check.LastSentAt;
        pair.Become(PairState.Succeeded);
        pair.IsValid = true;
        if ((isNomination && Role == IceRole.Controlling) || (pair.NominateOnSuccess && Role == IceRole.Controlled))
        {
            pair.IsNominated = true;
            pair.NominateOnSuccess = false;
        }

        _nominating = ReferenceEquals(_nominating, pair) ? null : _nominating;
        if (ReferenceEquals(pair, _selected))
        {
            _consent.Renew(now);
        }

        Reselect(now);
        ConsiderNomination(now);
    }

    private void FailPair(Instant now, CandidatePair pair, PairOutcome why)
    {
        pair.Become(PairState.Failed);
        pair.Failure = why;
        pair.IsValid = false;
        if (State == IceState.Disconnected && ReferenceEquals(pair, _selected))
        {
            return; // In doubt already; consent decides when it is lost.
        }

        pair.IsNominated = false;
        _nominating = ReferenceEquals(_nominating, pair) ? null : _nominating;
        if (State != IceState.Disconnected)
        {
            Reselect(now);
        }

        ConsiderNomination(now);
    }
}
