using Overlay.WebRtc.Dtls;

namespace Overlay.WebRtc.Peer;

/// <summary>The overlay as a candidate pair: datagrams of the connection that other nodes pass on, whether or not there is a direct way.</summary>
/// <remarks>It is never checked, described or nominated. Whatever DTLS authenticates within <see cref="PeerOptions.ConsentTimeout"/> is consent enough.</remarks>
/// <param name="Path">Names it among the connection's paths; no socket of ICE's has the same.</param>
/// <param name="PacketSize">Bytes of one datagram on it.</param>
public readonly record struct OverlayPath(PathId Path, int PacketSize)
{
    /// <summary>Used only where ICE has found nothing, or the pair it found is silent; else from the first datagram on.</summary>
    public bool IsLastResort { get; init; }

    /// <summary>What every hop's relay channel carries in one packet: an SCTP packet of 1,072 bytes and what DTLS adds.</summary>
    public const int UsualPacketSize = 1072 + DtlsEndpoint.MaxOverhead;

    /// <summary>Throws where the packet size is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than <see cref="PeerConnection.SmallestPacketSize"/>, or more than a connection handles.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PacketSize, PeerConnection.SmallestPacketSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PacketSize, PeerConnection.LargestPacket);
    }
}
