namespace Overlay.WebRtc.Dtls;

/// <summary>Sizes and deadlines of one <see cref="DtlsEndpoint"/>.</summary>
public sealed record DtlsOptions
{
    /// <summary>Bytes a datagram may have on its path. Handshake messages are cut to fit.</summary>
    /// <value>Default 1,200. 256 … 16,384.</value>
    public int PacketSize { get; init; } = 1200;

    /// <summary>How long the handshake may take, counted from the start.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When an unanswered flight is sent again for the first time; each further time the wait doubles (RFC 6347 §4.2.4.1).</summary>
    /// <value>Default 50 ms, as in Chromium: RFC 6347 suggests 1 s, which costs a second for one lost packet.</value>
    public TimeSpan RetransmissionTimeout { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between two times.</summary>
    /// <value>Default 3 s.</value>
    public TimeSpan MaxRetransmissionTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Throws for values that cannot work.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PacketSize, 256);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PacketSize, 16384);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandshakeTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RetransmissionTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRetransmissionTimeout, RetransmissionTimeout);
    }
}
