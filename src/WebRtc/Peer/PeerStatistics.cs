namespace Overlay.WebRtc.Peer;

/// <summary>Counters of one connection, since it was made.</summary>
public readonly record struct PeerStatistics
{
    /// <summary>Datagrams handed to the host, STUN included.</summary>
    public long DatagramsSent { get; init; }

    /// <summary>Bytes of those datagrams, without UDP and IP headers.</summary>
    public long BytesSent { get; init; }

    /// <summary>Datagrams received.</summary>
    public long DatagramsReceived { get; init; }

    /// <summary>Bytes of those datagrams.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Datagrams that were nothing we understand, or that failed their check.</summary>
    public long DatagramsDropped { get; init; }

    /// <summary>Messages accepted for sending.</summary>
    public long MessagesSent { get; init; }

    /// <summary>Messages handed out.</summary>
    public long MessagesReceived { get; init; }

    /// <summary>SCTP chunks sent again.</summary>
    public long Retransmits { get; init; }

    /// <summary>SCTP's smoothed round-trip time; zero before the first measurement.</summary>
    public TimeSpan RoundTripTime { get; init; }

    /// <summary>Whether ICE has a pair to send on; the next three say which.</summary>
    public bool HasSelectedPair { get; init; }

    /// <summary>The path of the selected pair.</summary>
    public PathId SelectedPath { get; init; }

    /// <summary>Our address of the selected pair.</summary>
    public TransportAddress SelectedLocal { get; init; }

    /// <summary>The peer's address of the selected pair.</summary>
    public TransportAddress SelectedRemote { get; init; }
}
