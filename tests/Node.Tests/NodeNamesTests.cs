namespace Overlay.Nodes.Tests;

public sealed class NodeNamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("alice")]
    [InlineData("Alice-2_b.c")]
    [InlineData("0123456789a")]
    [InlineData("0123456789abc")]
    [InlineData("0123456789ag")]
    public void These_are_names(string text) => Assert.True(NodeNames.IsName(text));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("a\n")]
    [InlineData("0123456789ab")]
    [InlineData("0123456789AB")]
    public void These_are_not(string text) => Assert.False(NodeNames.IsName(text));

    [Fact]
    public void A_name_has_at_most_63_characters()
    {
        Assert.True(NodeNames.IsName(new string('a', 63)));
        Assert.False(NodeNames.IsName(new string('a', 64)));
    }
}
