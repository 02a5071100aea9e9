using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Peer;

/// <content>Datagrams in and out: sorted by their first byte (RFC 7983), and pulled in order of urgency.</content>
public sealed partial class PeerConnection
{
    /// <summary>UDP payload every path is believed to carry.</summary>
    public const int DefaultPacketSize = 1200;

    /// <summary>Room for SCTP's smallest sensible packet, and for a check.</summary>
    public const int SmallestPacketSize = IceAgent.MaxDatagramLength;

    /// <summary>The longest packet handled inside; a longer record of the peer's is dropped.</summary>
    internal const int LargestPacket = 2048;

    /// <summary>DTLS datagrams kept until there is a pair: a hello in two fragments, three times (they come before our own check is through).</summary>
    private const int MaxEarlyDatagrams = 6;

    /// <summary>Pairs that were selected before; DTLS from them is still read.</summary>
    private const int MaxFormerPairs = 4;

    private readonly List<byte[]> _early = [];
    private readonly List<(PathId Path, TransportAddress Remote)> _formerPairs = [];
    private long _datagramsSent;
    private long _bytesSent;
    private long _datagramsReceived;
    private long _bytesReceived;
    private long _datagramsDropped;

    /// <summary>A datagram that came in on a path of ours. Anything may come; what is not for this connection is dropped and counted.</summary>
    public void Receive(Instant now, PathId path, TransportAddress from, ReadOnlySpan<byte> datagram)
    {
        _now = now;
        _datagramsReceived++;
        _bytesReceived += datagram.Length;
        var isTaken = State is not (PeerState.Failed or PeerState.Closed) && PeerDemux.KindOf(datagram) switch
        {
            DatagramKind.Stun => ReceiveStun(now, path, from, datagram),
            DatagramKind.Dtls => ReceiveDtls(now, path, from, datagram),
            _ => false,
        };
        if (!isTaken)
        {
            _datagramsDropped++;
            return;
        }

        Settle(now);
    }

    /// <summary>Takes the next datagram to send. False when there is none now.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="buffer">At least the packet size of every path, and 600 bytes.</param>
    /// <param name="transmit">Where the first <see cref="Transmit.Length"/> bytes go.</param>
    public bool TryGetDatagram(Instant now, Span<byte> buffer, out Transmit transmit)
    {
        _now = now;
        transmit = default;
        if (TryTakeCopy(buffer, out transmit) || (!_isDraining && _ice.TryGetDatagram(now, buffer, out transmit)))
        {
            return Count(transmit);
        }

        if (_way is not { } way || _dtls is null || !TryGetDtlsDatagram(now, buffer, _dtls, out var length))
        {
            return false;
        }

        CopyForDoubtedPair(buffer[..length]);
        transmit = new Transmit(way.Path, way.Remote, length);
        return Count(transmit);
    }

    private bool TryGetDtlsDatagram(Instant now, Span<byte> buffer, DtlsEndpoint dtls, out int length)
    {
        if (dtls.TryGetDatagram(buffer, out length))
        {
            return true;
        }

        if (dtls.State == DtlsState.Connected)
        {
            if (_association.TryGetPacket(now, _packet, out var packetLength))
            {
                length = dtls.Protect(_packet.AsSpan(0, packetLength), buffer);
                return length > 0;
            }

            if (_isDraining)
            {
                dtls.Close(now); // The ABORT is out: close_notify follows it.
                return dtls.TryGetDatagram(buffer, out length);
            }
        }

        return false;
    }

    private bool ReceiveStun(Instant now, PathId path, in TransportAddress from, ReadOnlySpan<byte> datagram)
    {
        if (_ice.Receive(now, path, from, datagram) == IceReceived.Dropped)
        {
            return false;
        }

        LastHeardAt = now;
        return true;
    }

    private bool ReceiveDtls(Instant now, PathId path, in TransportAddress from, ReadOnlySpan<byte> datagram)
    {
        // Only who has shown our ICE password, or answered a check, gets as far as DTLS; on the overlay's path the host knows whose datagrams these are.
        var isOverlay = _options.Overlay is { } overlay && overlay.Path == path;
        var isSelected = _way is { } way && way.Path == path && way.Remote == from;
        if (!isOverlay && !isSelected && !_ice.IsKnownRemote(path, from) && !WasSelected(path, from))
        {
            return false;
        }

        if (_dtls is { State: not DtlsState.New } dtls)
        {
            dtls.Receive(now, datagram);
            return true;
        }

        // The answerer's hello may be here before the answer is, and before our own check is through.
        if (_early.Count >= MaxEarlyDatagrams)
        {
            return false;
        }

        _early.Add(datagram.ToArray());
        return true;
    }

    /// <summary>
    /// After an ICE restart a controlled Chromium goes on sending over the former pair until data reaches it over the new one, and ICE has
    /// forgotten that pair by then.
    /// </summary>
    private bool WasSelected(PathId path, in TransportAddress from)
    {
        foreach (var former in _formerPairs)
        {
            if (former.Path == path && former.Remote == from)
            {
                return true;
            }
        }

        return false;
    }

    private void RememberPair(PathId path, TransportAddress remote)
    {
        _formerPairs.Remove((path, remote));
        if (_formerPairs.Count >= MaxFormerPairs)
        {
            _formerPairs.RemoveAt(0);
        }

        _formerPairs.Add((path, remote));
    }

    private void FeedEarlyDatagrams(Instant now, DtlsEndpoint dtls)
    {
        foreach (var datagram in _early)
        {
            dtls.Receive(now, datagram);
        }

        _early.Clear();
    }

    /// <summary>Hands decrypted packets up, until DTLS has no more of them.</summary>
    private void DeliverPlaintext(Instant now, DtlsEndpoint dtls)
    {
        while (dtls.TryGetData(_packet, out var length))
        {
            LastHeardAt = _consentSince = now;
            _association.Receive(now, _packet.AsSpan(0, length));
        }
    }

    private bool Count(in Transmit transmit)
    {
        _datagramsSent++;
        _bytesSent += transmit.Length;
        return true;
    }

    private int PacketSizeOf(PathId path)
    {
        foreach (var entry in _paths)
        {
            if (entry.Path == path)
            {
                return entry.PacketSize;
            }
        }

        return DefaultPacketSize;
    }

    /// <summary>The handshake may travel over any path, so it is cut for the narrowest.</summary>
    private int SmallestPathPacketSize()
    {
        var smallest = _options.Overlay?.PacketSize ?? (_paths.Count == 0 ? DefaultPacketSize : LargestPacket);
        foreach (var entry in _paths)
        {
            smallest = Math.Min(smallest, entry.PacketSize);
        }

        return smallest;
    }

    /// <summary>What DTLS leaves of a datagram, in whole words, as SCTP pads its chunks to four bytes.</summary>
    private static int SctpPacketBytes(int packetSize) => (packetSize - DtlsEndpoint.MaxOverhead) & ~3;
}
