using System.Globalization;

namespace Overlay.Cli.Tests;

/// <summary>A hub that comes back to a network whose members never saw it, in processes of their own on real links.</summary>
public sealed class ReturningHubTests : CommandTest
{
    [SlowTheory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")] // Such a hub cannot say where it is: the member that introduced them says it.
    public async Task Members_who_came_by_an_introducer_become_the_gateways_of_the_hub_when_it_is_back(string listen)
    {
        string[] place = listen == "0.0.0.0" ? ["--listen", listen, "--open"] : ["--listen", listen];
        var (hub, uri) = await StartHubAsync(0, "hub", place);
        var port = FreePort();
        var (alice, _) = await StartNodeAsync(uri, "--name", "alice", "--introduce", $":{port}");
        await alice.NextAsync("introducing");
        await hub.KillAsync();
        var only = string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{port}/");
        var bob = await StartNodeAsync(only, "--name", "bob", "--data", Folder("bob"));
        var carol = await StartNodeAsync(only, "--name", "carol");
        var dave = await StartNodeAsync(only, "--name", "dave");
        await alice.KillAsync(); // The last one that had the hub in its list.
        await ExchangeAsync([bob, carol, dave], "without");

        _ = await StartHubAsync(new Uri(uri).Port, "hub", place);
        var erin = await StartNodeAsync(uri, "--name", "erin"); // It knows nothing but the hub.

        await ExchangeAsync([bob, carol, dave, erin], "one ring");
        var memory = await File.ReadAllTextAsync(Path.Combine(Folder("bob"), "memory"), TestContext.Current.CancellationToken);
        Assert.Contains("\nhub ", memory, StringComparison.Ordinal);
    }
}
