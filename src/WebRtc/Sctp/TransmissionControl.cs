namespace Overlay.WebRtc.Sctp;

/// <summary>What exists from the moment an association is established: the RFC's transmission control block (RFC 9260 §14).</summary>
internal sealed class TransmissionControl
{
    public TransmissionControl(
        SctpOptions options, uint peerTag, PeerParameters peer, RetransmissionQueue sender, BufferPool pool, ReceiveQueue received, Tsn localInitialTsn)
    {
        PeerTag = peerTag;
        Peer = peer;
        Sender = sender;
        OutboundStreams = Math.Min(options.MaxStreams, peer.InboundStreams);
        InboundStreams = Math.Min(options.MaxStreams, peer.OutboundStreams);
        Tracker = new DataTracker(peer.InitialTsn);
        Streams = new InboundStreams(received);
        Reassembly = new ReassemblyQueue(pool, Streams, options.MaxMessageBytes);
        Reset = new StreamReset(localInitialTsn, peer.InitialTsn);
    }

    /// <summary>The verification tag of every packet we send.</summary>
    public uint PeerTag { get; }

    public PeerParameters Peer { get; }

    /// <summary>Streams we may send on: what we asked for or what the peer takes, whichever is less (RFC 9260 §5.1.1).</summary>
    public ushort OutboundStreams { get; }

    public ushort InboundStreams { get; }

    public RetransmissionQueue Sender { get; }

    public DataTracker Tracker { get; }

    public InboundStreams Streams { get; }

    public ReassemblyQueue Reassembly { get; }

    public StreamReset Reset { get; }
}
