using System.Globalization;

namespace Overlay.Cli.Tests;

/// <summary>The story of a network whose hub dies, whose nodes die, and whose hub comes back: once while it is founding, once as a ring.</summary>
public sealed class LifeWithoutHubTests : CommandTest
{
    [SlowTheory]
    [InlineData(5)]
    [InlineData(12)]
    public async Task The_network_outlives_its_hub_and_two_of_its_nodes_and_takes_newcomers_when_the_hub_is_back(int count)
    {
        var port = FreePort();
        var (hub, uri) = await StartHubAsync(port);
        var nodes = new List<(OverlayProcess Process, string Id)>();
        for (var i = 0; i < count; i++)
        {
            nodes.Add(await StartNodeAsync(uri, "--name", Name(i), "--data", Folder(Name(i))));
        }

        await ExchangeAsync(nodes, "with the hub");
        await UntilRingAsync([], uri, nodes);

        await hub.KillAsync();
        await ExchangeAsync(nodes, "without the hub");

        await nodes[1].Process.KillAsync();
        await nodes[3].Process.KillAsync();
        nodes.RemoveAt(3);
        nodes.RemoveAt(1);
        await ExchangeAsync(nodes, "after two deaths");

        var (again, _) = await StartHubAsync(port);
        var newcomer = await StartNodeAsync(uri, "--name", "newcomer", "--data", Folder("newcomer"));
        nodes.Add(newcomer);
        await ExchangeAsync(nodes, "with the newcomer");
        await UntilRingAsync([], uri, nodes);

        await again.KillAsync();
        var (_, _) = await StartHubAsync(port, data: "other hub");
        newcomer.Process.Signal(OverlayProcess.Terminate);
        await newcomer.Process.EndAsync();
        var refused = await RunAsync("node", "--json", "--hub", uri, "--listen", "127.0.0.1", "--data", Folder("newcomer"));

        AssertFailed(refused, 1, "HubKeyChanged", "--data");
        Assert.Equal("HubKeyChanged", refused.OnlyJson.GetProperty("reason").GetString());
        nodes.RemoveAt(nodes.Count - 1);
        await ExchangeAsync(nodes, "whatever hubs do");
    }

    private static string Name(int index) => "node" + index.ToString(CultureInfo.InvariantCulture);
}
