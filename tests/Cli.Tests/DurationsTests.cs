using Overlay.Cli.Commands;

namespace Overlay.Cli.Tests;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("10m", 600)]
    [InlineData("1h", 3600)]
    [InlineData("0s", 0)]
    public void A_number_and_a_unit_are_a_duration(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("30")]
    [InlineData("-1s")]
    [InlineData("1.5s")]
    [InlineData("30 s")]
    [InlineData("30S")]
    [InlineData("99999999999s")]
    [InlineData("1d")]
    public void Anything_else_is_not(string text) => Assert.False(Durations.TryParse(text, out _));
}
