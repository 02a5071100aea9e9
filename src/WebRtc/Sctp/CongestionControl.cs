namespace Overlay.WebRtc.Sctp;

/// <summary>How many bytes may be under way (RFC 9260 §7.2): slow start, congestion avoidance, fast recovery.</summary>
/// <remarks>
/// Bytes here are bytes of DATA chunks with header and padding, so that many small messages weigh what they cost the path.
/// Invariant: the window is never below one packet, and below four only between a timeout and the growth that follows.
/// </remarks>
internal sealed class CongestionControl(int packetBytes, int initialWindowPackets)
{
    private const int MinimumPackets = 4;

    /// <summary>RFC 9260 §7.2.1, L: packets of growth for one SACK. Two, as every second packet is acknowledged (RFC 3465 §2.3).</summary>
    private const int GrowthPackets = 2;

    private long _partialBytesAcked;
    private Tsn _recoveryExit;

    /// <summary>Size of a full packet, the unit of growth.</summary>
    public int PacketBytes { get; set; } = packetBytes;

    /// <summary>Bytes that may be under way.</summary>
    public long Window { get; private set; } = (long)packetBytes * initialWindowPackets;

    /// <summary>Below it the window grows by slow start.</summary>
    public long SlowStartThreshold { get; private set; } = long.MaxValue;

    public bool InFastRecovery { get; private set; }

    /// <summary>Set by the sender when the window, and nothing else, made it stop: only a window in full use may grow.</summary>
    public bool IsLimiting { get; set; }

    /// <summary>The threshold starts at the peer's window: there is no point in probing beyond it (§7.2.1).</summary>
    public void Start(uint peerWindow) => SlowStartThreshold = Math.Max(peerWindow, Window);

    /// <summary>The packets take another path from now on (§7.2.1): what was learned of the former one says nothing about it.</summary>
    public void Restart(uint peerWindow)
    {
        Window = (long)PacketBytes * initialWindowPackets;
        Start(peerWindow);
        _partialBytesAcked = 0;
        InFastRecovery = false;
    }

    /// <summary>A SACK has acknowledged <paramref name="bytes"/> not acknowledged before.</summary>
    public void Acknowledged(int bytes, bool cumulativeAdvanced)
    {
        if (InFastRecovery || !IsLimiting)
        {
            return;
        }

        if (Window <= SlowStartThreshold)
        {
            // §7.2.1: only when the cumulative TSN moves, and against ack splitting never by more than was acknowledged.
            if (cumulativeAdvanced)
            {
                Window += Math.Min(bytes, GrowthPackets * PacketBytes);
            }

            return;
        }

        // §7.2.2: one packet for each window's worth of acknowledged bytes.
        _partialBytesAcked += bytes;
        if (_partialBytesAcked >= Window)
        {
            _partialBytesAcked -= Window;
            Window += PacketBytes;
        }
    }

    /// <summary>A loss was found by SACKs (§7.2.3, §7.2.4): half the window, once for everything sent up to <paramref name="highestSent"/>.</summary>
    public void EnterFastRecovery(Tsn highestSent)
    {
        SlowStartThreshold = Math.Max(Window / 2, MinimumPackets * PacketBytes);
        Window = SlowStartThreshold;
        _partialBytesAcked = 0;
        _recoveryExit = highestSent;
        InFastRecovery = true;
    }

    /// <summary>Ends fast recovery once everything sent before it has been acknowledged.</summary>
    public void CumulativeAckReached(Tsn cumulativeTsnAck)
    {
        if (InFastRecovery && _recoveryExit.IsAtOrBefore(cumulativeTsnAck))
        {
            InFastRecovery = false;
        }
    }

    /// <summary>Nothing came back in time (§7.2.3): one packet, then slow start to half of what there was.</summary>
    public void TimedOut()
    {
        SlowStartThreshold = Math.Max(Window / 2, MinimumPackets * PacketBytes);
        Window = PacketBytes;
        _partialBytesAcked = 0;
        InFastRecovery = false;
    }

    /// <summary>Nothing was sent for a while (§7.2.1): what the window says about the path has grown old.</summary>
    public void Idled(TimeSpan duration, TimeSpan retransmissionTimeout)
    {
        var floor = (long)PacketBytes * initialWindowPackets;
        while (duration > retransmissionTimeout && Window > floor)
        {
            Window = Math.Max(Window / 2, floor);
            duration -= retransmissionTimeout;
        }

        _partialBytesAcked = 0;
    }
}
