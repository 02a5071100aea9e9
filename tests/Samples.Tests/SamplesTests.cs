using System.Text.Json;
using Overlay.Hub;

namespace Overlay.Samples.Tests;

/// <summary>Every sample does what its first lines say.</summary>
public sealed class SamplesTests
{
    [Fact]
    public async Task Sockets_echo_over_loopback_and_over_the_network()
    {
        var (exitCode, lines) = await SampleProcess.RunAsync("SocketsAndLoopback");

        Assert.Equal(["loopback: hello, myself", "network: hello, alice"], lines);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task Rest_answers_by_address_and_by_name()
    {
        var (exitCode, lines) = await SampleProcess.RunAsync("RestAndAddresses");

        Assert.Equal(["hello world", """{"id":"7","asked":"bob"}""", "BY NAME", "404 not found"], lines);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task A_query_over_the_network_prints_the_users_of_the_role_in_order()
    {
        var (exitCode, lines) = await SampleProcess.RunAsync("DatabaseQuery");

        Assert.Equal(["alice", "bob", "dave"], lines);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task Everybody_hears_what_is_said_and_one_what_is_whispered()
    {
        await using var hub = await StartHubAsync();
        await using var alice = SampleProcess.Start("Chat", "alice", hub.Uri.ToString());
        await alice.HearAsync("you are alice");
        await using var bob = SampleProcess.Start("Chat", "bob", hub.Uri.ToString());
        await bob.HearAsync("you are bob");

        bob.Say("hello everybody");
        await alice.HearAsync("bob: hello everybody");
        alice.Say("@bob hush");
        await bob.HearAsync("alice (to you): hush");
        bob.Say("@nobody hello");
        await bob.HearAsync("not said: ");

        Assert.Equal(0, (await alice.EndAsync()).ExitCode);
        Assert.Equal(0, (await bob.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_shared_folder_is_listed_and_its_files_are_fetched_and_no_others()
    {
        var folder = Directory.CreateTempSubdirectory("overlay-samples-");
        try
        {
            var (shared, here) = (folder.CreateSubdirectory("shared"), folder.CreateSubdirectory("here"));
            var bytes = new byte[3_000_000];
            new Random(1).NextBytes(bytes);
            await File.WriteAllBytesAsync(Path.Combine(shared.FullName, "song one.ogg"), bytes, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "secret"), "secret", TestContext.Current.CancellationToken);
            await using var hub = await StartHubAsync();
            await using var sharing = SampleProcess.Start("FileShare", "share", hub.Uri.ToString(), "alice", shared.FullName);
            await sharing.HearAsync("sharing");

            var listed = await SampleProcess.RunAsync("FileShare", "list", hub.Uri.ToString(), "alice");
            await using var getting = SampleProcess.StartIn(here.FullName, "FileShare", "get", hub.Uri.ToString(), "alice", "song one.ogg");
            var got = await getting.EndAsync();
            var outside = await SampleProcess.RunAsync("FileShare", "get", hub.Uri.ToString(), "alice", "../secret");

            Assert.Equal(["song one.ogg"], listed.Lines);
            Assert.Equal(["song one.ogg: 3,000,000 bytes"], got.Lines);
            Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(here.FullName, "song one.ogg"), TestContext.Current.CancellationToken));
            Assert.Equal(1, outside.ExitCode);
            Assert.StartsWith("! 404", Assert.Single(outside.Lines), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_probe_finds_everything_at_a_SmokeCompat_that_serves()
    {
        await using var hub = await StartHubAsync();
        await using var serving = SampleProcess.Start("SmokeCompat", "serve", "--hub", hub.Uri.ToString());
        var address = JsonDocument.Parse(await serving.HearAsync("address")).RootElement.GetProperty("address").GetString()!;

        var (exitCode, lines) = await SampleProcess.RunAsync("SmokeCompat", "probe", "--hub", hub.Uri.ToString(), address);
        var results = JsonDocument.Parse(Assert.Single(lines)).RootElement;

        Assert.Equal(
            ["text", "json", "echo", "rows", "missing", "refused", "socket5", "socket100000", "socket1000000"],
            results.EnumerateObject().Select(result => result.Name));
        Assert.All(results.EnumerateObject(), result => Assert.True(result.Value.GetProperty("ok").GetBoolean(), result.ToString()));
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task A_probe_of_nobody_says_so_of_every_check_and_bad_usage_is_told()
    {
        await using var hub = await StartHubAsync();

        var nobody = await SampleProcess.RunAsync("SmokeCompat", "probe", "--hub", hub.Uri.ToString(), "0.0.0.99");
        var usage = await SampleProcess.RunAsync("SmokeCompat", "probe");

        Assert.Equal(1, nobody.ExitCode);
        Assert.Contains("no page 0.0.0.99", JsonDocument.Parse(nobody.Lines[0]).RootElement.GetProperty("text").GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, usage.ExitCode);
    }

    private static Task<HubServer> StartHubAsync() => HubServer.StartAsync(new HubOptions { Port = 0 }, TestContext.Current.CancellationToken);
}
