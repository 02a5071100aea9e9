using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>A port of this node: hands out the channels that others open to it.</summary>
/// <remarks>Disposing unbinds the port: newcomers are refused, those that wait to be accepted are broken off, accepted ones go on.</remarks>
public sealed class PortListener : IAsyncEnumerable<PeerChannel>, IAsyncDisposable
{
    private readonly Action<PortListener> _unbind;
    private readonly int _backlog;
    private readonly Channel<PeerChannel> _waiting = Channel.CreateUnbounded<PeerChannel>(); // Bounded by the places that are reserved.
    private int _reserved;
    private int _isDisposed;

    internal PortListener(string port, PortOptions options, int backlog, Action<PortListener> unbind) => (Port, Options, _backlog, _unbind) = (port, options, backlog, unbind);

    /// <summary>The port.</summary>
    public string Port { get; }

    /// <summary>Whom it takes.</summary>
    public PortOptions Options { get; }

    /// <summary>The next channel, accepted already: the other side may be sending.</summary>
    /// <exception cref="OverlayException">The port was unbound, or the node has stopped (<see cref="OverlayError.Stopped"/>).</exception>
    public async ValueTask<PeerChannel> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var channel = await _waiting.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            Interlocked.Decrement(ref _reserved);
            return channel;
        }
        catch (ChannelClosedException)
        {
            throw new OverlayException(OverlayError.Stopped, $"Port {Port} is not listened on any more.");
        }
    }

    /// <summary>All channels, until the port is unbound.</summary>
    public async IAsyncEnumerable<PeerChannel> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var channel in _waiting.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            Interlocked.Decrement(ref _reserved);
            yield return channel;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerator<PeerChannel> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        AcceptAllAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    /// <summary>Unbinds the port. Idempotent.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _unbind(this);
            _waiting.Writer.TryComplete();
            while (_waiting.Reader.TryRead(out var channel))
            {
                channel.Abort();
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps a place for a newcomer that is about to be told that it is accepted.</summary>
    internal bool TryReserve()
    {
        if (Interlocked.Increment(ref _reserved) <= _backlog)
        {
            return true;
        }

        Release();
        return false;
    }

    /// <summary>Gives the place up.</summary>
    internal void Release() => Interlocked.Decrement(ref _reserved);

    /// <summary>Fills the place.</summary>
    internal bool TryAdd(PeerChannel channel) => _waiting.Writer.TryWrite(channel);
}
