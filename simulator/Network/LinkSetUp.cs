namespace Overlay.Simulator.Network;

/// <summary>What it costs to open a link once the two descriptions have been exchanged: connectivity checks, DTLS, SCTP, proof of identity.</summary>
public sealed record LinkSetUp
{
    /// <summary>Links that open at once and for nothing, as the literature assumes.</summary>
    public static readonly LinkSetUp Free = new() { RoundTrips = 0, Bytes = 0 };

    /// <summary>Round trips one after the other. Default 6: check 1, DTLS 1.2 with cookie and both certificates 3, SCTP 1, proof 1. 0 to 100; the broken part is a part of one round trip.</summary>
    public double RoundTrips { get; init; } = 6;

    /// <summary>Bytes that both ends together put on the wire. Default 6,000: two certificates and their chains make most of it. 0 to 10^6.</summary>
    public int Bytes { get; init; } = 6_000;

    /// <summary>Set-ups that fail for both ends to see, 0 to 1. Default 0.</summary>
    public double Failure { get; init; }

    /// <summary>Set-ups that neither come about nor are reported: only the caller's own limit ends them. 0 to 1, with <see cref="Failure"/> at most 1. Default 0.</summary>
    public double SilentFailure { get; init; }

    /// <summary>How long checks go on before a set-up that cannot succeed is reported. Default 5 s, the limit of the check phase.</summary>
    public TimeSpan FailsAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Wait before a lost packet of a round trip is sent again, doubled each time. Default 500 ms (RFC 8489 §6.2.1).</summary>
    public TimeSpan Retransmission { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(RoundTrips);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RoundTrips, 100);
        ArgumentOutOfRangeException.ThrowIfNegative(Bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Bytes, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfNegative(Failure);
        ArgumentOutOfRangeException.ThrowIfNegative(SilentFailure);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Failure + SilentFailure, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(FailsAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Retransmission, TimeSpan.Zero);
    }
}

/// <summary>How a link set-up ends.</summary>
public enum SetUpKind
{
    /// <summary>Both ends have the link after the given time.</summary>
    Succeeds,

    /// <summary>Both ends learn after the given time that there will be no link.</summary>
    Fails,

    /// <summary>Nobody learns anything: the caller's own limit ends it.</summary>
    Silent,
}

/// <summary>The end of a link set-up.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Ticks">After how many ticks of 100 ns; 0 when silent.</param>
/// <param name="Bytes">On the wire, both ends together.</param>
public readonly record struct SetUpOutcome(SetUpKind Kind, long Ticks, int Bytes);
