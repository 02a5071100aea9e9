using System.Text;
using Overlay.Runtime;

namespace Overlay.Nodes.Streams;

/// <summary>Writing: each item waits for a credit.</summary>
public sealed partial class CreditStream
{
    private const int MaxCredits = 1 << 20; // A reader that asks for more than that gets no more for it.

    private static readonly ReadOnlyMemory<byte>[] Types = [.. Enumerable.Range(0, 5).Select(static type => (ReadOnlyMemory<byte>)new[] { (byte)type })];

    private readonly SemaphoreSlim _turn = new(1);
    private int _credits;
    private OverlayException? _writerHears;
    private TaskCompletionSource? _creditable;

    /// <summary>Writes an item as soon as the other side has asked for one, and for those before it.</summary>
    /// <param name="item">0 … 999,999 bytes; must not change until this completes.</param>
    /// <param name="cancellationToken">Gives up. An item that has left in part cannot be taken back: the stream ends then.</param>
    /// <exception cref="OverlayException">
    /// Too large, nobody reads any more (<see cref="OverlayError.Cancelled"/>), nothing was asked for too long (<see cref="OverlayError.TimedOut"/>), closed, lost.
    /// </exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> item, CancellationToken cancellationToken = default)
    {
        if (item.Length > MaxItemBytes)
        {
            throw new OverlayException(OverlayError.MessageTooLarge, $"An item of {item.Length} bytes; a stream carries at most {MaxItemBytes} in one.");
        }

        await SendOnCreditAsync(Data, item, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the other side has asked for an item, without writing one: for a writer to whom an item costs something.</summary>
    /// <exception cref="OverlayException">As <see cref="WriteAsync"/>.</exception>
    public async ValueTask WaitToWriteAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task creditable;
            lock (_lock)
            {
                ThrowIfOver();
                if (_credits > 0)
                {
                    return;
                }

                creditable = Wait(ref _creditable);
                WaitBegins();
            }

            try
            {
                await creditable.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                WaitEnds();
            }
        }
    }

    /// <summary>Ends the stream in good order, as soon as the other side asks for more, and closes the socket when the end has arrived.</summary>
    /// <exception cref="OverlayException">As <see cref="WriteAsync"/>.</exception>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        await SendOnCreditAsync(End, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        await EndedHereAsync("The stream was ended at this end.").ConfigureAwait(false);
    }

    /// <summary>Ends the stream with an error, which the other side's reader hears, as soon as it asks for more.</summary>
    /// <param name="error">The text; 1,024 bytes of it arrive.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OverlayException">As <see cref="WriteAsync"/>.</exception>
    public async ValueTask FailAsync(string error, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(error);
        var text = Encoding.UTF8.GetBytes(error);
        await SendOnCreditAsync(Error, text.AsMemory(0, Math.Min(text.Length, MaxErrorBytes)), cancellationToken).ConfigureAwait(false);
        await EndedHereAsync($"The stream was ended at this end with an error: {error}").ConfigureAwait(false);
    }

    /// <summary>Ends this direction, or both where one alone cannot end.</summary>
    internal ValueTask EndWritingAsync(CancellationToken cancellationToken) =>
        _options.HalfClose ? WriteAsync(ReadOnlyMemory<byte>.Empty, cancellationToken) : CompleteAsync(cancellationToken);

    /// <summary>Closes the socket in good order, without telling the other side more than that.</summary>
    internal ValueTask CloseAsync() => EndedHereAsync("The stream was closed at this end.");

    private async ValueTask EndedHereAsync(string why)
    {
        Finish(Closed(why), null);
        StopReceiving();
        await _running.ConfigureAwait(false);
    }

    private async ValueTask SendOnCreditAsync(byte type, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        var spent = 0;
        try
        {
            await WaitToWriteAsync(cancellationToken).ConfigureAwait(false);
            Spend(spent = 1); // Nobody else does: it is this writer's turn.
            await SendAsync(type, payload, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Spend(-spent); // Either nothing has left, or the socket has ended and credits with it.
            throw;
        }
        catch (OverlayException) when (_writerHears is { } e)
        {
            throw new OverlayException(e.Reason, e.Message, e); // Why the stream ended says more than that it did.
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Spend(int credits)
    {
        lock (_lock)
        {
            _credits -= credits;
        }
    }

    private void ThrowIfOver()
    {
        if (_isOver)
        {
            var e = _writerHears!;
            throw new OverlayException(e.Reason, e.Message, e);
        }
    }

    private void Credit(int payloadLength)
    {
        lock (_lock)
        {
            if (payloadLength == 0)
            {
                _credits = Math.Min(_credits + 1, MaxCredits);
                Wake(ref _creditable);
            }
        }
    }
}
