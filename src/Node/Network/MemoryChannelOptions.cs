namespace Overlay.Nodes.Network;

/// <summary>What a channel inside the process is like.</summary>
public sealed record MemoryChannelOptions
{
    /// <summary>The longest message.</summary>
    /// <value>Bytes; default 256 KiB, at least 1.</value>
    public int MaxMessageBytes { get; init; } = 256 * 1024;

    /// <summary>What may be on its way in each direction before a sender waits.</summary>
    /// <value>Bytes, of which each message takes 64 beside its own; default 512 KiB. A single message is always taken.</value>
    public int BufferBytes { get; init; } = 512 * 1024;

    /// <summary>How long a message is on its way.</summary>
    /// <value>Default zero.</value>
    public TimeSpan Delay { get; init; }

    /// <summary>The clock that <see cref="Delay"/> goes by.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
