using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>One end of a channel inside the process: the contract of <see cref="PeerChannel"/> without a network.</summary>
public sealed class MemoryChannel : PeerChannel
{
    private readonly MemoryPipe _in;
    private readonly MemoryPipe _out;
    private readonly TaskCompletionSource _closed;

    private MemoryChannel(string label, PeerAddress remote, bool isIncoming, int maxMessageBytes, MemoryPipe @in, MemoryPipe @out, TaskCompletionSource closed)
    {
        (Label, Remote, IsIncoming, MaxMessageBytes) = (label, remote, isIncoming, maxMessageBytes);
        (_in, _out, _closed) = (@in, @out, closed);
    }

    /// <inheritdoc/>
    public override string Label { get; }

    /// <inheritdoc/>
    public override PeerAddress Remote { get; }

    /// <inheritdoc/>
    public override bool IsIncoming { get; }

    /// <inheritdoc/>
    public override int MaxMessageBytes { get; }

    /// <inheritdoc/>
    public override Task Closed => _closed.Task;

    /// <summary>The two ends of a new channel.</summary>
    /// <param name="label">The port.</param>
    /// <param name="opener">Who opens it: the acceptor's remote.</param>
    /// <param name="acceptor">To whom it is opened: the opener's remote.</param>
    /// <param name="options">Null: no delay, 512 KiB on the way.</param>
    public static (MemoryChannel Opener, MemoryChannel Acceptor) CreatePair(string label, PeerAddress opener, PeerAddress acceptor, MemoryChannelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(label);
        options ??= new MemoryChannelOptions();
        var (there, back) = (new MemoryPipe(options), new MemoryPipe(options));
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (
            new MemoryChannel(label, acceptor, isIncoming: false, options.MaxMessageBytes, back, there, closed),
            new MemoryChannel(label, opener, isIncoming: true, options.MaxMessageBytes, there, back, closed));
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        message.Length <= MaxMessageBytes
            ? _out.WriteAsync(message, cancellationToken)
            : throw new OverlayException(OverlayError.MessageTooLarge, $"A message of {message.Length} bytes; the channel takes {MaxMessageBytes}.");

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken = default) => _in.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask FlushAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        _out.Close();
        _in.Close();
        _closed.TrySetResult();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        _out.Lose();
        _in.Drop();
        _closed.TrySetResult();
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => CloseAsync();
}
