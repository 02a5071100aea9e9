using Overlay.Time;

namespace Overlay.Tests.Time;

public sealed class BackoffTests
{
    [Fact]
    public void Delays_double_up_to_the_largest_and_keep_their_jitter_below_it()
    {
        var prng = new Prng(1);
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        double[] steps = [1, 2, 4, 8, 10, 10];

        foreach (var step in steps)
        {
            Assert.InRange(backoff.Next(ref prng).TotalSeconds, step * 0.75, step);
        }
    }

    [Fact]
    public void It_never_overflows_however_often_it_failed()
    {
        var prng = new Prng(1);
        var backoff = new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.MaxValue / 4);

        for (var i = 0; i < 1000; i++)
        {
            Assert.True(backoff.Next(ref prng) > TimeSpan.Zero);
        }
    }

    [Fact]
    public void A_success_starts_over()
    {
        var prng = new Prng(1);
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        backoff.Next(ref prng);
        backoff.Next(ref prng);

        backoff.Reset();

        Assert.Equal(0, backoff.Failures);
        Assert.True(backoff.Next(ref prng) <= TimeSpan.FromSeconds(1));
    }
}
