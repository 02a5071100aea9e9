using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>Limits of a bridge, and who hears of its connections.</summary>
public sealed record BridgeOptions
{
    /// <summary>Connections at a time; one more is broken off at once.</summary>
    /// <value>Default 1,024; at least 1.</value>
    public int MaxConnections { get; init; } = 1_024;

    /// <summary>How long reaching the far side of a connection may take.</summary>
    /// <value>Default 10 s; more than zero.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Hears of each connection, and of each that could not be made; must be quick and must not throw.</summary>
    public Action<BridgeEvent>? OnEvent { get; init; }

    /// <summary>Throws for values that cannot work.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        if (MaxConnections < 1)
        {
            throw new ArgumentException($"MaxConnections: {MaxConnections} is less than 1.");
        }

        if (ConnectTimeout <= TimeSpan.Zero)
        {
            throw new ArgumentException($"ConnectTimeout: {ConnectTimeout} is not more than zero.");
        }
    }
}

/// <summary>What happened to a connection.</summary>
public enum BridgeEventKind
{
    /// <summary>Both sides are joined.</summary>
    Opened,

    /// <summary>It has ended; <see cref="BridgeEvent.Error"/> says why, where that was not in good order.</summary>
    Closed,

    /// <summary>The far side could not be reached, or there are too many.</summary>
    Failed,
}

/// <summary>Something happened to a connection of a bridge.</summary>
/// <param name="Kind">What.</param>
/// <param name="Connection">Its number, from 1.</param>
/// <param name="From">Who opened it: a TCP address or a node's id.</param>
/// <param name="To">Where it leads.</param>
/// <param name="BytesThere">Bytes from the opener to the far side.</param>
/// <param name="BytesBack">Bytes from the far side to the opener.</param>
/// <param name="Reason">The kind of failure.</param>
/// <param name="Error">Cause and cure.</param>
public sealed record BridgeEvent(
    BridgeEventKind Kind, long Connection, string From, string To, long BytesThere = 0, long BytesBack = 0, OverlayError? Reason = null, string? Error = null);
