using Microsoft.Extensions.Logging;
using Overlay.Ring;
using Overlay.Status.Feed;

namespace Overlay.Status;

/// <summary>One status page's server: the picture, who keeps it up to date, and how many look.</summary>
internal sealed class StatusService : IAsyncDisposable
{
    private readonly Patrol _patrol;
    private int _viewers;

    public StatusService(IStatusSource source, StatusOptions options, ILogger log)
    {
        (Source, Options) = (source, options);
        Feed = new(source, options);
        _patrol = new(source, Feed, options, log);
    }

    public IStatusSource Source { get; }

    public StatusOptions Options { get; }

    public StatusFeed Feed { get; }

    /// <summary>A place for one more viewer, until the result is disposed of; null: there is none.</summary>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref _viewers) > Options.MaxViewers)
        {
            Interlocked.Decrement(ref _viewers);
            return null;
        }

        return new Place(this, _patrol.Watch());
    }

    /// <summary>Waits for a picture that is not old; false where it is not complete in time.</summary>
    public Task<bool> IsFreshAsync(TimeSpan patience, CancellationToken cancellationToken) => _patrol.IsFreshAsync(patience, cancellationToken);

    /// <summary>What is known of one member, and what the server has seen of its messages.</summary>
    public byte[]? Describe(RingId id) => Feed.With(picture => picture.Find(id) is { } member ? MemberJson.Write(member, Source.SpansOf(id)) : null);

    public ValueTask DisposeAsync() => _patrol.DisposeAsync();

    private sealed class Place(StatusService service, IDisposable watch) : IDisposable
    {
        private IDisposable? _watch = watch;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _watch, null) is { } ended)
            {
                ended.Dispose();
                Interlocked.Decrement(ref service._viewers);
            }
        }
    }
}
