using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>Where stream reset stands, in both directions (RFC 6525 §5).</summary>
/// <remarks>Invariant: one request of ours is open at a time, as §5.1.1 asks; streams wanted meanwhile wait for the next one.</remarks>
internal sealed class StreamReset(Tsn localInitialTsn, Tsn peerInitialTsn)
{
    /// <summary>Streams named in one request; it fits the smallest packet.</summary>
    public const int MaxStreamsPerRequest = 128;

    /// <summary>Streams to be reset once what they have queued is sent.</summary>
    public List<ushort> Wanted { get; } = [];

    /// <summary>Streams of the open request, none if there is none.</summary>
    public List<ushort> Requested { get; } = [];

    public bool IsOpen => Requested.Count > 0;

    /// <summary>The open request is to go into the next packet.</summary>
    public bool IsDue { get; set; }

    /// <summary>The number of the open request, or of the next one.</summary>
    public ReconfigSequence Sequence { get; set; } = new(localInitialTsn.Value);

    public Tsn LastAssignedTsn { get; set; }

    /// <summary>The number the peer's next request must have.</summary>
    public ReconfigSequence PeerSequence { get; set; } = new(peerInitialTsn.Value);

    /// <summary>What we answered to the peer's latest request; repeated if it asks again.</summary>
    public ReconfigResult LastResult { get; set; } = ReconfigResult.NothingToDo;

    /// <summary>Streams of a request of the peer that waits for data still under way; null if none does.</summary>
    public ushort[]? Deferred { get; set; }

    public Tsn DeferredUntil { get; set; }
}
