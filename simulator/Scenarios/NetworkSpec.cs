namespace Overlay.Simulator.Scenarios;

/// <summary>What lies between two nodes.</summary>
public sealed record NetworkSpec
{
    /// <summary>How long a packet travels.</summary>
    /// <value>Default <see cref="DelayLaw.Plane"/>: coordinates in a plane, calibrated to measured wide-area round trips.</value>
    public DelaySpec Delay { get; init; } = new();

    /// <summary>The share of packets lost, 0 … 1 exclusive. On a link a loss costs a retransmission, never a hole.</summary>
    /// <value>Default 0.</value>
    public double Loss { get; init; }

    /// <summary>The share of packets that arrive twice, 0 … 1.</summary>
    /// <value>Default 0.</value>
    public double Duplication { get; init; }

    /// <summary>The share of packets that are overtaken by later ones, 0 … 1.</summary>
    /// <value>Default 0.</value>
    public double Reordering { get; init; }

    /// <summary>What a node can send, in bytes a second; null: as much as it likes.</summary>
    public double? UpBytesPerSecond { get; init; }

    /// <summary>What a node can receive, in bytes a second; null: as much as it likes.</summary>
    public double? DownBytesPerSecond { get; init; }

    /// <summary>What a link costs before it carries anything.</summary>
    public SetUpSpec SetUp { get; init; } = new();

    /// <summary>The kinds of NAT that nodes sit behind; null: every node can be reached by every other.</summary>
    public NatSpec? Nat { get; init; }
}

/// <summary>How a one-way delay is found.</summary>
public enum DelayLaw
{
    /// <summary>Always the same.</summary>
    Constant,

    /// <summary>Anything from one bound to the other, anew for each packet.</summary>
    Uniform,

    /// <summary>The distance of two places in a square, plus access delays, plus jitter.</summary>
    Plane,

    /// <summary>Log-normal, anew for each packet.</summary>
    LogNormal,

    /// <summary>A file of measured round trips; nodes are spread over its rows.</summary>
    Matrix,
}

/// <summary>One-way delays. Each law uses the values that name it; the others keep their defaults.</summary>
public sealed record DelaySpec
{
    /// <summary>How a delay is found.</summary>
    /// <value>Default <see cref="DelayLaw.Plane"/>.</value>
    public DelayLaw Law { get; init; } = DelayLaw.Plane;

    /// <summary>Constant: the delay; log-normal: its median.</summary>
    /// <value>Default 50 ms; 0 … 1 min.</value>
    public TimeSpan OneWay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Uniform: the shortest delay.</summary>
    /// <value>Default 1 ms.</value>
    public TimeSpan From { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Uniform: the longest delay.</summary>
    /// <value>Default 100 ms.</value>
    public TimeSpan To { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Plane: the factor on all delays, against the measured ones; 0.01 … 100.</summary>
    /// <value>Default 1: a median round trip of about 140 ms.</value>
    public double Scale { get; init; } = 1;

    /// <summary>Plane: the share of a delay by which it varies up and down from packet to packet, 0 … 1.</summary>
    /// <value>Default 0.1.</value>
    public double Jitter { get; init; } = 0.1;

    /// <summary>Log-normal: the deviation of the logarithm, 0 … 3.</summary>
    /// <value>Default 0.5.</value>
    public double Sigma { get; init; } = 0.5;

    /// <summary>Matrix: the full path of the file.</summary>
    public string? File { get; init; }
}

/// <summary>What a link costs before it carries anything. Its signalling is routed through the simulated overlay and is not part of this.</summary>
public sealed record SetUpSpec
{
    /// <summary>Round trips of ICE, DTLS, SCTP and the proof of identity, one after the other.</summary>
    /// <value>Default 6; 0 … 50.</value>
    public double RoundTrips { get; init; } = 6;

    /// <summary>The share of set-ups that fail and say so, 0 … 1.</summary>
    /// <value>Default 0.</value>
    public double Failure { get; init; }

    /// <summary>The share of set-ups that never end, so that only the deadline ends them, 0 … 1.</summary>
    /// <value>Default 0.</value>
    public double SilentFailure { get; init; }

    /// <summary>Bytes that one set-up costs both sides together.</summary>
    /// <value>Default 6,000; 0 … 1,000,000.</value>
    public int Bytes { get; init; } = 6000;
}

/// <summary>The shares of nodes by kind of NAT; together 1.</summary>
public sealed record NatSpec
{
    /// <summary>A public address, or a NAT that lets everybody in.</summary>
    public double Open { get; init; }

    /// <summary>One outside address for all peers: hole punching works with open and cone.</summary>
    public double Cone { get; init; }

    /// <summary>Another outside port for each peer: works with open, and with cones that accept any port.</summary>
    public double Symmetric { get; init; }

    /// <summary>No UDP at all: only relayed through the overlay.</summary>
    public double UdpBlocked { get; init; }
}
