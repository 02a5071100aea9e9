namespace Overlay.WebRtc.Ice;

/// <summary>The pair data goes over: where datagrams leave and where they go.</summary>
/// <param name="Path">The path to send on.</param>
/// <param name="Local">The local candidate's address on that path.</param>
/// <param name="Remote">The address to send to.</param>
/// <param name="IsNominated">Whether both sides are agreed on it; before that it merely works.</param>
public readonly record struct SelectedPair(PathId Path, TransportAddress Local, TransportAddress Remote, bool IsNominated);

/// <summary>What an <see cref="IceEvent"/> tells.</summary>
public enum IceEventKind : byte
{
    /// <summary>The state changed.</summary>
    StateChanged,

    /// <summary>Data goes over another pair from now on, or over none.</summary>
    SelectedPairChanged,
}

/// <summary>Something that happened inside an <see cref="IceAgent"/>.</summary>
/// <param name="Kind">What.</param>
/// <param name="State">The state at that moment.</param>
/// <param name="Pair">The selected pair at that moment, or null.</param>
public readonly record struct IceEvent(IceEventKind Kind, IceState State, SelectedPair? Pair);

/// <summary>What became of a datagram given to <see cref="IceAgent.Receive"/>.</summary>
public enum IceReceived : byte
{
    /// <summary>Not for this agent, or not to be believed; dropped and counted.</summary>
    Dropped,

    /// <summary>An authenticated request; its answer waits to be fetched.</summary>
    Request,

    /// <summary>An answer to a check of ours.</summary>
    Response,
}

/// <summary>What an agent dropped, and why. Numbers only grow.</summary>
public sealed class IceCounters
{
    /// <summary>Datagrams that are no well-formed STUN Binding message, or an indication.</summary>
    public long Malformed { get; internal set; }

    /// <summary>Messages with a wrong or missing user name or integrity.</summary>
    public long Unauthenticated { get; internal set; }

    /// <summary>Responses that belong to no check under way, or came from another place than the check went to.</summary>
    public long Unexpected { get; internal set; }

    /// <summary>What was refused because a bound was reached: candidates, pairs, answers, early checks, events.</summary>
    public long OverBound { get; internal set; }

    /// <summary>Remote candidates that cannot be checked: names, TCP, other generations, unusable addresses.</summary>
    public long Ignored { get; internal set; }
}
