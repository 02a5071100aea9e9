using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>How an association begins (RFC 9260 §5): the four-way handshake, both sides at once, or INITs that travelled in signalling.</summary>
public sealed partial class Association
{
    /// <summary>A cookie as long as an INIT ACK of 65,535 bytes could bring would not fit a packet; one of ours takes 80.</summary>
    private const int MaxPeerCookieBytes = 1024;

    private byte[]? _peerCookie;
    private uint _handshakePeerTag;
    private PeerParameters _handshakePeer;
    private bool _initDue;
    private bool _cookieEchoDue;
    private int _initRetransmits;

    /// <summary>Our INIT chunk. Given to the peer by other means, and its own given to <see cref="StartFromExchanged"/>, no handshake is needed.</summary>
    public byte[] LocalInit
    {
        get
        {
            var init = OwnInit(_localTag);
            var bytes = new byte[init.Length];
            init.Write(bytes, ChunkType.Init);
            return bytes;
        }
    }

    /// <summary>Begins the handshake. Does nothing if it has begun, by us or by the peer.</summary>
    public void Connect(Instant now)
    {
        if (State != AssociationState.New)
        {
            return;
        }

        BecomeCookieWait(now);
    }

    /// <summary>Begins established: both sides' INIT chunks travelled in signalling.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="remoteInit">The peer's <see cref="LocalInit"/>.</param>
    /// <returns>False, and nothing changed, if the bytes are no usable INIT or the association has begun already.</returns>
    public bool StartFromExchanged(Instant now, ReadOnlySpan<byte> remoteInit)
    {
        var reader = new ChunkReader(remoteInit);
        if (State is not (AssociationState.New or AssociationState.CookieWait)
            || !reader.TryRead(out var raw) || raw.Type != (byte)ChunkType.Init
            || !InitChunk.TryRead(in raw, out var init) || FaultOf(in init) != SctpErrorCause.None)
        {
            return false;
        }

        BecomeEstablished(now, init.InitiateTag, PeerParameters.From(in init));
        return true;
    }

    private InitChunk OwnInit(uint tag, ReadOnlySpan<byte> cookie = default) => new()
    {
        InitiateTag = tag,
        ReceiverWindow = (uint)_options.ReceiveBufferBytes,
        OutboundStreams = _options.MaxStreams,
        InboundStreams = _options.MaxStreams,
        InitialTsn = _localInitialTsn,
        ForwardTsnSupported = true,
        ReconfigSupported = true,
        StateCookie = cookie,
    };

    private void BecomeCookieWait(Instant now)
    {
        State = AssociationState.CookieWait;
        _peerCookie = null;
        _initDue = true;
        _cookieEchoDue = false;
        _timers.Stop(SctpTimer.T1Cookie);
        _timers.Set(SctpTimer.T1Init, now + _timeout.Value);
    }

    private void BecomeCookieEchoed(Instant now, in InitChunk initAck)
    {
        State = AssociationState.CookieEchoed;
        _handshakePeerTag = initAck.InitiateTag;
        _handshakePeer = PeerParameters.From(in initAck);
        _peerCookie = initAck.StateCookie.ToArray();
        _initDue = false;
        _cookieEchoDue = true;
        _initRetransmits = 0;
        _timers.Stop(SctpTimer.T1Init);
        _timers.Set(SctpTimer.T1Cookie, now + _timeout.Value);
    }

    private void BecomeEstablished(Instant now, uint peerTag, PeerParameters peer)
    {
        State = AssociationState.Established;
        _peerCookie = null;
        _initDue = false;
        _cookieEchoDue = false;
        _errorCount = 0;
        _timers.StopAll();
        _timers.Set(SctpTimer.Heartbeat, now + HeartbeatPeriod());
        var sender = new RetransmissionQueue(_options, _queue, _timers, _timeout, _localInitialTsn, peer, _maxPacketBytes);
        _tcb = new TransmissionControl(_options, peerTag, peer, sender, _pool, _received, _localInitialTsn);
        _announcedWindow = _options.ReceiveBufferBytes;
        _received.Add(SctpEvent.Connected());
    }

    private void HandleInit(Instant now, in RawChunk raw)
    {
        if (!InitChunk.TryRead(in raw, out var init))
        {
            _statistics.ChunksDropped++;
            return;
        }

        var fault = FaultOf(in init);
        if (fault != SctpErrorCause.None)
        {
            // §3.3.2: an INIT that cannot be answered is refused, under the tag it asked for.
            _statistics.ChunksDropped++;
            if (init.InitiateTag != 0)
            {
                QueueCause(ChunkType.Abort, flags: 0, init.InitiateTag, fault, default, alone: true);
            }

            return;
        }

        if (State == AssociationState.ShutdownAckSent)
        {
            _shutdownAckDue = true; // §9.2: the peer has missed our SHUTDOWN ACK and begins anew; first things first.
            return;
        }

        QueueInitAck(now, in init);
    }

    /// <summary>Answers an INIT without remembering it: everything goes into the cookie (§5.1.3).</summary>
    private void QueueInitAck(Instant now, in InitChunk init)
    {
        // §5.2.1: while both sides are sending INITs ours stays what it was. §5.2.2: once there is an association, the cookie is
        // for another one, with a tag of its own, and ties it to the present one. But a peer that asks under the very tag and TSN we
        // know it by has not started anew: it repeats itself, or has missed the INITs in signalling, and is let into this one.
        var isSamePeer = _tcb is { } tcb && init.InitiateTag == tcb.PeerTag && init.InitialTsn == tcb.Peer.InitialTsn;
        var isTied = _tcb is not null && !isSamePeer;
        var cookie = new StateCookie
        {
            LocalTag = isTied ? DrawTag() : _localTag,
            PeerTag = init.InitiateTag,
            LocalInitialTsn = _localInitialTsn,
            Peer = PeerParameters.From(in init),
            LocalTieTag = isTied || State == AssociationState.CookieEchoed ? _localTag : 0,
            PeerTieTag = _tcb?.PeerTag ?? (State == AssociationState.CookieEchoed ? _handshakePeerTag : 0),
            MadeAt = now,
        };
        Span<byte> cookieBytes = stackalloc byte[StateCookie.Length];
        cookie.Write(cookieBytes, _cookieKey);

        Span<byte> unrecognized = stackalloc byte[256];
        unrecognized = unrecognized[..init.WriteUnrecognized(unrecognized)];
        var answer = OwnInit(cookie.LocalTag, cookieBytes);
        if (_control.TryAdd(answer.Length + unrecognized.Length, init.InitiateTag, alone: true, out var chunk))
        {
            var length = answer.Write(chunk, ChunkType.InitAck);
            unrecognized.CopyTo(chunk[length..]);
        }
    }

    private void HandleInitAck(Instant now, in RawChunk raw)
    {
        // §5.2.3: at any other time it is an answer to an INIT that no longer matters.
        if (State != AssociationState.CookieWait || !InitChunk.TryRead(in raw, out var initAck))
        {
            _statistics.ChunksDropped++;
            return;
        }

        var fault = FaultOf(in initAck);
        if (fault == SctpErrorCause.None && initAck.StateCookie.Length is 0 or > MaxPeerCookieBytes)
        {
            fault = SctpErrorCause.MissingMandatoryParameter;
        }

        if (fault != SctpErrorCause.None)
        {
            _handshakePeerTag = initAck.InitiateTag;
            AbortWith(now, SctpCloseReason.ProtocolViolation, fault, "INIT ACK is not usable");
            return;
        }

        BecomeCookieEchoed(now, in initAck);
    }

    private void HandleCookieEcho(Instant now, in RawChunk raw, uint verificationTag)
    {
        // §5.1.5: ours, unchanged, for this tag, and not too old.
        if (!StateCookie.TryRead(raw.Value, _cookieKey, out var cookie) || cookie.LocalTag != verificationTag)
        {
            _statistics.ChunksDropped++;
            return;
        }

        var age = now - cookie.MadeAt;
        var isKnown = _tcb is not null && cookie.LocalTag == _localTag && cookie.PeerTag == _tcb.PeerTag;
        if (age > _options.CookieLifetime && !isKnown)
        {
            QueueStaleCookie(cookie.PeerTag, age - _options.CookieLifetime);
            return;
        }

        if (_tcb is null)
        {
            AcceptCookie(now, in cookie);
            return;
        }

        // §5.2.4, D: the peer repeats itself because our COOKIE ACK was lost.
        if (isKnown)
        {
            QueueBare(ChunkType.CookieAck, _tcb.PeerTag);
            return;
        }

        // §5.2.4, A: a new start of the peer. What its channels were is gone with it, and ours with them: over DTLS there is
        // nothing to carry on with, so the association ends and the layer above makes a new connection.
        if (cookie.LocalTag != _localTag && cookie.LocalTieTag == _localTag && cookie.PeerTieTag == _tcb.PeerTag
            && cookie.PeerTag != _tcb.PeerTag)
        {
            AbortWith(now, SctpCloseReason.PeerRestarted, SctpErrorCause.UserInitiatedAbort, "Restart is not supported", cookie.PeerTag);
            return;
        }

        _statistics.ChunksDropped++; // §5.2.4, C and the rest: too late, or not about us.
    }

    /// <summary>§5.1.5 and §5.2.4, B and D: the first cookie to come back establishes the association, whoever sent the first INIT.</summary>
    private void AcceptCookie(Instant now, in StateCookie cookie)
    {
        BecomeEstablished(now, cookie.PeerTag, cookie.Peer);
        QueueBare(ChunkType.CookieAck, cookie.PeerTag);
    }

    private void HandleCookieAck(Instant now)
    {
        if (State == AssociationState.CookieEchoed)
        {
            BecomeEstablished(now, _handshakePeerTag, _handshakePeer);
        }
    }

    /// <summary>§5.2.6: our cookie came back too late. A fresh INIT brings a fresh one.</summary>
    private void HandleStaleCookie(Instant now)
    {
        if (State == AssociationState.CookieEchoed && CountInitRetransmit(now))
        {
            BecomeCookieWait(now);
        }
    }

    private void RetransmitInit(Instant now)
    {
        if (CountInitRetransmit(now))
        {
            _timeout.BackOff();
            _initDue = true;
            _timers.Set(SctpTimer.T1Init, now + _timeout.Value);
        }
    }

    private void RetransmitCookieEcho(Instant now)
    {
        if (CountInitRetransmit(now))
        {
            _timeout.BackOff();
            _cookieEchoDue = true;
            _timers.Set(SctpTimer.T1Cookie, now + _timeout.Value);
        }
    }

    private bool CountInitRetransmit(Instant now)
    {
        _initRetransmits++;
        if (_initRetransmits <= _options.MaxInitRetransmits)
        {
            return true;
        }

        BecomeClosed(now, SctpCloseReason.HandshakeTimedOut, SctpErrorCause.None);
        return false;
    }

    /// <summary>What makes an INIT or INIT ACK unusable (§3.3.2): no tag, no streams, or a window too small for one packet.</summary>
    private static SctpErrorCause FaultOf(in InitChunk init) =>
        init.InitiateTag == 0 || init.OutboundStreams == 0 || init.InboundStreams == 0 || init.ReceiverWindow < 1500
            ? SctpErrorCause.InvalidMandatoryParameter
            : SctpErrorCause.None;

    private void QueueStaleCookie(uint peerTag, TimeSpan staleness)
    {
        Span<byte> microseconds = stackalloc byte[sizeof(uint)];
        var measure = (uint)Math.Min(uint.MaxValue, staleness.Ticks / TimeSpan.TicksPerMicrosecond);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(microseconds, measure);
        QueueCause(ChunkType.Error, flags: 0, peerTag, SctpErrorCause.StaleCookie, microseconds, alone: true);
    }
}
