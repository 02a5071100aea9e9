using System.Text.Json;

namespace Overlay.Cli.Tests;

/// <summary><c>overlay explain</c>, <c>trace</c> and <c>top</c> against hub and nodes in processes of their own.</summary>
public sealed class ExplainTests : CommandTest
{
    [Theory]
    [InlineData("ring")]
    [InlineData("tree")]
    public async Task A_living_node_is_explained_and_one_killed_with_SIGKILL_and_one_that_left_are_told_apart(string topology)
    {
        string[] more = topology == "tree" ? ["--topology", "tree", "--degree", "2"] : [];
        var (_, hub) = await StartHubAsync();
        var nodes = new List<(OverlayProcess Process, string Id)>();
        for (var i = 0; i < 5; i++)
        {
            nodes.Add(await StartNodeAsync(hub, ["--name", $"node{i}", .. more]));
        }

        var reached = await RunAsync("explain", "--json", "--hub", hub, "--degree", "2", "--listen", "127.0.0.1", "node3");
        var traced = await RunAsync("trace", "--json", "--hub", hub, nodes[2].Id);
        await nodes[1].Process.KillAsync();
        var died = await UntilAsync("died", hub, nodes[1].Id);
        nodes[4].Process.Signal(OverlayProcess.Terminate);
        await nodes[4].Process.EndAsync();
        var left = await UntilAsync("left", hub, nodes[4].Id);

        AssertReached(reached, nodes[3].Id);
        AssertTraced(traced, nodes[2].Id);
        var survivors = nodes.Where((_, i) => i != 1).Select(node => node.Id).ToArray();
        Assert.Contains(died.GetProperty("witness").GetString(), survivors);
        Assert.InRange(died.GetProperty("departed").GetProperty("unansweredProbes").GetInt32(), 1, 255);
        Assert.InRange(died.GetProperty("departed").GetProperty("secondsAgo").GetDouble(), 0, 120);
        Assert.Matches($"^{nodes[1].Id} is dead: its neighbour [0-9a-f]{{12}} declared it so (just now|[0-9]+ s ago) after [0-9]+ unanswered probes?", FirstSentence(died));
        Assert.Matches($"^{nodes[4].Id} has left: it said good-bye to its neighbour [0-9a-f]{{12}} ", FirstSentence(left));
    }

    [Fact]
    public async Task The_table_of_members_has_every_member_once_with_its_links_and_rates()
    {
        var (_, hub) = await StartHubAsync();
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            ids.Add((await StartNodeAsync(hub)).Id);
        }

        var top = (await RunAsync("top", "--once", "--json", "--interval", "500ms", "--sort", "links", "--hub", hub)).OnlyJson;
        var text = await RunAsync("top", "--once", "--interval", "500ms", "--hub", hub);

        var rows = top.GetProperty("nodes").EnumerateArray().ToArray();
        Assert.Equal(ids.Order(StringComparer.Ordinal), rows.Select(row => row.GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal((4, 0), (top.GetProperty("members").GetInt32(), top.GetProperty("unanswered").GetInt32()));
        Assert.All(rows, row => Assert.InRange(row.GetProperty("links").GetInt32(), 1, 48));
        Assert.All(rows, row => Assert.InRange(row.GetProperty("bytesPerSecond").GetDouble(), 0, 1e9));
        Assert.Equal(rows.Select(row => -row.GetProperty("links").GetInt32()).Order(), rows.Select(row => -row.GetProperty("links").GetInt32()));
        Assert.Equal((0, ""), (text.ExitCode, text.Errors));
        Assert.All(ids, id => Assert.Contains(id, text.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_table_that_is_refreshed_ends_with_a_signal()
    {
        var (_, hub) = await StartHubAsync();
        await StartNodeAsync(hub);

        var top = Start("top", "--json", "--interval", "500ms", "--hub", hub);
        await top.NextAsync("top");
        await top.NextAsync("top");
        top.Signal(OverlayProcess.Interrupt);

        Assert.Equal((130, ""), ((await top.EndAsync()).ExitCode, (await top.EndAsync()).Errors));
    }

    [Fact]
    public async Task People_read_sentences_a_waterfall_and_what_is_wrong()
    {
        var (_, hub) = await StartHubAsync();
        var (_, id) = await StartNodeAsync(hub, "--name", "alice");
        await StartNodeAsync(hub);

        var explained = await RunAsync("explain", "--no-channel", "--hub", hub, "alice");
        var traced = await RunAsync("trace", "--hub", hub, "alice");
        var nobody = await RunAsync("explain", "--no-channel", "--hub", hub, "0123456789ab");
        var unnamed = await RunAsync("explain", "--json", "--hub", hub, "bob");

        Assert.Equal((0, ""), (explained.ExitCode, explained.Errors));
        Assert.Matches($"^{id} answers [0-9.]+ ms after it was asked: [0-9]+ links? there, [0-9]+ links? back\\.$", explained.Lines[0]);
        Assert.Equal((0, ""), (traced.ExitCode, traced.Errors));
        Assert.Contains(traced.Lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, "^trace id [0-9a-f]{32}$"));
        Assert.Contains("█", traced.Output, StringComparison.Ordinal);
        Assert.Equal(1, nobody.ExitCode);
        Assert.StartsWith("No node has the id 0123456789ab, and none of 2 members asked has lost such a neighbour", nobody.Lines[0], StringComparison.Ordinal);
        Assert.Equal((1, "NameUnknown"), (unnamed.ExitCode, unnamed.OnlyJson.GetProperty("reason").GetString()));
    }

    private static void AssertReached(Ended explained, string id)
    {
        Assert.True(explained.ExitCode == 0, explained.Errors);
        var json = explained.OnlyJson;
        Assert.Equal((id, "reached", "node3"), (json.GetProperty("id").GetString(), json.GetProperty("finding").GetString(), json.GetProperty("name").GetString()));
        var there = json.GetProperty("route").GetProperty("out").EnumerateArray().ToArray();
        Assert.Equal(("hub", id), (there[0].GetProperty("decision").GetString(), there[^1].GetProperty("id").GetString()));
        Assert.All(there.Skip(1), hop => Assert.InRange(hop.GetProperty("heldMs").GetDouble(), 0, 60_000));
        Assert.All(there.Skip(1).SkipLast(1), hop => Assert.Equal(("direct", "host/host"), (hop.GetProperty("link").GetProperty("way").GetString(), hop.GetProperty("link").GetProperty("pair").GetString())));
        Assert.Contains(json.GetProperty("target").GetProperty("quotas").EnumerateArray(), quota => quota.GetProperty("kind").GetString() == "links");
        var channel = json.GetProperty("channel");
        Assert.True(channel.GetProperty("way").GetString() == "direct", json.ToString());
        Assert.Contains(channel.GetProperty("pairs").EnumerateArray(), pair => pair.GetProperty("outcome").GetString() == "selected");
    }

    private static void AssertTraced(Ended traced, string id)
    {
        Assert.True(traced.ExitCode == 0, traced.Errors);
        var json = traced.OnlyJson;
        Assert.Matches("^[0-9a-f]{32}$", json.GetProperty("traceId").GetString()!);
        Assert.True(json.GetProperty("route").GetProperty("reached").GetBoolean());
        var bars = json.GetProperty("bars").EnumerateArray().ToArray();
        Assert.Contains(bars, bar => bar.GetProperty("from").GetString() == id && !bar.TryGetProperty("to", out _)); // Held by the target.
        Assert.Equal(bars.Select(bar => bar.GetProperty("startMs").GetDouble()).Order(), bars.Select(bar => bar.GetProperty("startMs").GetDouble()));
    }

    /// <summary>Explains until it is found out: a death takes its neighbours about three seconds.</summary>
    private async Task<JsonElement> UntilAsync(string finding, string hub, string id)
    {
        var last = default(Ended);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            last = await RunAsync("explain", "--json", "--no-channel", "--hub", hub, id);
            if (last.ExitCode == 1 && last.Lines is [_] && last.OnlyJson.TryGetProperty("finding", out var found) && found.GetString() == finding)
            {
                return last.OnlyJson;
            }
        }

        throw new InvalidOperationException($"Never '{finding}': {last?.Output} {last?.Errors}");
    }

    private static string FirstSentence(JsonElement explanation) => explanation.GetProperty("why")[0].GetString()!;
}
