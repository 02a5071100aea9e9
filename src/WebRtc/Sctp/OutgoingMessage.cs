namespace Overlay.WebRtc.Sctp;

/// <summary>A message from the moment it is accepted until the peer's cumulative TSN covers all of it, or until it is given up.</summary>
/// <remarks>
/// Its fragments take consecutive TSNs (RFC 9260 §6.9), so once begun a message is cut to its end before another one starts.
/// Objects are reused by the <see cref="SendQueue"/>; nobody may hold one after it was released.
/// </remarks>
internal sealed class OutgoingMessage
{
    public OutboundStream Stream { get; private set; } = null!;

    public uint Ppid { get; private set; }

    public byte[] Payload { get; private set; } = [];

    public int Length { get; private set; }

    public bool Unordered { get; private set; }

    /// <summary>Retransmissions any fragment is allowed; <see cref="int.MaxValue"/> for a reliable message.</summary>
    public int MaxRetransmits { get; private set; }

    /// <summary>When it stops being worth sending; <see cref="Instant.Never"/> for a reliable message.</summary>
    public Instant ExpiresAt { get; private set; }

    /// <summary>Given together with the first TSN, so that a message dropped in the queue leaves no hole in its stream.</summary>
    public Ssn Ssn { get; set; }

    /// <summary>Bytes already cut into fragments.</summary>
    public int CutLength { get; set; }

    /// <summary>TSN of the first fragment; meaningful once <see cref="CutLength"/> is above zero.</summary>
    public Tsn FirstTsn { get; set; }

    /// <summary>Given up: no fragment of it is sent any more.</summary>
    public bool Abandoned { get; set; }

    /// <summary>The next message of the same stream.</summary>
    public OutgoingMessage? Next { get; set; }

    public bool IsBegun => CutLength > 0;

    public bool IsCut => CutLength == Length;

    public void Become(OutboundStream stream, uint ppid, byte[] payload, int length, bool unordered, int maxRetransmits, Instant expiresAt)
    {
        Stream = stream;
        Ppid = ppid;
        Payload = payload;
        Length = length;
        Unordered = unordered;
        MaxRetransmits = maxRetransmits;
        ExpiresAt = expiresAt;
        CutLength = 0;
        Abandoned = false;
        Next = null;
    }

    /// <summary>Lets go of everything, ready to be another message.</summary>
    public byte[] Clear()
    {
        var payload = Payload;
        Stream = null!;
        Payload = [];
        Next = null;
        return payload;
    }
}

/// <summary>How far the reset of an outgoing stream has come (RFC 6525 §5.1).</summary>
internal enum OutboundReset : byte
{
    /// <summary>No reset wanted.</summary>
    None,

    /// <summary>Wanted: what is queued is still sent, nothing new is taken.</summary>
    Draining,

    /// <summary>Asked of the peer: what is sent now waits, as it belongs to the stream's next life.</summary>
    Requested,
}

/// <summary>One outgoing stream: its queue, its numbering, its turn.</summary>
internal sealed class OutboundStream(ushort id)
{
    public ushort Id { get; } = id;

    public SctpPriority Priority { get; set; } = SctpPriority.Normal;

    public Ssn NextSsn { get; set; }

    public OutboundReset Reset { get; set; }

    public OutgoingMessage? Head { get; set; }

    public OutgoingMessage? Tail { get; set; }

    /// <summary>Bytes accepted and not yet sent for the first time.</summary>
    public long BufferedBytes { get; set; }

    /// <summary>The stream behind this one in its class, while it waits for its turn.</summary>
    public OutboundStream? NextInTurn { get; set; }

    public bool IsWaiting { get; set; }
}
