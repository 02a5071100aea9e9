using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Streams;

/// <summary>Silence: how long it is borne, and what is done against it.</summary>
public sealed partial class CreditStream
{
    private static readonly ReadOnlyMemory<byte> SignOfLife = new byte[] { 0 };

    private readonly ITimer _timer;
    private long _heardAt;
    private long _sentAt; // To a page only credits count, or a long response would leave its request without any.
    private int _waiters;
    private long _waitingSince;

    /// <summary>Within the lock.</summary>
    private void WaitBegins()
    {
        if (_waiters++ == 0)
        {
            _waitingSince = _time.GetTimestamp();
        }
    }

    private void WaitEnds()
    {
        lock (_lock)
        {
            _waiters--;
        }
    }

    private void Watch()
    {
        bool isSilent, isTooLong;
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            isTooLong = _waiters > 0 && Left(SilentSince(), _options.InactivityTimeout) <= TimeSpan.Zero;
            isSilent = Left(_sentAt, _options.KeepAlivePeriod) <= TimeSpan.Zero;
        }

        if (isTooLong)
        {
            Finish(new OverlayException(OverlayError.TimedOut, $"Nothing came from {Remote} for {_options.InactivityTimeout.TotalSeconds} s."), null);
            StopReceiving();
            return;
        }

        if (isSilent)
        {
            Volatile.Write(ref _sentAt, _time.GetTimestamp());
            _ = ShowLifeAsync();
        }

        Arm();
    }

    /// <summary>A member knows that a NEXT with a payload grants nothing. To a page each is a credit, so there are as many as the window may ever have, and no more.</summary>
    private async Task ShowLifeAsync()
    {
        var isPage = Remote.Proof == PeerProof.Vouched;
        lock (_lock)
        {
            if (isPage && _granted + _items.Count >= _options.MaxWindow)
            {
                return;
            }

            _granted += isPage ? 1 : 0;
        }

        try
        {
            await SendAsync(Next, isPage ? ReadOnlyMemory<byte>.Empty : SignOfLife, _ended).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OverlayException or OperationCanceledException)
        {
            // It has ended.
        }
    }

    private void Arm()
    {
        TimeSpan due;
        lock (_lock)
        {
            var silence = Left(_waiters > 0 ? SilentSince() : _time.GetTimestamp(), _options.InactivityTimeout);
            var sign = Left(_sentAt, _options.KeepAlivePeriod);
            due = silence < sign ? silence : sign;
        }

        if (due != TimeSpan.MaxValue)
        {
            _timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private long SilentSince() => Math.Max(_heardAt, _waitingSince);

    private TimeSpan Left(long since, TimeSpan period) =>
        period == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : period - _time.GetElapsedTime(since);
}
