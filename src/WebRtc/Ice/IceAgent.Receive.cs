using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <content>Requests of the other side: authentication, role conflict, answers, triggered checks (RFC 8445 §7.3).</content>
public sealed partial class IceAgent
{
    private readonly List<EarlyCheck> _earlyChecks = [];

    /// <summary>Takes a STUN datagram that came in on a path. The bytes are not kept.</summary>
    public IceReceived Receive(Instant now, PathId path, TransportAddress from, ReadOnlySpan<byte> datagram)
    {
        _now = now;
        if (!StunMessage.TryRead(datagram, out var message) || !message.IsBinding)
        {
            Counters.Malformed++;
            return IceReceived.Dropped;
        }

        if (State is IceState.Failed or IceState.Closed)
        {
            return IceReceived.Dropped;
        }

        return message.Class switch
        {
            StunClass.Request => ReceiveRequest(now, path, from, ref message),
            StunClass.Indication => IceReceived.Dropped, // A keepalive (RFC 8445 §11): nothing to do, nothing wrong.
            _ => ReceiveResponse(now, path, from, ref message),
        };
    }

    private IceReceived ReceiveRequest(Instant now, PathId path, in TransportAddress from, scoped ref StunMessage request)
    {
        if (!TryAuthenticate(ref request, out var isPrevious, out var senderUfrag))
        {
            Counters.Unauthenticated++;
            return IceReceived.Dropped;
        }

        if (request.UnknownRequiredCount > 0)
        {
            Answer(path, from, ref request, AnswerKind.UnknownAttribute, isPrevious);
            return IceReceived.Request;
        }

        if (isPrevious)
        {
            // The other side has not heard of our restart yet: its consent on the pair in use must not run dry. A new pair made of its new and our
            // old credentials gets no answer: it would work, Chromium would nominate it, and never look at the one with our new credentials.
            if (_heldPair is not { } held || held.Path != path || held.Remote != from)
            {
                Counters.Ignored++;
                return IceReceived.Dropped;
            }

            Answer(path, from, ref request, AnswerKind.Success, isPrevious);
            return IceReceived.Request;
        }

        if (RemoteCredentials is not null && !senderUfrag.SequenceEqual(_remoteUfrag))
        {
            // The other side has restarted and its signal is still under way: as above, this pair must not come to life with our old credentials.
            Counters.Ignored++;
            return IceReceived.Dropped;
        }

        if (IsRoleConflict(ref request) && !TrySettleRoleConflict(ref request))
        {
            Answer(path, from, ref request, AnswerKind.RoleConflict, isPrevious);
            return IceReceived.Request;
        }

        Answer(path, from, ref request, AnswerKind.Success, isPrevious);
        if (RemoteCredentials is null)
        {
            RememberEarly(new EarlyCheck(path, from, request.Priority, request.UseCandidate, senderUfrag.ToArray()));
        }
        else
        {
            HandleCheck(now, path, from, request.Priority, request.UseCandidate);
            ConsiderNomination(now);
        }

        return IceReceived.Request;
    }

    private bool TryAuthenticate(scoped ref StunMessage request, out bool isPrevious, out ReadOnlySpan<byte> senderUfrag)
    {
        isPrevious = false;
        if (!IceUsername.TrySplit(request.Username, out var receiverUfrag, out senderUfrag))
        {
            return false;
        }

        if (receiverUfrag.SequenceEqual(_localUfrag))
        {
            return request.VerifyIntegrity(_localKey);
        }

        isPrevious = _previousLocalUfrag.Length > 0 && receiverUfrag.SequenceEqual(_previousLocalUfrag);
        return isPrevious && request.VerifyIntegrity(_previousLocalKey);
    }

    private bool IsRoleConflict(scoped ref StunMessage request) =>
        Role == IceRole.Controlling ? request.IceControlling is not null : request.IceControlled is not null;

    /// <summary>RFC 8445 §7.3.1.1: the larger tie breaker controls. True when we give way, false when the other side has to.</summary>
    private bool TrySettleRoleConflict(scoped ref StunMessage request)
    {
        var weAreLarger = _tieBreaker >= (request.IceControlling ?? request.IceControlled ?? 0);
        var wanted = weAreLarger ? IceRole.Controlling : IceRole.Controlled;
        if (wanted == Role)
        {
            return false;
        }

        SwitchRole(wanted);
        return true;
    }

    private void SwitchRole(IceRole role)
    {
        Role = role;
        _nominating = null;
        _nominateAt = Instant.Never;
        _pairs.Reprioritise(role);
        for (var index = 0; index < _pairs.Count; index++)
        {
            var pair = _pairs[index];
            if (!pair.Check.IsActive)
            {
                continue;
            }

            // A request under way claims the old role; a new one takes its place. A nomination under way is no longer ours to make.
            if (pair.State == PairState.InProgress)
            {
                _pairs.Trigger(pair);
            }
            else
            {
                pair.Check.IsActive = false;
            }
        }
    }

    private void Answer(PathId path, in TransportAddress to, scoped ref StunMessage request, AnswerKind kind, bool isPrevious)
    {
        var unknown = request.UnknownRequiredCount > 0 ? request.UnknownRequired[0] : default;
        if (!_answers.TryAdd(new PendingAnswer(path, to, request.TransactionId, kind, isPrevious, unknown)))
        {
            Counters.OverBound++;
        }
    }

    /// <summary>Keeps what an early check teaches until the credentials to check back are known (RFC 8445 §7.3).</summary>
    private void RememberEarly(EarlyCheck check)
    {
        for (var index = 0; index < _earlyChecks.Count; index++)
        {
            var known = _earlyChecks[index];
            if (known.Path == check.Path && known.Remote == check.Remote)
            {
                _earlyChecks[index] = check with { UseCandidate = check.UseCandidate || known.UseCandidate };
                return;
            }
        }

        if (_earlyChecks.Count < _options.MaxEarlyChecks)
        {
            _earlyChecks.Add(check);
        }
        else
        {
            Counters.OverBound++;
        }
    }

    private void TakeUpEarlyChecks(Instant now)
    {
        foreach (var early in _earlyChecks)
        {
            if (early.SenderUfrag.AsSpan().SequenceEqual(_remoteUfrag))
            {
                HandleCheck(now, early.Path, early.Remote, early.Priority, early.UseCandidate);
            }
        }

        _earlyChecks.Clear();
    }

    /// <summary>An authenticated check of the current generation: learn from it, check back, follow its nomination.</summary>
    private void HandleCheck(Instant now, PathId path, in TransportAddress from, uint? priority, bool useCandidate)
    {
        var pair = _pairs.Find(path, from) ?? PairFor(path, from, priority);
        if (pair is null)
        {
            return;
        }

        if (useCandidate && Role == IceRole.Controlled)
        {
            TakeNomination(now, pair);
        }

        switch (pair.State)
        {
            case PairState.Succeeded:
                break; // RFC 8445 §7.3.1.4: nothing further is done.
            case PairState.InProgress:
                Hasten(now, pair);
                break;
            case PairState.Waiting when pair.TriggeredOrder > 0:
                break;
            case PairState.Idle when Role == IceRole.Controlling && State == IceState.Completed:
                break; // Our nomination stands; the other side may keep the pair warm.
            default:
                _pairs.Trigger(pair);
                break;
        }
    }

    private CandidatePair? PairFor(PathId path, in TransportAddress from, uint? priority)
    {
        if (FindLocal(path, from) is not { } local)
        {
            Counters.Ignored++;
            return null;
        }

        return (FindRemote(from) ?? LearnRemote(from, priority)) is { } remote ? AddPair(local, remote) : null;
    }

    /// <summary>
    /// The way back is open now, where it may have been shut before: send the check under way again at once, with all its tries.
    /// RFC 8445 §7.3.1.4 asks for a new transaction here; the same one keeps an answer already on its way useful.
    /// </summary>
    private void Hasten(Instant now, CandidatePair pair)
    {
        if (now - pair.Check.LastSentAt >= _options.CheckPacing)
        {
            pair.Check.Transmissions = 0;
            pair.Check.NextAt = now;
        }
    }

    /// <summary>What a check told that came before the remote credentials.</summary>
    private sealed record EarlyCheck(PathId Path, TransportAddress Remote, uint? Priority, bool UseCandidate, byte[] SenderUfrag);
}
