using Overlay.Names;

namespace Overlay.Tests.Names;

public sealed class NodeNameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("alice")]
    [InlineData("alice-2.home_net")]
    [InlineData("7")]
    [InlineData("0123456789ab0")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("localhost2")]
    public void This_is_a_name(string text)
    {
        Assert.True(NodeName.TryNormalize(text, out var name));
        Assert.Equal(text, name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a.")]
    [InlineData("a b")]
    [InlineData("älice")]
    [InlineData("a/b")]
    [InlineData("0123456789ab")] // an id
    [InlineData("0123456789AB")]
    [InlineData("10.0.0.1")] // a guest of a hub
    [InlineData("LocalHost")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")] // 64
    public void This_is_none(string text) => Assert.False(NodeName.TryNormalize(text, out _));

    [Fact]
    public void Upper_case_is_the_same_name_at_the_same_place()
    {
        Assert.True(NodeName.TryNormalize("Alice", out var name));

        Assert.Equal("alice", name);
        Assert.Equal("2bd806c97f0e", NodeName.KeyOf(name).ToString()); // printf alice | sha256sum
    }
}
