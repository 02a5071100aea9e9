using Overlay.WebRtc.Dcep;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Peer;

/// <content>From description to open channels, phase by phase, and back down.</content>
public sealed partial class PeerConnection
{
    private SelectedPair? _pair;
    private Instant _sctpDeadline = Instant.Never;
    private bool _awaitsRestartAnswer;
    private bool _isDraining;

    /// <summary>An answerer puts its INIT in only where the offer had one: else the offerer would not use it.</summary>
    private bool OffersSctpInit =>
        _options.ExchangeSctpInit && (_options.Role == PeerRole.Offerer || _remote is { SctpInit.IsEmpty: false });

    /// <summary>Takes the peer's offer or answer. Checks begin at once.</summary>
    /// <remarks>
    /// Later ones are allowed: other ICE credentials are an ICE restart, asked for by the peer or answering <see cref="RestartIce"/>; the same
    /// credentials only add candidates. After a restart by the peer <see cref="LocalDescription"/> is the answer.
    /// </remarks>
    /// <returns>False, with nothing changed, when it cannot be used: credentials out of bounds, or another certificate than before.</returns>
    public bool SetRemoteDescription(Instant now, PeerDescription remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        _now = now;
        if (State is PeerState.Failed or PeerState.Closed
            || !IceCredentials.TryCreate(remote.Ufrag, remote.Password, out var credentials)
            || (_remote is not null && _remote.Fingerprint != remote.Fingerprint))
        {
            return false;
        }

        if (_remote is null)
        {
            BeginSetup(now, remote);
        }
        else if (_ice.RemoteCredentials is { } current && current != credentials && !_awaitsRestartAnswer)
        {
            _ice.Restart(now);
            _sessionVersion++;
        }

        _remote = remote;
        if (_ice.RemoteCredentials is null)
        {
            _awaitsRestartAnswer = false;
            _ice.SetRemoteCredentials(now, credentials, remote.IsIceLite);
        }

        foreach (var candidate in remote.Candidates)
        {
            _ice.AddRemoteCandidate(now, candidate);
        }

        Settle(now);
        return true;
    }

    /// <summary>Takes a candidate that came after, or before, the description. Names (mDNS) and TCP are passed over.</summary>
    public void AddRemoteCandidate(Instant now, Candidate candidate)
    {
        _now = now;
        if (State is not (PeerState.Failed or PeerState.Closed))
        {
            _ice.AddRemoteCandidate(now, candidate);
            Settle(now);
        }
    }

    /// <summary>Begins an ICE restart: <see cref="LocalDescription"/> is the new offer then. Data flows on over the old pair meanwhile.</summary>
    /// <returns>False before the first remote description, while a restart is under way, or after the end.</returns>
    public bool RestartIce(Instant now)
    {
        _now = now;
        if (_remote is null || _awaitsRestartAnswer || State is PeerState.Failed or PeerState.Closed)
        {
            return false;
        }

        _ice.Restart(now);
        _sessionVersion++;
        _awaitsRestartAnswer = true;
        Settle(now);
        return true;
    }

    private DtlsSetup LocalSetup() => _dtls switch
    {
        // RFC 8842 §5.4: a later offer leaves the choice open again, a later answer repeats the role in use.
        not null when _awaitsRestartAnswer => DtlsSetup.ActPass,
        { Role: DtlsRole.Client } => DtlsSetup.Active,
        { Role: DtlsRole.Server } => DtlsSetup.Passive,
        _ => _options.Role == PeerRole.Offerer ? DtlsSetup.ActPass : DtlsSetup.Active,
    };

    private void BeginSetup(Instant now, PeerDescription remote)
    {
        // RFC 8842 §5.3: the answerer should be active. A peer that names a role gets it; an answer that fails to choose means active.
        var isClient = remote.Setup == DtlsSetup.Passive || (remote.Setup == DtlsSetup.ActPass && _options.Role == PeerRole.Answerer);
        _dtls = new DtlsEndpoint(
            isClient ? DtlsRole.Client : DtlsRole.Server,
            _certificate,
            new DtlsOptions { PacketSize = SmallestPathPacketSize(), HandshakeTimeout = _options.DtlsTimeout });
        _dtls.SetPeerFingerprint(now, remote.Fingerprint);
        _association.MaxSendMessageBytes = remote.MaxMessageSize;
        _channels.AssignRole(now, isClient);
        _consentSince = now;
        EnterPhase(PeerPhase.Check);
        BecomeState(PeerState.Connecting);
    }

    /// <summary>After every input: what the parts have to say to each other, from the bottom up.</summary>
    private void Settle(Instant now)
    {
        while (_ice.TryGetEvent(out var happened))
        {
            HandleIceEvent(happened);
        }

        if (State is PeerState.Failed or PeerState.Closed || _dtls is null)
        {
            return;
        }

        ChooseWay(now);
        if (Phase == PeerPhase.Check && _way is not null)
        {
            EnterPhase(PeerPhase.Dtls);
            _dtls.Start(now);
            FeedEarlyDatagrams(now, _dtls);
        }

        SettleDtls(now, _dtls);
        PumpAssociation(now);
        DoubtDirectWay(now);
        if (Phase == PeerPhase.Open && State is PeerState.Connected or PeerState.Disconnected)
        {
            _channels.Flush(now);
            var isSilent = _options.Overlay is null && _ice.State == IceState.Disconnected && now - LastHeardAt >= _options.ConsentPeriod;
            BecomeState(isSilent ? PeerState.Disconnected : PeerState.Connected);
        }
    }

    private void HandleIceEvent(in IceEvent happened)
    {
        if (happened.Kind == IceEventKind.SelectedPairChanged)
        {
            _pair = happened.Pair ?? (State is PeerState.Failed or PeerState.Closed ? _pair : null);
        }
        else if (happened.State == IceState.Failed && _options.Overlay is null && State is not (PeerState.Failed or PeerState.Closed))
        {
            Fail(_ice.Failure == IceFailure.ConsentExpired || Phase == PeerPhase.Open ? PeerFailure.ConsentExpired : PeerFailure.CheckTimeout);
        }
    }

    private void SettleDtls(Instant now, DtlsEndpoint dtls)
    {
        if (dtls.State == DtlsState.Connected && Phase == PeerPhase.Dtls)
        {
            EnterPhase(PeerPhase.Sctp);
            _sctpDeadline = now + _options.SctpTimeout;
            if (_remote is not { SctpInit.IsEmpty: false } remote || !OffersSctpInit || !_association.StartFromExchanged(now, remote.SctpInit.Span))
            {
                _association.Connect(now);
            }
        }

        DeliverPlaintext(now, dtls);
        if (dtls.State == DtlsState.Closed)
        {
            BecomeClosed();
        }
        else if (dtls.State == DtlsState.Failed)
        {
            Fail(dtls.Failure switch
            {
                DtlsFailure.FingerprintMismatch => PeerFailure.FingerprintMismatch,
                DtlsFailure.HandshakeTimeout => PeerFailure.DtlsTimeout,
                DtlsFailure.Alert => PeerFailure.DtlsAlert,
                _ => PeerFailure.DtlsProtocol,
            });
        }
    }

    /// <summary>Messages and events come in one order: a close is met only when the messages before it were taken.</summary>
    private void PumpAssociation(Instant now)
    {
        while (_channels.TryPull(now, out var happened))
        {
            if (happened.Kind == ChannelEventKind.Connected)
            {
                _sctpDeadline = Instant.Never;
                EnterPhase(PeerPhase.Open);
                BecomeState(PeerState.Connected);
            }
            else if (Phase == PeerPhase.Open && happened.Reason is SctpCloseReason.PeerAbort or SctpCloseReason.Shutdown)
            {
                BecomeClosed(); // Browsers say goodbye by ABORT.
            }
            else
            {
                Fail(happened.Reason == SctpCloseReason.HandshakeTimedOut ? PeerFailure.SctpTimeout : PeerFailure.SctpFailed);
            }
        }
    }

    private void EnterPhase(PeerPhase phase)
    {
        Phase = phase;
        _events.Enqueue(PeerEvent.PhaseReached(phase));
    }

    private void BecomeState(PeerState state)
    {
        if (State != state)
        {
            State = state;
            _events.Enqueue(PeerEvent.StateChanged(state));
        }
    }

    private void Fail(PeerFailure reason)
    {
        if (State is PeerState.Failed or PeerState.Closed)
        {
            return;
        }

        (State, Failure) = (PeerState.Failed, reason);
        _association.Abort(_now);
        _channels.CloseAll();
        _events.Enqueue(PeerEvent.Failed(Phase, reason));
        BeginDraining();
    }

    private void BecomeClosed()
    {
        if (State is PeerState.Failed or PeerState.Closed)
        {
            return;
        }

        _channels.CloseAll();
        BecomeState(PeerState.Closed);
        BeginDraining();
    }

    /// <summary>Goodbyes still leave over the last pair; nothing else does any more.</summary>
    private void BeginDraining()
    {
        _isDraining = _way is not null;
        _sctpDeadline = Instant.Never;
        _early.Clear();
        _ice.Close(_now);
    }
}
