namespace Overlay.Nodes.Network;

/// <summary>Waits and limits of a node's ports; the waits are Smoke's.</summary>
public sealed record NetworkOptions
{
    /// <summary>How long opening a channel may take.</summary>
    /// <value>Default 4 s; more than zero.</value>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long the other side may take, once the channel is open, to accept or refuse.</summary>
    /// <value>Default 4 s; more than zero.</value>
    public TimeSpan AcceptTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a page is left in peace between the opening of its channel and the byte that accepts or refuses it, and between what was sent last and the closing of the channel.</summary>
    /// <value>Default 30 ms; 0 … 1 s.</value>
    /// <remarks>
    /// A browser may hand out the first message before it tells the page that the channel is open, and Smoke listens only after that. Of channels that are opened or closed at once
    /// each gets 2 ms more for every other one. Members hear at once.
    /// </remarks>
    public TimeSpan PageDelay { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>How long the channels that are still open when the node ends may take to deliver what was sent on them.</summary>
    /// <value>Default 2 s; more than zero.</value>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Connections that may wait at a port for being accepted; one more is refused.</summary>
    /// <value>Default 1,024; at least 1.</value>
    public int Backlog { get; init; } = 1_024;

    /// <summary>Channels that one other node may have open here; one more is refused.</summary>
    /// <value>Default 4,096; at least 1.</value>
    public int MaxChannelsPerPeer { get; init; } = 4_096;

    /// <summary>Every reason why these options cannot work, each naming the key; empty where they can.</summary>
    public IEnumerable<string> Errors()
    {
        if (OpenTimeout <= TimeSpan.Zero)
        {
            yield return $"OpenTimeout: {OpenTimeout} is not more than zero.";
        }

        if (AcceptTimeout <= TimeSpan.Zero)
        {
            yield return $"AcceptTimeout: {AcceptTimeout} is not more than zero.";
        }

        if (PageDelay < TimeSpan.Zero || PageDelay > TimeSpan.FromSeconds(1))
        {
            yield return $"PageDelay: {PageDelay} is not in 00:00:00 … 00:00:01.";
        }

        if (CloseTimeout <= TimeSpan.Zero)
        {
            yield return $"CloseTimeout: {CloseTimeout} is not more than zero.";
        }

        if (Backlog < 1)
        {
            yield return $"Backlog: {Backlog} is less than 1.";
        }

        if (MaxChannelsPerPeer < 1)
        {
            yield return $"MaxChannelsPerPeer: {MaxChannelsPerPeer} is less than 1.";
        }
    }
}
