using System.Globalization;

namespace Overlay.Cli.Tests;

/// <summary>Members that introduce newcomers when no hub is left, in processes of their own on real links.</summary>
public sealed class IntroducingTests : CommandTest
{
    [SlowFact]
    public async Task Without_a_hub_newcomers_enter_through_members_and_a_member_comes_back_as_who_it_was()
    {
        var (hub, uri) = await StartHubAsync();
        var (alice, _) = await StartNodeAsync(uri, "--name", "alice");
        var (first, second) = (FreePort(), FreePort());
        var (bob, _) = await StartNodeAsync(uri, "--name", "bob", "--introduce", $":{first}");
        await bob.NextAsync("introducing");
        var (carol, carolId) = await StartNodeAsync(uri, "--name", "carol", "--introduce", $":{second}", "--data", Folder("carol"));
        Assert.Equal($"ws://127.0.0.1:{second}/", (await carol.NextAsync("introducing")).GetProperty("uri").GetString());
        await hub.KillAsync();

        var (dave, daveId) = await StartNodeAsync($"ws://127.0.0.1:{first}", "--name", "dave", "--data", Folder("dave"));
        await SendAsync(alice, "dave", dave);
        await SendAsync(dave, "carol", carol);

        // Back by the seed it remembers, with the id and the right that it had.
        await carol.KillAsync();
        var (again, againId) = await StartNodeAsync(uri, "--name", "carol2", "--introduce", $":{second}", "--data", Folder("carol"));
        Assert.Equal(carolId, againId);
        await again.NextAsync("introducing");
        var (erin, _) = await StartNodeAsync($"ws://127.0.0.1:{second}", "--name", "erin");
        await SendAsync(erin, "alice", alice);

        // One that a member introduced is the same one where another introduces it, and at the hub.
        dave.Signal(OverlayProcess.Terminate);
        await dave.EndAsync();
        await bob.KillAsync();
        (dave, var moved) = await StartNodeAsync($"ws://127.0.0.1:{second}", "--name", "dave2", "--data", Folder("dave"));
        Assert.Equal(daveId, moved);
        await SendAsync(alice, "dave2", dave);
        dave.Signal(OverlayProcess.Terminate);
        await dave.EndAsync();
        _ = await StartHubAsync(new Uri(uri).Port);
        (dave, var home) = await StartNodeAsync(uri, "--name", "dave3", "--data", Folder("dave"));
        Assert.Equal(daveId, home);
        await SendAsync(erin, "dave3", dave);
    }

    [SlowFact]
    public async Task A_hub_that_asks_for_tokens_and_a_port_that_is_taken_are_said_at_the_start()
    {
        var (_, uri) = await StartHubAsync(0, "hub", "--token", "secret");
        var port = FreePort();
        var (taken, _) = await StartNodeAsync(uri, "--token", "secret", "--introduce", $":{port}", "--introduce-token", "other");
        await taken.NextAsync("introducing");

        var second = await RunAsync("node", "--json", "--hub", uri, "--listen", "127.0.0.1", "--token", "secret", "--introduce", $":{port}", "--set", "Logging:LogLevel:Overlay=None"); // The log says so too.
        var without = await RunAsync("node", "--json", "--hub", $"ws://127.0.0.1:{port}", "--listen", "127.0.0.1", "--token", "secret");
        var (_, id) = await StartNodeAsync($"ws://127.0.0.1:{port}", "--token", "other");

        AssertFailed(second, 2, "--introduce", port.ToString(CultureInfo.InvariantCulture));
        AssertFailed(without, 1, "refused", "token");
        Assert.NotEqual("", id);
    }

    /// <summary>Sends by name; tried again while the ring repairs itself, since a message is sent at most once.</summary>
    private static async Task SendAsync(OverlayProcess from, string name, OverlayProcess to)
    {
        var text = $"for {name}";
        for (var attempt = 0; ; attempt++)
        {
            await from.WriteAsync($"{name} {text}");
            var sent = await from.NextAsync("sent");
            if (sent.GetProperty("delivered").GetBoolean())
            {
                break;
            }

            Assert.True(attempt < 20, $"{name} was not reached: {sent}");
            await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        }

        await to.NextAsync("message", message => message.GetProperty("text").GetString() == text);
    }
}
