using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceConnectTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);

    [Fact]
    public void Two_agents_on_one_machine_complete_within_a_few_round_trips()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));

        Assert.True(pair.Elapsed < TimeSpan.FromMilliseconds(3), $"took {pair.Elapsed.TotalMilliseconds} ms");
        Assert.Equal(
            new SelectedPair(new PathId(0), TransportAddress.Parse("10.0.0.1:1000"), TransportAddress.Parse("10.0.0.2:2000"), IsNominated: true),
            pair.Left.Agent.SelectedPair);
    }

    [Fact]
    public void The_pair_of_highest_priority_wins_when_all_work()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Left.Bind("[2001:db8::1]:1000");
        pair.Left.Bind("127.0.0.1:1000");
        pair.Right.Bind("127.0.0.1:2000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Right.Bind("[2001:db8::2]:2000");
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));

        Assert.True(pair.Left.Agent.SelectedPair!.Value.Remote.IsIPv6);
        Assert.True(pair.Right.Agent.SelectedPair!.Value.Remote.IsIPv6);
        Assert.True(pair.Elapsed < TimeSpan.FromMilliseconds(15), $"took {pair.Elapsed.TotalMilliseconds} ms");
    }

    [Fact]
    public void A_blocked_pair_does_not_hold_up_the_one_that_works()
    {
        var pair = new IcePair { IsBlocked = (_, from, _) => from.IsIPv6 };
        pair.Left.Bind("10.0.0.1:1000");
        pair.Left.Bind("[2001:db8::1]:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Right.Bind("[2001:db8::2]:2000");
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));

        Assert.False(pair.Left.Agent.SelectedPair!.Value.Remote.IsIPv6);
        Assert.True(pair.Elapsed < TimeSpan.FromMilliseconds(15), $"took {pair.Elapsed.TotalMilliseconds} ms");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Five_percent_loss_and_fifty_milliseconds_still_complete(int seed)
    {
        var pair = new IcePair(seed: (ulong)seed) { LossPercent = 5, Latency = TimeSpan.FromMilliseconds(25) };
        pair.Left.Bind("10.0.0.1:1000");
        pair.Left.Bind("[2001:db8::1]:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Right.Bind("[2001:db8::2]:2000");
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
    }

    [Fact]
    public void Heavy_loss_is_survived_by_retransmission()
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            var pair = new IcePair(seed: seed) { LossPercent = 30, Latency = TimeSpan.FromMilliseconds(20) };
            pair.Left.Bind("10.0.0.1:1000");
            pair.Right.Bind("10.0.0.2:2000");
            pair.Exchange();

            Assert.True(pair.DriveUntilCompleted(TimeSpan.FromSeconds(10)), $"seed {seed}");
        }
    }
}
