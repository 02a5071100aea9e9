using System.Runtime.CompilerServices;
using System.Text;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Streams;

/// <summary>Reading: credits are granted as items are taken.</summary>
public sealed partial class CreditStream
{
    private const int MaxErrorBytes = 1_024;

    private readonly Queue<ReadOnlyMemory<byte>> _items = new();
    private long _itemBytes;
    private int _largestItem = 1;
    private bool _isTuned;
    private int _window;
    private int _granted; // Credits that the other side has, or will have when those owed are on their way.
    private int _owed;
    private bool _isGranting;
    private int _taken;
    private OverlayException? _readerHears;
    private TaskCompletionSource? _readable;
    private TaskCompletionSource? _roomy;

    /// <summary>The next item; null at the end.</summary>
    /// <exception cref="OverlayException">
    /// The writer failed (<see cref="OverlayError.RemoteFailed"/>), nothing came for too long (<see cref="OverlayError.TimedOut"/>), closed, lost.
    /// </exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken = default)
    {
        ReadOnlyMemory<byte>? item;
        while (!TryTake(out item, out var readable))
        {
            try
            {
                await readable.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                WaitEnds();
            }
        }

        return item;
    }

    /// <summary>All items to the end.</summary>
    /// <exception cref="OverlayException">As <see cref="ReadAsync"/>.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(cancellationToken).ConfigureAwait(false) is { } item)
        {
            yield return item;
        }
    }

    /// <summary>From here on the other side may be this many items ahead, no more: for records, which cost the other side something to make.</summary>
    internal void FixWindow(int window)
    {
        lock (_lock)
        {
            (_isTuned, _window) = (false, window);
        }
    }

    /// <summary>Items that have arrived and were not read. For tests.</summary>
    internal int Unread
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    private static string TextOf(ReadOnlyMemory<byte> payload) => Encoding.UTF8.GetString(payload.Span[..Math.Min(payload.Length, MaxErrorBytes)]);

    /// <returns>Whether there was an item, or the end (null); otherwise a wait has begun, until <paramref name="readable"/>.</returns>
    private bool TryTake(out ReadOnlyMemory<byte>? item, out Task readable)
    {
        bool isOwing;
        lock (_lock)
        {
            (item, readable) = (null, Task.CompletedTask);
            if (!_items.TryDequeue(out var first))
            {
                if (_isOver)
                {
                    return _readerHears is { } e ? throw new OverlayException(e.Reason, e.Message, e) : true;
                }

                readable = Wait(ref _readable);
                WaitBegins();
                return false;
            }

            item = first;
            _itemBytes -= first.Length;
            _taken++;
            Wake(ref _roomy);
            isOwing = Grant(Remote.Proof == PeerProof.Vouched ? 1 : 0);
        }

        if (isOwing)
        {
            _ = GrantAsync();
        }

        return true;
    }

    /// <summary>Waits until what lies here is within its bound again. The other side cannot tell items of 1 MB from small ones when it counts credits.</summary>
    private async ValueTask RoomAsync()
    {
        while (true)
        {
            Task roomy;
            lock (_lock)
            {
                if (_isOver || _itemBytes < _options.MaxWindowBytes)
                {
                    return;
                }

                roomy = Wait(ref _roomy);
            }

            await roomy.WaitAsync(_ended).ConfigureAwait(false);
        }
    }

    /// <returns>Whether it was asked for.</returns>
    private bool Add(ReadOnlyMemory<byte> item)
    {
        lock (_lock)
        {
            if (_granted == 0)
            {
                return false;
            }

            _granted--;
            _items.Enqueue(item);
            _itemBytes += item.Length;
            _largestItem = Math.Max(_largestItem, item.Length);
            Wake(ref _readable);
            return true;
        }
    }

    /// <summary>Asks for as many items as the window has room for. Within the lock.</summary>
    /// <param name="least">
    /// Of a page's original at least one for each item that was taken, whatever it has been granted ahead: its writer uses one credit each time one arrives, and lets those lie that came
    /// while it had nothing to write.
    /// </param>
    /// <returns>Whether credits are owed and nobody sends them yet.</returns>
    private bool Grant(int least)
    {
        if (_isOver)
        {
            return false;
        }

        var most = Math.Min(_options.MaxWindow, Math.Max(1, _options.MaxWindowBytes / _largestItem));
        if (_isTuned && _items.Count == 0 && _taken >= _window)
        {
            // The reader has kept up with a whole window, so the way there and back is what it waits for.
            (_window, _taken) = (Math.Min(2 * _window, most), 0);
        }

        var missing = Math.Max(Math.Min(_window, Math.Max(most, _options.Window ?? 0)) - _granted - _items.Count, Math.Min(least, _options.MaxWindow - _granted));
        if (missing <= 0)
        {
            return false;
        }

        _granted += missing;
        _owed += missing;
        var isFirst = !_isGranting;
        _isGranting = true;
        return isFirst;
    }

    private async Task GrantAsync()
    {
        try
        {
            while (TakeOwed())
            {
                await SendAsync(Next, ReadOnlyMemory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (OverlayException)
        {
            // Whoever reads or writes hears of it from the loop that receives.
        }
    }

    private bool TakeOwed()
    {
        lock (_lock)
        {
            _isGranting = _owed > 0 && !_isOver;
            if (_isGranting)
            {
                _owed--;
            }

            return _isGranting;
        }
    }
}
