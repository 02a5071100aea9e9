using Overlay.Cli.Commands;

namespace Overlay.Cli.Tests;

public sealed class StateFolderTests
{
    private static readonly Uri Hub = new("ws://hub.example:5000");

    [Fact]
    public void A_named_node_has_a_folder_for_each_hub_and_name()
    {
        var folders = new[]
        {
            StateFolder.OfNode(Hub, "alice"),
            StateFolder.OfNode(Hub, "bob"),
            StateFolder.OfNode(new Uri("ws://hub.example:5001"), "alice"),
            StateFolder.OfNode(new Uri("ws://other.example:5000"), "alice"),
        };

        Assert.Equal(folders.Length, folders.Distinct().Count());
        Assert.All(folders, folder => Assert.StartsWith(StateFolder.Path, folder, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    public void No_name_leads_out_of_it(string name)
    {
        var folder = Path.GetFullPath(StateFolder.OfNode(Hub, name));

        Assert.StartsWith(Path.GetFullPath(Path.Combine(StateFolder.Path, "nodes", "hub.example_5000")) + Path.DirectorySeparatorChar, folder, StringComparison.Ordinal);
        Assert.NotEqual(Path.GetFullPath(StateFolder.OfNode(Hub, "alice") + "/.."), folder);
    }

    [Fact]
    public void An_IPv6_hub_makes_a_folder_too()
    {
        var folder = StateFolder.OfNode(new Uri("ws://[::1]:5000"), "alice");

        Assert.DoesNotContain(':', Path.GetRelativePath(StateFolder.Path, folder));
    }
}
