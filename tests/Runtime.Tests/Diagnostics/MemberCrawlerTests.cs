using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Diagnostics;

namespace Overlay.Runtime.Tests.Diagnostics;

public sealed class MemberCrawlerTests
{
    private readonly Dictionary<ulong, ulong[]> _links = [];
    private readonly List<ulong> _asked = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everybody_who_stands_in_a_table_is_asked_once()
    {
        _links[1] = [2, 3];
        _links[2] = [1, 3];
        _links[3] = [4, 1];
        _links[4] = [1];

        var found = await WalkAsync(new CrawlOptions { MaxPerSecond = 200 }, 1);

        Assert.Equal([1UL, 2UL, 3UL, 4UL], found.Select(member => member.Id.Value).Order());
        Assert.Equal([1UL, 2UL, 3UL, 4UL], _asked.Order());
        Assert.All(found, member => Assert.NotNull(member.State));
    }

    [Fact]
    public async Task Who_does_not_answer_is_told_with_the_reason()
    {
        _links[1] = [2];

        var found = await WalkAsync(new CrawlOptions { MaxPerSecond = 200 }, 1);

        var gone = Assert.Single(found, member => member.State is null);
        Assert.Equal((2UL, Outcome.Unreachable), (gone.Id.Value, gone.Outcome));
    }

    [Fact]
    public async Task Two_halves_are_both_walked_where_both_are_named()
    {
        _links[1] = [2];
        _links[2] = [1];
        _links[7] = [8];
        _links[8] = [7];

        var found = await WalkAsync(new CrawlOptions { MaxPerSecond = 200 }, 1, 7);

        Assert.Equal([1UL, 2UL, 7UL, 8UL], found.Select(member => member.Id.Value).Order());
    }

    [Fact]
    public async Task No_more_are_asked_than_allowed()
    {
        for (var i = 1UL; i < 100; i++)
        {
            _links[i] = [i + 1, i + 2];
        }

        var found = await WalkAsync(new CrawlOptions { MaxPerSecond = 200, MaxMembers = 7 }, 1);

        Assert.Equal(7, found.Count);
        Assert.Equal(7, _asked.Count);
    }

    [Fact]
    public async Task Questions_keep_their_distance()
    {
        _links[1] = [2, 3];
        _links[2] = [];
        _links[3] = [];
        var time = new ManualTime();
        var second = TimeSpan.FromMilliseconds(100);
        await using var walk = new MemberCrawler(AskAsync, time)
            .CrawlAsync(new CrawlOptions { MaxPerSecond = 10 }, [RingId.From(1)], Cancelled)
            .GetAsyncEnumerator(Cancelled);

        Assert.True(await walk.MoveNextAsync());
        var next = walk.MoveNextAsync();
        await time.UntilArmedAsync(second);
        Assert.Equal([1UL], _asked);
        time.Advance(second);
        Assert.True(await next);

        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task Who_stops_listening_leaves_no_question_behind()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task<State> AskSlowlyAsync(RingId id, CancellationToken cancellationToken)
        {
            if (id.Value == 1)
            {
                return StateOf(2);
            }

            await using var registration = cancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return StateOf();
        }

        await foreach (var member in new MemberCrawler(AskSlowlyAsync, TimeProvider.System)
            .CrawlAsync(new CrawlOptions { MaxPerSecond = 200 }, [RingId.From(3), RingId.From(1)], Cancelled))
        {
            Assert.Equal(1UL, member.Id.Value);
            break;
        }

        await cancelled.Task.WaitAsync(Patience.Long, Cancelled);
    }

    [Theory]
    [InlineData(0, 1, 1, "MaxPerSecond")]
    [InlineData(201, 1, 1, "MaxPerSecond")]
    [InlineData(1, 0, 1, "MaxInFlight")]
    [InlineData(1, 257, 1, "MaxInFlight")]
    [InlineData(1, 1, 0, "MaxMembers")]
    [InlineData(1, 1, 100_001, "MaxMembers")]
    public void Bounds_that_cannot_be_kept_are_named(int perSecond, int inFlight, int members, string named)
    {
        var options = new CrawlOptions { MaxPerSecond = perSecond, MaxInFlight = inFlight, MaxMembers = members };

        Assert.Contains(named, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    private async Task<List<MemberState>> WalkAsync(CrawlOptions options, params ulong[] seeds)
    {
        var found = new List<MemberState>();
        await foreach (var member in new MemberCrawler(AskAsync, TimeProvider.System).CrawlAsync(options, seeds.Select(RingId.From), Cancelled))
        {
            found.Add(member);
        }

        return found;
    }

    private Task<State> AskAsync(RingId id, CancellationToken cancellationToken)
    {
        _asked.Add(id.Value);
        return _links.TryGetValue(id.Value, out var links)
            ? Task.FromResult(StateOf(links))
            : Task.FromException<State>(new OverlayException(Outcome.Unreachable, "gone"));
    }

    private static State StateOf(params ulong[] links) => new(
        0, NodePhase.Member, null, Array.Empty<Descriptor>(), [], [.. links.Select(id => new LinkEntry(RingId.From(id), LinkPhase.Open, LinkPurpose.Ring, false))]);
}
