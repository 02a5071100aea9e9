using Overlay.Status.Picture;

namespace Overlay.Status.Feed;

/// <summary>The picture, kept up to date by one patrol and read by all viewers.</summary>
internal sealed class StatusFeed
{
    private readonly Lock _gate = new();
    private readonly NetworkPicture _picture;
    private readonly FrameTail _tail;
    private readonly IStatusSource _source;
    private TaskCompletionSource _news = NewSignal();
    private (long At, byte[] Bytes) _snapshot = (-1, []);

    public StatusFeed(IStatusSource source, StatusOptions options)
    {
        _source = source;
        _picture = new(options);
        _tail = new(options.MaxTailBytes, options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Changes the picture, or looks at it.</summary>
    public T With<T>(Func<NetworkPicture, T> work)
    {
        lock (_gate)
        {
            return work(_picture);
        }
    }

    /// <summary>Changes the picture.</summary>
    public void Change(Action<NetworkPicture> work)
    {
        lock (_gate)
        {
            work(_picture);
        }
    }

    /// <summary>Tells the viewers what changed since this was called last.</summary>
    /// <returns>Whether there was anything to tell.</returns>
    public bool Publish()
    {
        TaskCompletionSource news;
        lock (_gate)
        {
            if (_picture.TakeChanges() is not { } changes)
            {
                return false;
            }

            _tail.Add(PictureJson.Delta(_picture, changes, _source.Origin));
            news = _news;
            _news = NewSignal();
        }

        news.TrySetResult();
        return true;
    }

    /// <summary>What a viewer is to be told next.</summary>
    /// <param name="seen">The number of the last change that it has; −1: it has nothing.</param>
    /// <param name="frames">Filled with the changes, each one number more than the one before.</param>
    /// <param name="snapshot">The whole picture instead, where it has nothing, or is too far behind.</param>
    /// <param name="news">Completes when there is more.</param>
    /// <returns>The number of the last change that it has after that.</returns>
    public long Read(long seen, List<byte[]> frames, out byte[]? snapshot, out Task news)
    {
        lock (_gate)
        {
            news = _news.Task;
            snapshot = null;
            if (seen < 0 || !_tail.TryReadAfter(seen, frames))
            {
                frames.Clear();
                snapshot = Snapshot();
            }

            return _tail.Last;
        }
    }

    public string NameOf(long number) => _tail.NameOf(number);

    /// <summary>Where a viewer goes on that says what it saw last.</summary>
    public long SeenBy(string? lastEventId) => _tail.TryParse(lastEventId, out var number) ? number : -1;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Made once for all who ask while nothing changes. What waits to be told comes after it once more, which does no harm.</summary>
    private byte[] Snapshot()
    {
        if (_snapshot.At != _tail.Last)
        {
            _snapshot = (_tail.Last, PictureJson.Snapshot(_picture, _source.Origin));
        }

        return _snapshot.Bytes;
    }
}
