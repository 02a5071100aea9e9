using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Peer;

/// <summary>One WebRTC connection for data: ICE finds the way, DTLS secures it, SCTP and DCEP make channels of it.</summary>
/// <remarks>
/// <para>A plain object without socket, clock or thread. Members fall into four groups:</para>
/// <list type="bullet">
/// <item>handles, from the world: <see cref="Receive"/>, <see cref="Advance"/>, <see cref="SetRemoteDescription"/>, <see cref="AddRemoteCandidate"/>;</item>
/// <item>commands, from the application: <see cref="CreateChannel"/>, <see cref="Send"/>, <see cref="CloseChannel"/>, <see cref="RestartIce"/>,
/// <see cref="Close"/>;</item>
/// <item>pulls, for the host: <see cref="TryGetDatagram"/>, <see cref="TryReceive"/>, <see cref="TryGetEvent"/>;</item>
/// <item>looks, which change nothing: the properties, <see cref="BufferedAmount"/>, <see cref="TryGetChannel"/>, <see cref="TakeUnacknowledged"/>.</item>
/// </list>
/// <para>The law of the loop: after <b>each</b> handle or command pull datagrams, messages and events until all three say no, then wait for the
/// next datagram or for <see cref="WakeAt"/>, at which <see cref="Advance"/> is called. Messages may also be left unpulled: the receive
/// window then closes, and the peer waits.</para>
/// <para>Only peers that know our ICE password reach DTLS, and only the one with the promised certificate reaches SCTP.</para>
/// </remarks>
public sealed partial class PeerConnection : IDisposable
{
    /// <summary>Local paths at most, as many as ICE has candidates.</summary>
    private const int MaxPaths = 64;

    private readonly PeerOptions _options;
    private readonly DtlsCertificate _certificate;
    private readonly IceAgent _ice;
    private readonly Association _association;
    private readonly PeerChannels _channels;
    private readonly Queue<PeerEvent> _events = new();
    private readonly List<(PathId Path, int PacketSize)> _paths = [];
    private readonly byte[] _packet = new byte[LargestPacket];
    private readonly ulong _sessionId;
    private ulong _sessionVersion = 1;
    private DtlsEndpoint? _dtls;
    private PeerDescription? _remote;
    private Instant _now;

    /// <summary>Makes a connection that waits for local candidates and for the remote description.</summary>
    /// <param name="options">Role, limits, deadlines; validated here.</param>
    /// <param name="certificate">Our identity; shared among connections and not owned.</param>
    /// <param name="secrets">What an attacker must not guess: credentials, tags, transaction ids.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public PeerConnection(PeerOptions options, DtlsCertificate certificate, ISecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(secrets);
        options.Validate();
        (_options, _certificate) = (options, certificate);
        _ice = new IceAgent(
            new IceOptions
            {
                CheckTimeout = options.CheckTimeout,
                ConsentPeriod = options.ConsentPeriod,
                ConsentExpiry = options.ConsentTimeout,
            },
            options.Role == PeerRole.Offerer ? IceRole.Controlling : IceRole.Controlled,
            secrets);
        _association = new Association(
            new SctpOptions
            {
                MaxPacketBytes = SctpPacketBytes(DefaultPacketSize),
                MaxMessageBytes = options.MaxMessageSize,
                ReceiveBufferBytes = options.ReceiveWindowBytes,
                SendBufferBytes = options.MaxBufferedBytes,
                HeartbeatInterval = options.Overlay is null ? new SctpOptions().HeartbeatInterval : options.ConsentTimeout / 3,
            },
            secrets);
        _channels = new PeerChannels(_association, options, _events);
        Span<byte> id = stackalloc byte[sizeof(ulong)];
        secrets.Fill(id);
        _sessionId = BitConverter.ToUInt64(id) >> 2; // RFC 8829 §5.2.1: 62 random bits below a clear sign.
    }

    /// <summary>What the connection is good for now.</summary>
    public PeerState State { get; private set; }

    /// <summary>How far the set-up is.</summary>
    public PeerPhase Phase { get; private set; }

    /// <summary>Why it failed, if it did.</summary>
    public PeerFailure Failure { get; private set; }

    /// <summary>More words on <see cref="Failure"/> for a log, or empty.</summary>
    public string FailureDetail => _dtls?.FailureDetail ?? "";

    /// <summary>By which the peer's checks name this connection; a host with one socket sorts first checks by it.</summary>
    public string LocalUfrag => _ice.LocalCredentials.Ufrag;

    /// <summary>When something authenticated last came from the peer.</summary>
    public Instant LastHeardAt { get; private set; }

    /// <summary>The certificate the peer has proved to hold; null before <see cref="PeerPhase.Sctp"/>.</summary>
    public Fingerprint? RemoteFingerprint => _dtls is { State: DtlsState.Connected or DtlsState.Closed } dtls ? dtls.PeerFingerprint : null;

    /// <summary>When <see cref="Advance"/> is wanted next.</summary>
    public Instant WakeAt
    {
        get
        {
            if (State is PeerState.Failed or PeerState.Closed)
            {
                return Instant.Never;
            }

            var next = Instant.Min(Instant.Min(_ice.WakeAt, _sctpDeadline), Instant.Min(_growAt, OverlayConsentEnds));
            return _dtls is null ? next : Instant.Min(next, Instant.Min(_dtls.WakeAt, _association.WakeAt));
        }
    }

    /// <summary>Counters and the selected pair.</summary>
    public PeerStatistics Statistics
    {
        get
        {
            var sctp = _association.Statistics;
            return new PeerStatistics
            {
                DatagramsSent = _datagramsSent,
                BytesSent = _bytesSent,
                DatagramsReceived = _datagramsReceived,
                BytesReceived = _bytesReceived,
                DatagramsDropped = _datagramsDropped + (_dtls?.DroppedCount ?? 0) + sctp.PacketsDropped,
                MessagesSent = sctp.MessagesSent,
                MessagesReceived = sctp.MessagesReceived,
                Retransmits = sctp.Retransmissions,
                RoundTripTime = _association.RoundTrip,
                HasSelectedPair = _way is not null,
                SelectedPath = _way?.Path ?? default,
                SelectedLocal = _way?.Local ?? default,
                SelectedRemote = _way?.Remote ?? default,
            };
        }
    }

    /// <summary>What the peer must be told. A snapshot: add the local candidates first, and an answerer sets the remote description first.</summary>
    public PeerDescription LocalDescription => new()
    {
        Fingerprint = _certificate.Fingerprint,
        Ufrag = _ice.LocalCredentials.Ufrag,
        Password = _ice.LocalCredentials.Password,
        Candidates = new List<Candidate>(_ice.LocalCandidates), // A spread of an interface would call LINQ.
        Setup = LocalSetup(),
        MaxMessageSize = _options.MaxMessageSize,
        SctpInit = OffersSctpInit ? _association.LocalInit : default,
        SessionId = _sessionId,
        SessionVersion = _sessionVersion,
    };

    /// <summary>Adds an address of ours that the peer can be told.</summary>
    /// <param name="path">The path its datagrams leave by.</param>
    /// <param name="address">The address on that path.</param>
    /// <param name="packetSize">Bytes of UDP payload the path carries, 600 … 2,048. Default 1,200.</param>
    /// <returns>The candidate to tell the peer, if the description has left already; null if it is known, unusable, or one too many.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The packet size is outside its range.</exception>
    public Candidate? AddLocalCandidate(PathId path, TransportAddress address, int packetSize = DefaultPacketSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packetSize, SmallestPacketSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(packetSize, LargestPacket);
        var known = _paths.FindIndex(entry => entry.Path == path);
        if (known >= 0)
        {
            _paths[known] = (path, packetSize);
        }
        else if (_paths.Count < MaxPaths)
        {
            _paths.Add((path, packetSize));
        }

        return _ice.AddLocalCandidate(path, address);
    }

    /// <summary>Takes the next event. False when there is none.</summary>
    public bool TryGetEvent(out PeerEvent e) => _events.TryDequeue(out e);

    /// <summary>Lets time pass: retransmissions, consent, deadlines.</summary>
    public void Advance(Instant now)
    {
        _now = now;
        if (State is PeerState.Failed or PeerState.Closed)
        {
            return;
        }

        if (now >= _ice.WakeAt)
        {
            _ice.Advance(now);
        }

        if (_dtls is not null && now >= _dtls.WakeAt)
        {
            _dtls.Advance(now);
        }

        if (now >= _association.WakeAt)
        {
            _association.Advance(now);
        }

        Settle(now);
        if (now >= _sctpDeadline && Phase == PeerPhase.Sctp)
        {
            Fail(PeerFailure.SctpTimeout);
        }

        EndSilentOverlay(now);
    }

    /// <summary>Ends the connection: an SCTP ABORT and a close_notify wait in <see cref="TryGetDatagram"/> afterwards. Pull, then dispose.</summary>
    public void Close(Instant now)
    {
        _now = now;
        if (State is PeerState.Failed or PeerState.Closed)
        {
            return;
        }

        _association.Abort(now);
        BecomeClosed();
    }

    /// <summary>Frees the native part of DTLS. Nothing is sent: <see cref="Close"/> first, and pull.</summary>
    public void Dispose()
    {
        _dtls?.Dispose();
        if (State != PeerState.Failed)
        {
            State = PeerState.Closed;
        }
    }
}
