namespace Overlay.WebRtc.Sctp;

/// <summary>Tunables of an <see cref="Association"/>. The defaults suit data channels between nodes 0 – 300 ms apart.</summary>
public sealed record SctpOptions
{
    /// <summary>Both ports, as data channels fix them.</summary>
    /// <value>Default 5000 (RFC 8841 §13 leaves the choice; every peer we know uses it).</value>
    public ushort Port { get; init; } = 5000;

    /// <summary>Largest packet handed to DTLS at the start; see <see cref="Association.MaxPacketBytes"/> for changing it later.</summary>
    /// <value>Default 1,172 bytes, so that 13 bytes of record header and 15 … 24 of DTLS overhead stay within 1,200. 512 … 65,532.</value>
    public int MaxPacketBytes { get; init; } = 1172;

    /// <summary>Bytes of received payload held for the application and for reassembly: the a_rwnd announced at the start.</summary>
    /// <value>Default 5 MiB, as browsers do. At least twice <see cref="MaxMessageBytes"/>, so that a message can always be finished.</value>
    public int ReceiveBufferBytes { get; init; } = 5 * 1024 * 1024;

    /// <summary>Bytes accepted by <c>Send</c> and not yet acknowledged, over all streams. Beyond it the answer is BufferFull.</summary>
    /// <value>Default 4 MiB. A message is always accepted into an empty buffer.</value>
    public int SendBufferBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Longest message accepted from the peer; a longer one ends the association.</summary>
    /// <value>Default 262,144 bytes, the longest a browser sends.</value>
    public int MaxMessageBytes { get; init; } = 262_144;

    /// <summary>Longest message the peer accepts, from its <c>a=max-message-size</c>. A longer one is TooLarge.</summary>
    /// <value>Default 262,144 bytes. Settable later through <see cref="Association.MaxSendMessageBytes"/>.</value>
    public int MaxSendMessageBytes { get; init; } = 262_144;

    /// <summary>Streams asked for in each direction; the lower of both sides' numbers counts.</summary>
    /// <value>Default 65,535, as browsers ask.</value>
    public ushort MaxStreams { get; init; } = 65_535;

    /// <summary>Retransmission timeout before the first round trip has been measured (RFC 9260 §16, RTO.Initial).</summary>
    /// <value>Default 500 ms: the path has just carried a DTLS handshake. The RFC's value for unknown paths is 1 s.</value>
    public TimeSpan RtoInitial { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Lower bound of the retransmission timeout.</summary>
    /// <value>Default 300 ms: above the 200 ms for which a peer may delay its SACK. Lower values retransmit in vain.</value>
    public TimeSpan RtoMin { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Upper bound of the retransmission timeout, back-off included.</summary>
    /// <value>Default 3 s, so that a path that comes back is used within 3 s. Consent checks of ICE, not this, end a dead path.</value>
    public TimeSpan RtoMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long the acknowledgement of a single packet may wait for a second one (RFC 9260 §6.2).</summary>
    /// <value>Default 200 ms; 0 … 500 ms.</value>
    public TimeSpan DelayedAckTimeout { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Idle time after which the path is probed (RFC 9260 §8.3, HB.interval).</summary>
    /// <value>Default 30 s.</value>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a state cookie may be under way (RFC 9260 §16, Valid.Cookie.Life).</summary>
    /// <value>Default 60 s.</value>
    public TimeSpan CookieLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Retransmissions of INIT and of COOKIE ECHO before the attempt fails (Max.Init.Retransmits).</summary>
    /// <value>Default 8.</value>
    public int MaxInitRetransmits { get; init; } = 8;

    /// <summary>Timeouts in a row, of data, heartbeats and requests together, before the association fails (Association.Max.Retrans).</summary>
    /// <value>Default 10: about 25 s with the other defaults.</value>
    public int MaxRetransmits { get; init; } = 10;

    /// <summary>Initial congestion window in packets.</summary>
    /// <value>Default 10 (as RFC 6928 has it for TCP); the RFC's own value is 4.</value>
    public int InitialWindowPackets { get; init; } = 10;

    /// <summary>Bytes of idle buffers the association keeps for reuse while it is busy; an idle one keeps none.</summary>
    /// <value>Default 4 MiB.</value>
    public int PooledBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Throws for values that cannot work together.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPacketBytes, Association.SmallestPacketBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPacketBytes, Association.LargestPacketBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMessageBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSendMessageBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReceiveBufferBytes / 2, MaxMessageBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReceiveBufferBytes, 1500); // RFC 9260 §3.3.2: no a_rwnd below 1,500 in an INIT.
        ArgumentOutOfRangeException.ThrowIfLessThan(SendBufferBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStreams, (ushort)1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RtoMin, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RtoMax, RtoMin);
        ArgumentOutOfRangeException.ThrowIfLessThan(RtoInitial, RtoMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RtoInitial, RtoMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(DelayedAckTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DelayedAckTimeout, TimeSpan.FromMilliseconds(500));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HeartbeatInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CookieLifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxInitRetransmits);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRetransmits);
        ArgumentOutOfRangeException.ThrowIfLessThan(InitialWindowPackets, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(PooledBytes);
    }
}
