using Overlay.Simulator.Commands;
using Xunit;

namespace Overlay.Simulator.Tests.Engine;

public sealed class BareWorkloadTests
{
    [Fact]
    public void The_same_seed_gives_the_same_events_in_the_same_order_on_the_queue_and_on_the_bare_wheel()
    {
        var first = Play(new BareOnQueue(20_000, 7));
        var again = Play(new BareOnQueue(20_000, 7));
        var control = Play(new BareOnWheel(20_000, 7));
        var other = Play(new BareOnQueue(20_000, 8));

        Assert.Equal(first.Hash, again.Hash);
        Assert.Equal((first.Hash, first.Events), (control.Hash, control.Events));
        Assert.NotEqual(first.Hash, other.Hash);
        Assert.Equal(first.Events, first.Received);
    }

    [Theory]
    [InlineData(10_000, 200_000, 39.6e6)]
    [InlineData(100_000, 20_000, 39.57e6)]
    [InlineData(1_000_000, 2_000, 39.26e6)]
    public void As_many_events_are_expected_as_the_published_runs_had(int nodes, long milliseconds, double events)
    {
        var (mean, _) = BareWorkload.Expected(nodes, milliseconds);

        Assert.InRange(mean, events * 0.9995, events * 1.0005);
        Assert.Equal(milliseconds, new BareOnQueue(nodes, 1).Milliseconds);
    }

    [Fact]
    public void As_many_events_happen_as_are_expected()
    {
        var run = Play(new BareOnQueue(200_000, 1));
        var (mean, deviation) = BareWorkload.Expected(run.Nodes, run.Milliseconds);

        Assert.InRange(run.Events, mean - (5 * deviation), mean + (5 * deviation));
        Assert.InRange(deviation, 0, mean * 0.001);
    }

    private static BareWorkload Play(BareWorkload run)
    {
        run.Play(null);
        return run;
    }
}
