using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Overlay.Cli.Tests;

/// <summary>The status page of hub, node and demo, as a program reads it.</summary>
public sealed class StatusTests : CommandTest
{
    private readonly HttpClient _http = new();

    [Fact]
    public async Task A_hub_shows_the_members_that_it_asks_through_its_gateways_and_a_killed_one_goes()
    {
        var (hub, address) = await StartHubAsync(0, "hub", "--status", ":0");
        var page = await PageOfAsync(hub);
        var nodes = new List<(OverlayProcess Process, string Id)>();
        for (var i = 0; i < 3; i++)
        {
            nodes.Add(await StartNodeAsync(address));
        }

        var all = await UntilAsync(page, nodes.Select(node => node.Id));
        await nodes[1].Process.KillAsync();
        await UntilAsync(page, [nodes[0].Id, nodes[2].Id]);

        Assert.Equal("hub", all.GetProperty("origin").GetProperty("kind").GetString());
        Assert.Equal(address, all.GetProperty("origin").GetProperty("name").GetString());
        Assert.All(all.GetProperty("members").EnumerateArray(), static member => Assert.Equal(2, member.GetProperty("links").GetArrayLength()));
    }

    [Fact]
    public async Task A_hub_that_asks_for_a_token_shows_its_members_too()
    {
        var (hub, address) = await StartHubAsync(0, "hub", "--status", ":0", "--token", "sesame");
        var page = await PageOfAsync(hub);
        var (_, id) = await StartNodeAsync(address, "--token", "sesame");

        await UntilAsync(page, [id]);
    }

    [Fact]
    public async Task A_node_of_a_tree_shows_the_tree_with_its_own_name()
    {
        var (_, address) = await StartHubAsync();
        var (root, rootId) = await StartNodeAsync(address, "--topology", "tree", "--name", "root", "--status", "127.0.0.1:0");
        var (_, childId) = await StartNodeAsync(address, "--topology", "tree");

        var all = await UntilAsync(await PageOfAsync(root), [rootId, childId]);

        Assert.Equal("tree", all.GetProperty("topology").GetString());
        Assert.Equal("root", all.GetProperty("origin").GetProperty("name").GetString());
        Assert.Equal(rootId, all.GetProperty("members").EnumerateArray().Single(member => member.GetProperty("id").GetString() == childId).GetProperty("above").GetString());
    }

    [Fact]
    public async Task A_demo_shows_its_network_until_its_time_is_over()
    {
        var demo = Start("demo", "--json", "--nodes", "12", "--status", "--duration", "25s");
        var page = await PageOfAsync(demo);

        var all = JsonDocument.Parse(await _http.GetStringAsync(new Uri(page, "status.json"))).RootElement;
        var html = await _http.GetStringAsync(page);
        var ended = await demo.EndAsync();

        Assert.InRange(all.GetProperty("memberCount").GetInt32(), 1, 15);
        Assert.Contains("<title>Overlay</title>", html, StringComparison.Ordinal);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_command_with_the_cure()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var place = $"127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        var ended = await RunAsync("hub", "--json", "--port", "0", "--data", Folder("hub"), "--status", place);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains($"--status: {place} is in use", ended.Errors, StringComparison.Ordinal);
    }

    private static async Task<Uri> PageOfAsync(OverlayProcess process) => new((await process.NextAsync("status")).GetProperty("uri").GetString()!);

    /// <summary>Reads the page's JSON until exactly these members are in it.</summary>
    private async Task<JsonElement> UntilAsync(Uri page, IEnumerable<string> ids)
    {
        var wanted = ids.Order(StringComparer.Ordinal).ToList();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(OverlayProcess.Patience);
        while (true)
        {
            var all = JsonDocument.Parse(await _http.GetStringAsync(new Uri(page, "status.json"), limit.Token)).RootElement;
            if (all.GetProperty("members").EnumerateArray().Select(static member => member.GetProperty("id").GetString()!).SequenceEqual(wanted, StringComparer.Ordinal))
            {
                return all;
            }

            await Task.Delay(200, limit.Token);
        }
    }
}
