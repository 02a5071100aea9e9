using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <content>What leaves: answers, checks, consent checks (RFC 8445 §6.1.4, §7.2.4; RFC 8489 §6.2.1).</content>
public sealed partial class IceAgent
{
    /// <summary>Room that <see cref="TryGetDatagram"/> needs: a check with the longest user name.</summary>
    public const int MaxDatagramLength = 600;

    /// <summary>Writes the next datagram that may leave now. False when there is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is shorter than <see cref="MaxDatagramLength"/>.</exception>
    public bool TryGetDatagram(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, MaxDatagramLength);
        _now = now;
        transmit = default;
        if (State is IceState.Failed or IceState.Closed)
        {
            return false;
        }

        if (_answers.TryTake(out var answer))
        {
            transmit = new Transmit(answer.Path, answer.Remote, WriteAnswer(answer, buffer));
            return true;
        }

        if (RemoteCredentials is null)
        {
            return false;
        }

        if (TryTakeDueCheck(now) is { } pair)
        {
            transmit = SendCheck(now, pair, buffer);
            return true;
        }

        return TryGetConsentCheck(now, buffer, out transmit);
    }

    /// <summary>A transmission that is due, else a new check if pacing allows one.</summary>
    private CandidatePair? TryTakeDueCheck(Instant now)
    {
        if (_pairs.NextDue(now, _options.CheckTransmissions, spent: false) is { } due)
        {
            return due;
        }

        if (_pairs.NextToCheck() is { } next && _pacer.TryTake(now))
        {
            next.Become(PairState.InProgress);
            BeginCheck(now, next, nominates: false);
            return next;
        }

        return null;
    }

    private void BeginCheck(Instant now, CandidatePair pair, bool nominates) =>
        pair.Check = new CheckTransaction
        {
            Id = StunTransactionId.Create(_secrets),
            IsActive = true,
            Nominates = nominates,
            Role = Role,
            LastSentAt = now,
            NextAt = now,
        };

    private Transmit SendCheck(Instant now, CandidatePair pair, Span<byte> buffer)
    {
        ref var check = ref pair.Check;
        check.LastSentAt = now;
        check.NextAt = now + RetransmissionAfter(check.Transmissions);
        check.Transmissions++;
        return new Transmit(pair.Path, pair.Remote.Address, WriteCheck(pair, check.Id, check.Nominates, buffer));
    }

    private TimeSpan RetransmissionAfter(int transmissions)
    {
        var wait = _options.FirstRetransmission * (1 << transmissions);
        return wait < _options.MaxRetransmission ? wait : _options.MaxRetransmission;
    }

    private bool TryGetConsentCheck(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (_selected is not { } pair || now < _consent.DueAt)
        {
            return false;
        }

        var id = StunTransactionId.Create(_secrets);
        _consent.NoteSent(now, id);
        transmit = new Transmit(pair.Path, pair.Remote.Address, WriteCheck(pair, id, nominates: false, buffer));
        return true;
    }

    private int WriteCheck(CandidatePair pair, in StunTransactionId id, bool nominates, Span<byte> buffer)
    {
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, id));
        writer.AddUsername(_checkUsername);
        writer.AddPriority(pair.Local.CheckPriority);
        if (Role == IceRole.Controlling)
        {
            writer.AddIceControlling(_tieBreaker);
            if (nominates)
            {
                writer.AddUseCandidate();
            }
        }
        else
        {
            writer.AddIceControlled(_tieBreaker);
        }

        writer.AddIntegrity(_remoteKey);
        writer.AddFingerprint();
        return writer.Finish();
    }

    private int WriteAnswer(in PendingAnswer answer, Span<byte> buffer)
    {
        var messageClass = answer.Kind == AnswerKind.Success ? StunClass.Success : StunClass.Error;
        var writer = new StunWriter(buffer, new StunHeader(messageClass, StunHeader.Binding, answer.Transaction));
        switch (answer.Kind)
        {
            case AnswerKind.Success:
                writer.AddXorMappedAddress(answer.Remote);
                break;
            case AnswerKind.RoleConflict:
                writer.AddErrorCode(RoleConflictCode, "Role Conflict"u8);
                break;
            default:
                writer.AddErrorCode(420, "Unknown Attribute"u8);
                writer.AddUnknownAttributes([answer.UnknownType]);
                break;
        }

        writer.AddIntegrity(answer.IsForPreviousGeneration ? _previousLocalKey : _localKey);
        writer.AddFingerprint();
        return writer.Finish();
    }

    /// <summary>When a check may leave, has to be given up, or a nomination falls due.</summary>
    private Instant NextCheckAt()
    {
        var next = _nominateAt;
        for (var index = 0; index < _pairs.Count; index++)
        {
            var pair = _pairs[index];
            if (pair.Check.IsActive)
            {
                next = Instant.Min(next, pair.Check.NextAt);
            }
            else if (pair.State == PairState.Waiting)
            {
                next = Instant.Min(next, Instant.Max(_now, _pacer.NextAt));
            }
        }

        return next;
    }
}
