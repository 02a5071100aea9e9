namespace Overlay.Runtime.Tests;

public sealed class BellTests
{
    private readonly Bell _bell = new();

    [Fact]
    public void A_ring_before_the_wait_is_not_lost()
    {
        _bell.Ring();

        var wait = _bell.WaitAsync();

        Assert.True(wait.IsCompletedSuccessfully);
    }

    [Fact]
    public void Many_rings_wake_once()
    {
        _bell.Ring();
        _bell.Ring();
        _bell.Ring();

        var first = _bell.WaitAsync();
        var second = _bell.WaitAsync();

        Assert.True(first.IsCompletedSuccessfully);
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task A_ring_wakes_the_one_who_waits()
    {
        var wait = _bell.WaitAsync().AsTask();
        Assert.False(wait.IsCompleted);

        _bell.Ring();

        await wait.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_ring_between_waking_and_looking_wakes_again()
    {
        var wait = _bell.WaitAsync();
        _bell.Ring();
        await wait;
        _bell.Ring();

        var next = _bell.WaitAsync();

        Assert.True(next.IsCompletedSuccessfully);
    }

    // producer: posted + 1 → Ring → waits until seen.   loop: seen := posted → WaitAsync.   One lost ring and both wait for ever.
    [Theory]
    [InlineData(1, 200_000)]
    [InlineData(3, 60_000)]
    public async Task No_ring_is_lost_in_a_long_exchange(int producers, int rounds)
    {
        var posted = new int[producers * Spread];
        var seen = new int[producers * Spread];
        var ringing = Enumerable.Range(0, producers).Select(number => new Thread(() => Produce(posted, seen, number * Spread, rounds)) { IsBackground = true }).ToList();
        ringing.ForEach(thread => thread.Start());

        var consuming = Task.Run(async () =>
        {
            while (!CopyNew(posted, seen, rounds))
            {
                await _bell.WaitAsync();
            }
        });

        await consuming.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        ringing.ForEach(thread => thread.Join());
        Assert.All(Enumerable.Range(0, producers), number => Assert.Equal(rounds, seen[number * Spread]));
    }

    /// <summary>Counters of different threads lie on different cache lines.</summary>
    private const int Spread = 32;

    private void Produce(int[] posted, int[] seen, int at, int rounds)
    {
        var patience = new SpinWait();
        for (var round = 1; round <= rounds; round++)
        {
            Volatile.Write(ref posted[at], round);
            _bell.Ring();
            while (Volatile.Read(ref seen[at]) < round)
            {
                patience.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    private static bool CopyNew(int[] posted, int[] seen, int rounds)
    {
        var isDone = true;
        for (var at = 0; at < posted.Length; at += Spread)
        {
            var value = Volatile.Read(ref posted[at]);
            Volatile.Write(ref seen[at], value);
            isDone &= value == rounds;
        }

        return isDone;
    }
}
