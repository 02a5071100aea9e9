using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.Ring;
using Overlay.Status.Feed;
using Overlay.Status.Picture;

namespace Overlay.Status;

/// <summary>Keeps the picture up to date while somebody looks: round after round of questions, with longer waits where nothing changes, and what happens near by at once.</summary>
internal sealed partial class Patrol : IAsyncDisposable
{
    /// <summary>Changes are told of in bundles, so that a crowd of answers is no crowd of repaints.</summary>
    private static readonly TimeSpan Bundle = TimeSpan.FromMilliseconds(100);

    /// <summary>Who is silent for so long after everybody else has answered, was silent in this round.</summary>
    private static readonly TimeSpan Laggards = TimeSpan.FromSeconds(2.5);

    /// <summary>Until the first answer: a hub's server must find a gateway first.</summary>
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(20);

    private readonly IStatusSource _source;
    private readonly StatusFeed _feed;
    private readonly StatusOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _ending = new();
    private readonly Channel<NearChange> _near = Channel.CreateBounded<NearChange>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly SemaphoreSlim _attention = new(0, 1);
    private readonly Task _running;
    private readonly Lock _gate = new();
    private TaskCompletionSource _roundEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _watchers;
    private DateTimeOffset _unwatchedSince;
    private DateTimeOffset _freshAt = DateTimeOffset.MinValue;

    public Patrol(IStatusSource source, StatusFeed feed, StatusOptions options, ILogger log)
    {
        (_source, _feed, _options, _time, _log) = (source, feed, options, options.TimeProvider, log);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Somebody looks, until the result is disposed of.</summary>
    public IDisposable Watch()
    {
        lock (_gate)
        {
            _watchers++;
        }

        Wake();
        return new Watcher(this);
    }

    /// <summary>Waits until a round has ended that is not older than the longest pause; false where that takes longer than <paramref name="patience"/>.</summary>
    public async Task<bool> IsFreshAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Task ended;
        lock (_gate)
        {
            if (_time.GetUtcNow() - _freshAt < _options.MaxPause + Bundle)
            {
                return true;
            }

            ended = _roundEnded.Task;
        }

        try
        {
            await ended.WaitAsync(patience, _time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
        _attention.Dispose();
    }

    private bool IsWatched
    {
        get
        {
            lock (_gate)
            {
                return _watchers > 0 || _time.GetUtcNow() - _unwatchedSince < _options.Linger;
            }
        }
    }

    private void Unwatch()
    {
        lock (_gate)
        {
            if (--_watchers == 0)
            {
                _unwatchedSince = _time.GetUtcNow();
            }
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (_attention.CurrentCount == 0)
            {
                _attention.Release();
            }
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _attention.WaitAsync(_ending.Token);
                if (IsWatched)
                {
                    await WalkAsync(_ending.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>From when somebody looks until nobody does.</summary>
    private async Task WalkAsync(CancellationToken cancellationToken)
    {
        using var walk = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var subscription = _source.Subscribe(happened => _near.Writer.TryWrite(happened));
        var listening = ListenAsync(walk.Token);
        try
        {
            var pause = _options.Pause;
            while (IsWatched)
            {
                var foundNews = await TryRoundAsync(cancellationToken);
                pause = foundNews ? _options.Pause : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, _options.MaxPause.Ticks));
                await PauseAsync(pause, cancellationToken);
            }
        }
        finally
        {
            await walk.CancelAsync();
            await listening;
            await _source.RestAsync();
        }
    }

    /// <summary>Cut short where something happened near by.</summary>
    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var passed = Task.Delay(pause, _time, cut.Token);
        await Task.WhenAny(passed, _attention.WaitAsync(cut.Token));
        await cut.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<bool> TryRoundAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RoundAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogRoundFailed(_log, e.GetType().Name, e.Message); // What was seen stays, and it is tried again.
            _feed.Change(static picture => picture.RoundFailed());
            _feed.Publish();
            return false;
        }
    }

    private async Task<bool> RoundAsync(CancellationToken cancellationToken)
    {
        var unheard = _feed.With(static picture => picture.Members.Select(static member => member.Report.Id).ToHashSet());
        var known = unheard.ToList();
        var (foundNews, toldAt, heardAny) = (false, _time.GetTimestamp(), false);
        using var patience = new CancellationTokenSource(FirstAnswer, _time);
        using var round = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await foreach (var answer in _source.CrawlAsync(known, round.Token).WithCancellation(round.Token))
            {
                patience.CancelAfter(Laggards);
                if (answer.Report is { } report)
                {
                    heardAny = true;
                    unheard.Remove(answer.Id);
                    _feed.Change(picture => picture.Answered(_time.GetUtcNow(), report));
                }

                if (_time.GetElapsedTime(toldAt) >= Bundle)
                {
                    foundNews |= _feed.Publish();
                    toldAt = _time.GetTimestamp();
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && heardAny)
        {
            // Whoever has not answered by now does not count as an answer of this round.
        }

        return EndRound(unheard) || foundNews;
    }

    private bool EndRound(HashSet<RingId> unheard)
    {
        _feed.Change(picture =>
        {
            foreach (var id in unheard)
            {
                picture.Silent(_time.GetUtcNow(), id);
            }

            picture.RoundEnded();
        });
        var foundNews = _feed.Publish();
        TaskCompletionSource ended;
        lock (_gate)
        {
            _freshAt = _time.GetUtcNow();
            ended = _roundEnded;
            _roundEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        ended.TrySetResult();
        return foundNews;
    }

    /// <summary>What happens near by is shown at once, whatever the round is waiting for.</summary>
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in _near.Reader.ReadAllAsync(cancellationToken))
            {
                _feed.Change(picture => Take(picture, happened));
                if (_feed.Publish() && happened.Kind != NearChangeKind.Tables)
                {
                    Wake(); // Others' tables say more about it.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody looks any more.
        }
    }

    private void Take(NetworkPicture picture, NearChange happened)
    {
        var now = _time.GetUtcNow();
        switch (happened.Kind)
        {
            case NearChangeKind.Tables when happened.Report is { } report:
                picture.Answered(now, report);
                break;
            case NearChangeKind.Left:
                picture.Remove(now, happened.Member, PictureEventKind.Left);
                break;
            case NearChangeKind.Died:
                picture.Remove(now, happened.Member, PictureEventKind.Died);
                break;
            case NearChangeKind.Joining:
                picture.Note(now, PictureEventKind.Joining, happened.Member);
                break;
            case NearChangeKind.GatewayCame:
                picture.Note(now, PictureEventKind.Gateway, happened.Member);
                break;
            case NearChangeKind.GatewayWent:
                picture.Note(now, PictureEventKind.NoGateway, happened.Member);
                break;
        }
    }

    [LoggerMessage(EventId = 400, Level = LogLevel.Warning, Message = "The status page cannot ask the network: {Kind}: {Cause}")]
    private static partial void LogRoundFailed(ILogger log, string kind, string cause);

    private sealed class Watcher(Patrol patrol) : IDisposable
    {
        private Patrol? _patrol = patrol;

        public void Dispose() => Interlocked.Exchange(ref _patrol, null)?.Unwatch();
    }
}
