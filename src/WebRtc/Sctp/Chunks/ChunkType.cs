namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>The kinds of chunk this implementation speaks (RFC 9260 §3.2, RFC 3758 §3.2, RFC 6525 §3.1).</summary>
internal enum ChunkType : byte
{
    Data = 0,
    Init = 1,
    InitAck = 2,
    Sack = 3,
    Heartbeat = 4,
    HeartbeatAck = 5,
    Abort = 6,
    Shutdown = 7,
    ShutdownAck = 8,
    Error = 9,
    CookieEcho = 10,
    CookieAck = 11,
    ShutdownComplete = 14,
    Reconfig = 130,
    ForwardTsn = 192,
}

/// <summary>What the two highest bits of an unknown chunk or parameter type ask of its reader (RFC 9260 §3.2, §3.2.1).</summary>
internal static class UnknownType
{
    /// <summary>Whether the rest behind an unknown chunk is still to be read.</summary>
    public static bool MaySkipChunk(byte type) => (type & 0x80) != 0;

    /// <summary>Whether the sender of an unknown chunk wants to hear of it.</summary>
    public static bool MustReportChunk(byte type) => (type & 0x40) != 0;

    /// <summary>Whether the parameters behind an unknown one are still to be read.</summary>
    public static bool MaySkipParameter(ushort type) => (type & 0x8000) != 0;

    /// <summary>Whether the sender of an unknown parameter wants to hear of it.</summary>
    public static bool MustReportParameter(ushort type) => (type & 0x4000) != 0;
}
