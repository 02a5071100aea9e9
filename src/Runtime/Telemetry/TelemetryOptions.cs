namespace Overlay.Runtime.Telemetry;

/// <summary>What a node tells of itself, and what it does for traces of others.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Whether this node makes spans where somebody in its process listens to them.</summary>
    /// <value>Default true. False: it passes contexts on as they came. For a node beside others whose spans are wanted.</value>
    public bool Spans { get; init; } = true;

    /// <summary>Spans that this node makes in a second because others asked for them by a sampled trace.</summary>
    /// <value>Default 50; 0 … 100,000; 0: none.</value>
    /// <remarks>What is over it is passed on as if nobody listened here: the trace goes on behind this node. The node's own traces are its sampler's affair.</remarks>
    public int RemoteSpansPerSecond { get; init; } = 50;

    /// <summary>The same for each link over which such messages come.</summary>
    /// <value>Default 5; 0 … 100,000. Not more than <see cref="RemoteSpansPerSecond"/> makes sense.</value>
    public int RemoteSpansPerNeighbour { get; init; } = 5;

    /// <summary>Whether messages that leave here carry the context of the last hop's span, which everybody on the way can read.</summary>
    /// <value>Default true. False: they carry none, so nobody can tell by a trace id that two messages belong together; sender and receiver are still joined.</value>
    public bool HopContext { get; init; } = true;

    /// <summary>Every reason why these options cannot work, each naming the key.</summary>
    public IEnumerable<string> Errors()
    {
        if (RemoteSpansPerSecond is < 0 or > 100_000)
        {
            yield return $"RemoteSpansPerSecond: {RemoteSpansPerSecond} is not in 0 … 100000.";
        }

        if (RemoteSpansPerNeighbour is < 0 or > 100_000)
        {
            yield return $"RemoteSpansPerNeighbour: {RemoteSpansPerNeighbour} is not in 0 … 100000.";
        }
    }
}
