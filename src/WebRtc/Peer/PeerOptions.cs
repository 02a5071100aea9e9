namespace Overlay.WebRtc.Peer;

/// <summary>Limits and deadlines of one connection.</summary>
/// <remarks>The defaults suit a link between two of our own nodes; <see cref="Foreign"/> suits browsers and other stacks.</remarks>
public sealed record PeerOptions
{
    /// <summary>Which side of the signalling this end is.</summary>
    public required PeerRole Role { get; init; }

    /// <summary>How long ICE may look for a pair, counted from the remote description.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan CheckTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the DTLS handshake may take, counted from the first pair.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan DtlsTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the SCTP handshake may take, counted from the end of DTLS.</summary>
    /// <value>Default 3 s.</value>
    public TimeSpan SctpTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often an open connection asks for consent; two unanswered checks with nothing else heard make it Disconnected.</summary>
    /// <value>Default 5 s. 1 … 20 s. Shorter notices a silent peer earlier and costs a datagram more each time.</value>
    public TimeSpan ConsentPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which consent is gone and the connection fails (RFC 7675 §5.1).</summary>
    /// <value>Default 30 s. At least twice <see cref="ConsentPeriod"/>.</value>
    public TimeSpan ConsentTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether SCTP's INIT travels in the descriptions, which saves its handshake. Works only where both sides do it.</summary>
    /// <value>Default true. A remote description without one falls back to the handshake.</value>
    public bool ExchangeSctpInit { get; init; } = true;

    /// <summary>The longest message accepted from the peer, announced as <c>max-message-size</c>. A longer one ends the association.</summary>
    /// <value>Default 262,144 bytes, the largest Chromium sends.</value>
    public int MaxMessageSize { get; init; } = 262_144;

    /// <summary>Bytes that may wait in all channels together before <see cref="SendOutcome.BufferFull"/>.</summary>
    /// <value>Default 1 MiB. At least one message always fits into an empty buffer.</value>
    public int MaxBufferedBytes { get; init; } = 1 << 20;

    /// <summary>Bytes the peer may have under way towards us (SCTP's a_rwnd).</summary>
    /// <value>Default 1 MiB. At least twice <see cref="MaxMessageSize"/>.</value>
    public int ReceiveWindowBytes { get; init; } = 1 << 20;

    /// <summary>Channels open at once, whoever made them; one more from the peer is closed at once.</summary>
    /// <value>Default 1,024. 1 … 65,535.</value>
    public int MaxChannels { get; init; } = 1024;

    /// <summary>A way to the peer that the host keeps open beside those ICE finds; null: none.</summary>
    /// <value>Default null. With one, DTLS begins at once, and ICE that finds nothing is no failure.</value>
    public OverlayPath? Overlay { get; init; }

    /// <summary>For a peer that is not one of ours: more time for each phase, larger buffers, no SCTP INIT in the description.</summary>
    public static PeerOptions Foreign(PeerRole role) => new()
    {
        Role = role,
        CheckTimeout = TimeSpan.FromSeconds(30),
        DtlsTimeout = TimeSpan.FromSeconds(15),
        SctpTimeout = TimeSpan.FromSeconds(15),
        ConsentPeriod = TimeSpan.FromSeconds(2.5),
        ExchangeSctpInit = false,
        MaxBufferedBytes = 16 << 20,
        ReceiveWindowBytes = 5 << 20,
    };

    /// <summary>Throws for values that cannot work together.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CheckTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DtlsTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SctpTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConsentTimeout, 2 * ConsentPeriod);
        Overlay?.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMessageSize, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBufferedBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReceiveWindowBytes / 2, MaxMessageSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxChannels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxChannels, ushort.MaxValue);
    }
}
