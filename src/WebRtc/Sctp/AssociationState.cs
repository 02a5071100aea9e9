namespace Overlay.WebRtc.Sctp;

/// <summary>Where an association is in its life (RFC 9260 §4).</summary>
public enum AssociationState : byte
{
    /// <summary>Not begun. It answers a peer's INIT nevertheless.</summary>
    New,

    /// <summary>INIT sent, INIT ACK awaited.</summary>
    CookieWait,

    /// <summary>COOKIE ECHO sent, COOKIE ACK awaited.</summary>
    CookieEchoed,

    /// <summary>Messages flow both ways.</summary>
    Established,

    /// <summary>We want to end; what was accepted for sending is still being delivered.</summary>
    ShutdownPending,

    /// <summary>SHUTDOWN sent, SHUTDOWN ACK awaited.</summary>
    ShutdownSent,

    /// <summary>The peer wants to end; what we accepted for sending is still being delivered.</summary>
    ShutdownReceived,

    /// <summary>SHUTDOWN ACK sent, SHUTDOWN COMPLETE awaited.</summary>
    ShutdownAckSent,

    /// <summary>Over, see <see cref="Association.CloseReason"/>. It does not come back.</summary>
    Closed,
}

/// <summary>Why an association ended.</summary>
public enum SctpCloseReason : byte
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>The graceful sequence, whoever began it: everything accepted was delivered.</summary>
    Shutdown,

    /// <summary><see cref="Association.Abort"/> was called.</summary>
    LocalAbort,

    /// <summary>The peer sent ABORT.</summary>
    PeerAbort,

    /// <summary>INIT or COOKIE ECHO stayed without an answer.</summary>
    HandshakeTimedOut,

    /// <summary>Data, heartbeats or the closing sequence stayed without an answer too often.</summary>
    PathFailed,

    /// <summary>The peer broke the protocol in a way that leaves no common ground; it was told so.</summary>
    ProtocolViolation,

    /// <summary>The peer began a new association over the same pipe: what it knew of the old one is gone.</summary>
    PeerRestarted,
}

/// <summary>What became of a message handed to <see cref="Association.Send"/>.</summary>
public enum SctpSendOutcome : byte
{
    /// <summary>It will be sent in its turn.</summary>
    Accepted,

    /// <summary><see cref="SctpOptions.SendBufferBytes"/> is used up. Nothing was taken; try again when it has drained.</summary>
    BufferFull,

    /// <summary>The association is not open, or the stream is being reset.</summary>
    Closed,

    /// <summary>Longer than <see cref="Association.MaxSendMessageBytes"/>.</summary>
    TooLarge,

    /// <summary>Not below the negotiated number of outbound streams.</summary>
    InvalidStream,
}

/// <summary>Which streams go first when several have messages waiting.</summary>
/// <remarks>
/// Between messages of one class the turn goes round. A higher class goes before a lower one, except that of every
/// <see cref="SendQueue.TurnsBeforeLower"/> turns one is left to the class below, so that nothing starves.
/// </remarks>
public enum SctpPriority : byte
{
    /// <summary>Small and urgent: control messages, acknowledgements of protocols above.</summary>
    High = 0,

    /// <summary>The default.</summary>
    Normal = 1,

    /// <summary>Bulk that may wait.</summary>
    Low = 2,
}

/// <summary>How one message is sent.</summary>
/// <param name="Unordered">Delivered as soon as it is whole, without waiting for earlier messages of its stream.</param>
/// <param name="MaxRetransmits">Given up after so many retransmissions (RFC 3758, RFC 7496 §3.2); null: never.</param>
/// <param name="MaxLifeTime">Given up this long after <see cref="Association.Send"/> (RFC 3758 §3.2.1); null: never.</param>
/// <remarks>A message whose peer does not support partial reliability is sent reliably whatever the limits say.</remarks>
public readonly record struct SctpSendOptions(bool Unordered = false, int? MaxRetransmits = null, TimeSpan? MaxLifeTime = null);

/// <summary>A message that arrived.</summary>
/// <param name="StreamId">The stream it came on.</param>
/// <param name="Ppid">The payload protocol identifier its sender gave it.</param>
/// <param name="Payload">The bytes, valid until the next call of <see cref="Association.TryReceive"/>.</param>
public readonly record struct SctpMessage(ushort StreamId, uint Ppid, ReadOnlyMemory<byte> Payload);

/// <summary>A message that the peer's cumulative acknowledgement does not cover yet.</summary>
/// <param name="Ppid">The payload protocol identifier it was sent with.</param>
/// <param name="Payload">A copy of its bytes.</param>
public readonly record struct UnacknowledgedMessage(uint Ppid, byte[] Payload);

/// <summary>The kinds of <see cref="SctpEvent"/>.</summary>
public enum SctpEventKind : byte
{
    /// <summary>The association is established.</summary>
    Connected,

    /// <summary>It is over; see <see cref="SctpEvent.Reason"/>. The last event.</summary>
    Closed,

    /// <summary>The peer has reset <see cref="SctpEvent.StreamId"/> towards us: its old messages have all been handed out.</summary>
    IncomingStreamReset,

    /// <summary>The peer has carried out our reset of <see cref="SctpEvent.StreamId"/>; the stream starts afresh towards it.</summary>
    OutgoingStreamReset,

    /// <summary>The peer refused to reset <see cref="SctpEvent.StreamId"/>; the stream goes on as before.</summary>
    StreamResetRefused,
}

/// <summary>Something that happened to the association, in order with the messages.</summary>
/// <param name="Kind">Which of the other members have a meaning.</param>
/// <param name="StreamId">For the stream kinds.</param>
/// <param name="Reason">For <see cref="SctpEventKind.Closed"/>.</param>
/// <param name="Cause">For a close by ABORT: the first cause it carried.</param>
public readonly record struct SctpEvent(SctpEventKind Kind, ushort StreamId, SctpCloseReason Reason, Chunks.SctpErrorCause Cause)
{
    internal static SctpEvent Connected() => new(SctpEventKind.Connected, 0, SctpCloseReason.None, Chunks.SctpErrorCause.None);

    internal static SctpEvent Closed(SctpCloseReason reason, Chunks.SctpErrorCause cause) => new(SctpEventKind.Closed, 0, reason, cause);

    internal static SctpEvent OfStream(SctpEventKind kind, ushort streamId) =>
        new(kind, streamId, SctpCloseReason.None, Chunks.SctpErrorCause.None);
}

/// <summary>What an association has counted since it began.</summary>
public record struct SctpStatistics
{
    public long PacketsSent { get; set; }

    public long PacketsReceived { get; set; }

    /// <summary>Packets dropped for a wrong checksum, port, tag or length.</summary>
    public long PacketsDropped { get; set; }

    /// <summary>Chunks dropped because they could not be read or made no sense in the state they met.</summary>
    public long ChunksDropped { get; set; }

    /// <summary>DATA chunks dropped because the receive buffer or the window of TSNs had no room.</summary>
    public long DataDropped { get; set; }

    public long DuplicateTsns { get; set; }

    public long MessagesSent { get; set; }

    public long MessagesReceived { get; set; }

    public long BytesSent { get; set; }

    public long BytesReceived { get; set; }

    /// <summary>DATA chunks sent again, for whatever reason.</summary>
    public long Retransmissions { get; set; }

    /// <summary>Losses found by SACKs, before a timer ran out.</summary>
    public long FastRetransmits { get; set; }

    /// <summary>Times that T3-rtx ran out.</summary>
    public long RetransmissionTimeouts { get; set; }

    /// <summary>Messages given up under partial reliability.</summary>
    public long MessagesAbandoned { get; set; }
}
