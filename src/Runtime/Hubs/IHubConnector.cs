namespace Overlay.Runtime.Hubs;

/// <summary>A way to a hub: a WebSocket to another machine, or a hub in this process.</summary>
public interface IHubConnector
{
    /// <summary>The hub's address, for people.</summary>
    string Name { get; }

    /// <summary>Connects. Frames are messages of the binary protocol.</summary>
    /// <exception cref="OverlayException">The hub cannot be reached, or speaks something else.</exception>
    Task<IHubSession> ConnectAsync(CancellationToken cancellationToken);
}

/// <summary>A session with a hub.</summary>
public interface IHubSession : IAsyncDisposable
{
    /// <summary>Waits for the next frame; null when the session has ended.</summary>
    ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Queues a frame; false where the session has ended or its queue is full.</summary>
    bool TrySend(ReadOnlySpan<byte> frame);

    /// <summary>Sends what is queued and says good-bye; <see cref="ReceiveAsync"/> then ends.</summary>
    void Complete();

    /// <summary>Ends it at once, without a good-bye.</summary>
    void Abort();
}
