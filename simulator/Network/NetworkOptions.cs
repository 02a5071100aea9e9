namespace Overlay.Simulator.Network;

/// <summary>What the simulated network is like.</summary>
public sealed record NetworkOptions
{
    /// <summary>One-way delay between nodes. Default: the wide area, fitted to PlanetLab.</summary>
    public DelayModel Delay { get; init; } = PlaneDelay.WideArea();

    /// <summary>Packets lost, 0 to 1. Default 0. On links it costs time, elsewhere the message.</summary>
    public double Loss { get; init; }

    /// <summary>Packets that arrive twice, 0 to 1. Default 0. Links hide the second one.</summary>
    public double Duplication { get; init; }

    /// <summary>Packets held back on their way so that later ones overtake them, 0 to 1. Default 0. Links put them in order again.</summary>
    public double Reordering { get; init; }

    /// <summary>Longest time a packet is held back; uniform from 0. Default 50 ms.</summary>
    public TimeSpan ReorderingDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes a second from each node into its access line; 0 (default): no limit.</summary>
    public long UpBytesPerSecond { get; init; }

    /// <summary>Bytes a second from its access line to each node; 0 (default): no limit.</summary>
    public long DownBytesPerSecond { get; init; }

    /// <summary>Longest queue before an access line, in time; what finds it longer is dropped (and sent again on links). Default 1 s.</summary>
    public TimeSpan MaxQueueDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of headers below a message (IPv4, UDP, DTLS, SCTP) that count against the access lines. Default 90.</summary>
    public int HeaderBytes { get; init; } = 90;

    /// <summary>Wait before a link sends a lost message again. Default 300 ms, the smallest of our SCTP; doubled each time.</summary>
    public TimeSpan Retransmission { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Longest such wait. Default 3 s, the largest of our SCTP. Keep it above <see cref="Retransmission"/>.</summary>
    public TimeSpan MaxRetransmission { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What opening a link costs.</summary>
    public LinkSetUp SetUp { get; init; } = new();

    /// <summary>Who sits behind which NAT. Default: nobody.</summary>
    public NatMix Nat { get; init; } = NatMix.AllOpen;

    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ReorderingDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(UpBytesPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegative(DownBytesPerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxQueueDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(HeaderBytes);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Retransmission, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRetransmission, Retransmission);
        SetUp.Validate();
        Nat.Validate();
    }
}
