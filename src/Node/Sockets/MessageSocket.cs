using System.Buffers;
using System.Runtime.CompilerServices;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Sockets;

/// <summary>A connection between two ports that carries whole messages of up to 1,000,000 bytes, reliably and in order.</summary>
/// <remarks>
/// <para>On the channel a message goes in segments, which are not mixed with those of others:</para>
/// <code>
/// ┌────────┬──────────────────────────┐
/// │ more   │ payload, 0 … 32,768 bytes│      more: 1 another segment follows, 0 this is the last
/// │ 1 byte │                          │      an empty message is one empty segment
/// └────────┴──────────────────────────┘
/// </code>
/// <para>One reader, any number of writers; each message is sent in the order in which sending it was asked for.</para>
/// </remarks>
public sealed class MessageSocket : IAsyncDisposable
{
    /// <summary>The longest message.</summary>
    public const int MaxMessageBytes = 1_000_000;

    /// <summary>The longest payload of a segment.</summary>
    public const int MaxSegmentBytes = 32_768;

    private const byte Last = 0;
    private const byte More = 1;

    private readonly PeerChannel _channel;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly int _segmentBytes;
    private MemoryStream? _begun; // Survives a cancelled read, so that the next one goes on where that one stopped.
    private OverlayException? _broken;
    private int _isReading;

    internal MessageSocket(PeerChannel channel, PeerAddress local)
    {
        (_channel, Local) = (channel, local);
        _segmentBytes = Math.Clamp(channel.MaxMessageBytes - 1, 1, MaxSegmentBytes);
    }

    /// <summary>This end.</summary>
    public PeerAddress Local { get; }

    /// <summary>The other end.</summary>
    public PeerAddress Remote => _channel.Remote;

    /// <summary>The port.</summary>
    public string Port => _channel.Label;

    /// <summary>Whether the other side opened it.</summary>
    public bool IsIncoming => _channel.IsIncoming;

    /// <summary>Ends when the connection has ended, in good order or not.</summary>
    public Task Completion => _channel.Closed;

    /// <summary>Sends a message, and waits while there is no room for it.</summary>
    /// <param name="message">0 … 1,000,000 bytes; must not change until this completes.</param>
    /// <param name="cancellationToken">Gives up. A message that has left in part cannot be taken back: the socket ends then.</param>
    /// <exception cref="OverlayException">Too large (nothing has left), closed, lost.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        if (message.Length > MaxMessageBytes)
        {
            throw new OverlayException(OverlayError.MessageTooLarge, $"A message of {message.Length} bytes; a socket carries at most {MaxMessageBytes}.");
        }

        await SendAsync(ReadOnlyMemory<byte>.Empty, message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The next message; null when the other side has closed and everything was read.</summary>
    /// <exception cref="OverlayException">Lost, or what came breaks the rules above: too large, or no segment. The socket has ended then, other sockets have not.</exception>
    /// <exception cref="InvalidOperationException">Somebody reads already.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isReading, 1) == 1)
        {
            throw new InvalidOperationException("A socket has one reader, and it waits for a message already.");
        }

        try
        {
            return await ReceiveSegmentsAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isReading, 0);
        }
    }

    /// <summary>All messages, until the other side closes.</summary>
    /// <exception cref="OverlayException">As <see cref="ReceiveAsync"/>.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>Waits until everything that was sent has arrived at the other side's stack.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => _channel.FlushAsync(cancellationToken);

    /// <summary>Closes after what was sent before, also where sending it is not awaited yet. Idempotent.</summary>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _channel.CloseAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the connection at once; what has not arrived may be lost. Idempotent.</summary>
    public void Abort() => _channel.Abort();

    /// <summary>Closes, and breaks off where that takes longer than 10 s.</summary>
    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    /// <summary>Sends <paramref name="head"/> and <paramref name="body"/> as one message; the two together may have <see cref="MaxMessageBytes"/>.</summary>
    internal async ValueTask SendAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        var hasBegun = false;
        var segment = ArrayPool<byte>.Shared.Rent(1 + Math.Min(_segmentBytes, head.Length + body.Length));
        try
        {
            for (var left = head.Length + body.Length; left > 0 || !hasBegun; hasBegun = true)
            {
                var length = Math.Min(left, _segmentBytes);
                left -= length;
                segment[0] = left > 0 ? More : Last;
                var fromHead = Math.Min(head.Length, length);
                head.Span[..fromHead].CopyTo(segment.AsSpan(1));
                body.Span[..(length - fromHead)].CopyTo(segment.AsSpan(1 + fromHead));
                (head, body) = (head[fromHead..], body[(length - fromHead)..]);
                await _channel.SendAsync(segment.AsMemory(0, 1 + length), cancellationToken).ConfigureAwait(false);
            }

            ArrayPool<byte>.Shared.Return(segment); // Not after a failure: the channel may still look at it.
        }
        catch (OperationCanceledException) when (hasBegun)
        {
            _channel.Abort(); // The rest of the message will never come.
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReceiveSegmentsAsync(CancellationToken cancellationToken)
    {
        if (_broken is { } broken)
        {
            throw new OverlayException(broken.Reason, broken.Message, broken);
        }

        while (true)
        {
            if (await _channel.ReceiveAsync(cancellationToken).ConfigureAwait(false) is not { } segment)
            {
                return _begun is null ? null : throw Break(OverlayError.ChannelLost, "closed in the middle of a message");
            }

            if (segment.IsEmpty || segment.Span[0] > More)
            {
                throw Break(OverlayError.InvalidMessage, "sent something that is no segment of a message");
            }

            var (isLast, payload) = (segment.Span[0] == Last, segment[1..]);
            if (payload.Length + (_begun?.Length ?? 0) > MaxMessageBytes)
            {
                throw Break(OverlayError.MessageTooLarge, $"sent a message of more than {MaxMessageBytes} bytes");
            }

            if (isLast && _begun is null)
            {
                return payload;
            }

            _begun ??= new MemoryStream(2 * payload.Length);
            _begun.Write(payload.Span);
            if (isLast)
            {
                var whole = _begun.GetBuffer().AsMemory(0, (int)_begun.Length);
                _begun = null;
                return whole;
            }
        }
    }

    private OverlayException Break(OverlayError reason, string deed)
    {
        _begun = null;
        _broken = new OverlayException(reason, $"{Remote} {deed}; the socket to port {Port} has ended.");
        _channel.Abort();
        return _broken;
    }
}
