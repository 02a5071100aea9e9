using System.Text.Json;

namespace Overlay.Cli.Tests;

/// <summary>Hub and nodes as people run them: each in its own process, talked to by stdin, stdout and signals.</summary>
public sealed class ProcessesTests : CommandTest
{
    [Fact]
    public async Task A_hub_and_three_nodes_send_by_id_and_by_name_and_show_their_tables()
    {
        var (_, hub) = await StartHubAsync();
        var (alice, aliceId) = await StartNodeAsync(hub, "--name", "alice");
        var (bob, bobId) = await StartNodeAsync(hub, "--name", "bob");
        var (_, carolId) = await StartNodeAsync(hub);

        var byId = await RunAsync("send", "--json", "--hub", hub, aliceId, "by id");
        var byName = await RunAsync("send", "--json", "--hub", hub, "alice", "by name: grüße ✓");
        var peers = await RunAsync("peers", "--json", "--hub", hub, "bob");

        foreach (var sent in (Ended[])[byId, byName])
        {
            Assert.Equal((0, ""), (sent.ExitCode, sent.Errors));
            Assert.Equal("sent", sent.OnlyJson.GetProperty("type").GetString());
            Assert.Equal(aliceId, sent.OnlyJson.GetProperty("to").GetString());
            Assert.True(sent.OnlyJson.GetProperty("delivered").GetBoolean());
            Assert.InRange(sent.OnlyJson.GetProperty("hops").GetInt32(), 1, 4);
            Assert.Equal(aliceId, Ids(sent.OnlyJson.GetProperty("route"))[^1]);
            Assert.InRange(sent.OnlyJson.GetProperty("ms").GetDouble(), 0, 60_000);
        }

        Assert.Equal("by id", (await alice.NextAsync("message")).GetProperty("text").GetString());
        Assert.Equal("by name: grüße ✓", (await alice.NextAsync("message")).GetProperty("text").GetString());
        Assert.Equal(0, peers.ExitCode);
        Assert.Equal(bobId, peers.OnlyJson.GetProperty("id").GetString());
        Assert.Equal("founding", peers.OnlyJson.GetProperty("phase").GetString());
        Assert.Equal([.. new[] { aliceId, carolId }.Order()], Ids(peers.OnlyJson.GetProperty("successors")).Order());
        Assert.Contains(peers.OnlyJson.GetProperty("predecessor").GetString(), (string[])[aliceId, carolId]);
        Assert.Equal(2, peers.OnlyJson.GetProperty("links").EnumerateArray().Count(link => link.GetProperty("phase").GetString() == "open"));

        await bob.WriteAsync("alice over stdin");
        var line = await bob.NextAsync("sent");
        var message = await alice.NextAsync("message");
        Assert.Equal((aliceId, true), (line.GetProperty("id").GetString(), line.GetProperty("delivered").GetBoolean()));
        Assert.Equal((bobId, "over stdin", 1), (message.GetProperty("from").GetString(), message.GetProperty("text").GetString(), message.GetProperty("hops").GetInt32()));
    }

    [Theory]
    [InlineData(OverlayProcess.Interrupt, 130)]
    [InlineData(OverlayProcess.Terminate, 0)]
    public async Task A_signal_ends_a_node_gracefully(int signal, int exitCode)
    {
        var (_, hub) = await StartHubAsync();
        var (alice, _) = await StartNodeAsync(hub);
        var (bob, bobId) = await StartNodeAsync(hub);

        bob.Signal(signal);
        var left = await bob.NextAsync("left");
        var ended = await bob.EndAsync();
        await alice.WriteAsync($"{bobId} gone?");
        var sent = await alice.NextAsync("sent");

        Assert.Equal((bobId, true), (left.GetProperty("id").GetString(), left.GetProperty("neighboursKnew").GetBoolean()));
        Assert.Equal((exitCode, ""), (ended.ExitCode, ended.Errors));
        Assert.Equal((false, "Unreachable"), (sent.GetProperty("delivered").GetBoolean(), sent.GetProperty("reason").GetString()));
    }

    [Theory]
    [InlineData(OverlayProcess.Interrupt, 130)]
    [InlineData(OverlayProcess.Terminate, 0)]
    public async Task A_signal_ends_a_hub_gracefully(int signal, int exitCode)
    {
        var (hub, _) = await StartHubAsync();

        hub.Signal(signal);
        await hub.NextAsync("stopped");

        Assert.Equal((exitCode, ""), ((await hub.EndAsync()).ExitCode, (await hub.EndAsync()).Errors));
    }

    [Fact]
    public async Task A_node_without_stdin_goes_on()
    {
        var (_, hub) = await StartHubAsync();
        var (alice, aliceId) = await StartNodeAsync(hub);

        alice.CloseInput();
        var sent = await RunAsync("send", "--json", "--hub", hub, aliceId, "hello");

        Assert.Equal(0, sent.ExitCode);
        Assert.Equal("hello", (await alice.NextAsync("message")).GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_named_node_that_comes_back_has_its_id_and_its_name()
    {
        var (_, hub) = await StartHubAsync();
        await StartNodeAsync(hub);
        var (first, id) = await StartNodeAsync(hub, "--name", "alice");
        first.Signal(OverlayProcess.Terminate);
        await first.EndAsync();

        var (second, again) = await StartNodeAsync(hub, "--name", "alice");
        var sent = await RunAsync("send", "--json", "--hub", hub, "alice", "welcome back");

        Assert.Equal(id, again);
        Assert.Equal(0, sent.ExitCode);
        Assert.Equal("welcome back", (await second.NextAsync("message")).GetProperty("text").GetString());
    }

    // For people: no JSON, one line each.
    [Fact]
    public async Task Without_json_people_read_sentences()
    {
        var (_, hub) = await StartHubAsync();
        var (_, id) = await StartNodeAsync(hub, "--name", "alice");

        var sent = await RunAsync("send", "--hub", hub, "alice", "hello");
        var peers = await RunAsync("peers", "--hub", hub, id);

        Assert.Equal((0, 0), (sent.ExitCode, peers.ExitCode));
        Assert.Matches($"^delivered to {id} in [0-9.]+ ms over [0-9]+ hops?: .*{id}$", Assert.Single(sent.Lines));
        Assert.Contains(id, peers.Output, StringComparison.Ordinal);
        Assert.Contains("predecessor", peers.Output, StringComparison.Ordinal);
    }

    private static string[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetString()!)];
}
