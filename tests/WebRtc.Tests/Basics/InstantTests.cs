using Xunit;

namespace Overlay.WebRtc.Tests.Basics;

public sealed class InstantTests
{
    [Fact]
    public void A_moment_plus_a_duration_lies_that_much_later()
    {
        var start = new Instant(1_000);

        var later = start + TimeSpan.FromMilliseconds(5);

        Assert.True(later > start);
        Assert.Equal(TimeSpan.FromMilliseconds(5), later - start);
        Assert.Equal(start, later - TimeSpan.FromMilliseconds(5));
        Assert.Equal(start, Instant.Min(start, later));
        Assert.Equal(later, Instant.Max(start, later));
    }

    [Fact]
    public void Never_is_after_everything_and_stays_never()
    {
        Assert.True(new Instant(long.MaxValue - 1) < Instant.Never);
        Assert.Equal(Instant.Never, Instant.Never + TimeSpan.FromDays(1));
        Assert.Equal(Instant.Never, Instant.Never - TimeSpan.FromDays(1));
        Assert.Equal("never", Instant.Never.ToString());
    }

    [Fact]
    public void Sums_and_differences_saturate_instead_of_wrapping()
    {
        var late = new Instant(long.MaxValue - 10);

        Assert.Equal(Instant.Never, late + TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.MaxValue, Instant.Never - new Instant(-5));
        Assert.Equal(TimeSpan.MinValue, new Instant(long.MinValue) - new Instant(5));
        Assert.Equal(new Instant(long.MinValue), new Instant(long.MinValue + 5) - TimeSpan.FromSeconds(1));
    }
}
