using System.Runtime.CompilerServices;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Runtime.Diagnostics;

/// <summary>Walks through a network: asks each member for its tables, and everybody who stands in them, once each and not too fast.</summary>
/// <param name="ask">Asks one node; fails with an <see cref="OverlayException"/> where no answer comes.</param>
/// <param name="time">The clock.</param>
internal sealed class MemberCrawler(Func<RingId, CancellationToken, Task<State>> ask, TimeProvider time)
{
    /// <summary>The members, in the order in which they answer; whoever is named twice is asked once.</summary>
    /// <param name="options">Bounds.</param>
    /// <param name="seeds">Whom to ask first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async IAsyncEnumerable<MemberState> CrawlAsync(
        CrawlOptions options, IEnumerable<RingId> seeds, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = new Frontier(options.MaxMembers);
        waiting.AddAll(seeds);
        var underWay = new List<Task<MemberState>>(options.MaxInFlight);
        var interval = TimeSpan.FromSeconds(1) / options.MaxPerSecond;
        var pause = Task.CompletedTask;
        try
        {
            while (waiting.Count > 0 || underWay.Count > 0)
            {
                var mayAsk = waiting.Count > 0 && underWay.Count < options.MaxInFlight;
                if (mayAsk && pause.IsCompleted)
                {
                    underWay.Add(AskAsync(waiting.Next(), ended.Token));
                    pause = Task.Delay(interval, time, ended.Token);
                    continue;
                }

                await Task.WhenAny(mayAsk ? [.. underWay, pause] : underWay).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                for (var at = underWay.FindIndex(static task => task.IsCompleted); at >= 0; at = underWay.FindIndex(static task => task.IsCompleted))
                {
                    var member = await underWay[at].ConfigureAwait(false);
                    underWay.RemoveAt(at);
                    waiting.AddNeighbours(member.State);
                    yield return member;
                }
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<MemberState> AskAsync(RingId id, CancellationToken cancellationToken)
    {
        var begunAt = time.GetTimestamp();
        try
        {
            var state = await ask(id, cancellationToken).ConfigureAwait(false);
            return new(id, state, Outcome.Done, time.GetElapsedTime(begunAt));
        }
        catch (OverlayException e) when (e.Reason == OverlayError.Command)
        {
            return new(id, null, e.Outcome, time.GetElapsedTime(begunAt));
        }
    }

    /// <summary>Who is to be asked, and who was.</summary>
    private sealed class Frontier(int most)
    {
        private readonly HashSet<RingId> _known = [];
        private readonly Queue<RingId> _waiting = new();

        public int Count => _waiting.Count;

        public RingId Next() => _waiting.Dequeue();

        public void AddAll(IEnumerable<RingId> ids)
        {
            foreach (var id in ids)
            {
                Add(id);
            }
        }

        public void AddNeighbours(State? state)
        {
            if (state is not null)
            {
                AddAll(NeighboursIn(state));
            }
        }

        private void Add(RingId id)
        {
            if (_known.Count < most && _known.Add(id))
            {
                _waiting.Enqueue(id);
            }
        }

        private static IEnumerable<RingId> NeighboursIn(State state)
        {
            if (state.Predecessor is { } before)
            {
                yield return before.Id;
            }

            foreach (var successor in state.Successors)
            {
                yield return successor.Id;
            }

            foreach (var finger in state.Fingers)
            {
                yield return finger.Id;
            }

            foreach (var link in state.Links)
            {
                if (link.Phase == LinkPhase.Open)
                {
                    yield return link.Id;
                }
            }
        }
    }
}
