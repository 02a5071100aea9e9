using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Overlay.Cli.Tests;

/// <summary><c>overlay node</c> as a worker: its settings, its service manager, its health, its secrets.</summary>
public sealed class WorkerTests : CommandTest
{
    private const string Secret = "MARKER-of-a-secret";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Each says who it is; the one that goes before the others is believed.
    [Fact]
    public async Task What_is_said_later_goes_before_what_is_said_earlier()
    {
        var (_, hub) = await StartHubAsync();
        var file = Folder("node.json");
        await File.WriteAllTextAsync(file, $$"""
            {
              // A comment, and a comma too many.
              "Overlay": { "Node": { "Hubs": ["ws://127.0.0.1:1", "{{hub}}"], "Name": "file", "Listen": "127.0.0.1", } },
            }
            """, Cancelled);

        var fromFile = await JoinAsync([], "--settings", file);
        var fromEnvironment = await JoinAsync(["Overlay__Node__Name=environment", $"Overlay__Node__Hubs__0={hub}"], "--settings", file);
        var fromSet = await JoinAsync(["Overlay__Node__Name=environment"], "--settings", file, "--set", "Overlay:Node:Name=set");
        var fromOption = await JoinAsync(["Overlay__Node__Name=environment"], "--settings", file, "--set", "Overlay:Node:Name=set", "--name", "option", "--hub", hub);

        Assert.Equal(["file", "environment", "set", "option"], [fromFile, fromEnvironment, fromSet, fromOption]);
    }

    [Theory]
    [InlineData("Overlay__Node__Port=70000", "Overlay:Node:Port: 70000", "0 … 65534")]
    [InlineData("Overlay__Node__Protocol__MaxLinks=few", "Overlay:Node:Protocol:MaxLinks: 'few'", "12 … 1024")]
    [InlineData("Overlay__Node__Protokoll__MaxLinks=64", "Overlay:Node:Protokoll: there is no such option", "Protocol")]
    [InlineData("Overlay__Worker__ShutdownTimeout=01:00:00", "Overlay:Worker:ShutdownTimeout: 01:00:00", "00:00:01 … 00:10:00")]
    [InlineData("Overlay__Worker__Status=8090", "Overlay:Worker:Status: '8090'", "ADDRESS:PORT")]
    [InlineData("Overlay__Worker__Introduce__Listen=0.0.0.0:5001", "Overlay:Worker:Introduce:Listen", "Tokens")]
    [InlineData("Overlay__Otlp__Protocol=udp", "Overlay:Otlp:Protocol: 'udp'", "grpc")]
    [InlineData("Overlay__Health__Probes=0", "Overlay:Health:Probes: 0", "1 … 5")]
    public async Task A_wrong_setting_is_told_with_key_value_and_range_and_nothing_is_started(string variable, params string[] mentions)
    {
        var ended = await OverlayProcess.RunInAsync(["env", variable], State, "node", "--json", "--hub", "ws://127.0.0.1:1");

        AssertFailed(ended, 2, mentions);
        Assert.Equal("BadConfiguration", ended.OnlyJson.GetProperty("reason").GetString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(State));
    }

    [Fact]
    public async Task A_file_of_settings_that_is_not_there_or_no_json_is_told()
    {
        await File.WriteAllTextAsync(Folder("broken.json"), "{ \"Overlay\": ", Cancelled);

        AssertFailed(await RunAsync("node", "--json", "--settings", Folder("nowhere.json")), 2, "nowhere.json");
        AssertFailed(await RunAsync("node", "--json", "--settings", Folder("broken.json")), 2, "broken.json");
    }

    [Fact]
    public async Task A_changed_file_reaches_the_running_node_and_what_cannot_change_is_warned_of()
    {
        var (_, hub) = await StartHubAsync();
        var file = Folder("node.json");
        await File.WriteAllTextAsync(file, "{}", Cancelled);
        var (node, _) = await StartNodeAsync(hub, "--settings", file, "--set", "Logging:LogLevel:Overlay=Information");

        await File.WriteAllTextAsync(file, """{ "Overlay": { "Node": { "Telemetry": { "RemoteSpansPerSecond": 7 }, "Protocol": { "MaxLinks": 64 } } } }""", Cancelled);
        await node.UntilLoggedAsync("Overlay:Node:Telemetry:RemoteSpansPerSecond was changed and is 7 from now on");
        await node.UntilLoggedAsync("Overlay:Node:Protocol:MaxLinks was changed, and cannot change while the node runs");
        await File.WriteAllTextAsync(file, "{ half", Cancelled);
        await node.UntilLoggedAsync("The settings in node.json cannot be read and are left aside");
        node.Signal(OverlayProcess.Terminate);

        Assert.Equal(0, (await node.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_service_manager_hears_when_the_node_is_a_member_and_when_it_leaves()
    {
        var (_, hub) = await StartHubAsync();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(Folder("notify")));

        var node = StartIn(["env", $"NOTIFY_SOCKET={Folder("notify")}", "WATCHDOG_USEC=1000000"], "node", "--json", "--hub", hub, "--listen", "127.0.0.1");
        var heard = new List<string>();
        while (!heard.Contains("WATCHDOG=1", StringComparer.Ordinal))
        {
            heard.Add(await ReceiveAsync(manager));
        }

        var id = (await node.NextAsync("joined")).GetProperty("id").GetString()!;
        node.Signal(OverlayProcess.Terminate);
        while (!heard[^1].StartsWith("STOPPING=1", StringComparison.Ordinal))
        {
            heard.Add(await ReceiveAsync(manager));
        }

        Assert.Equal(0, (await node.EndAsync()).ExitCode);
        Assert.Equal(["STATUS=joining the network", $"READY=1\nSTATUS={id}: member, 0 links"], heard.Take(2));
    }

    [Fact]
    public async Task Health_is_served_beside_the_status_page()
    {
        var (_, hub) = await StartHubAsync();
        await StartNodeAsync(hub);
        var (node, id) = await StartNodeAsync(hub, "--status", ":0");
        var page = new Uri((await node.NextAsync("status")).GetProperty("uri").GetString()!);
        using var client = new HttpClient();

        using var live = await client.GetAsync(new Uri(page, "/health/live"), Cancelled);
        using var ready = await client.GetAsync(new Uri(page, "/health/ready"), Cancelled);
        var found = JsonDocument.Parse(await ready.Content.ReadAsStringAsync(Cancelled)).RootElement;

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (live.StatusCode, ready.StatusCode));
        Assert.Equal("healthy", found.GetProperty("status").GetString());
        Assert.Equal(id, found.GetProperty("checks")[0].GetProperty("id").GetString());
    }

    // The secrets come as a service's do: one as a credential, the others from the environment. Everything is logged, and nothing of them may be seen.
    [Fact]
    public async Task Secrets_are_in_no_output_of_hub_and_nodes()
    {
        var credentials = Directory.CreateDirectory(Folder("credentials")).FullName;
        await File.WriteAllTextAsync(Path.Combine(credentials, "Overlay__Node__Token"), $"{Secret}-token\n", Cancelled);
        var (hub, uri) = await StartHubAsync(0, "hub", "--token", $"{Secret}-token", "--root-secret", $"{Secret}-root");
        string[] place =
        [
            "env", $"CREDENTIALS_DIRECTORY={credentials}", $"Overlay__Node__RootSecret={Secret}-root", "Overlay__Node__Protocol__Topology=Tree", "Logging__LogLevel__Default=Trace",
            "Overlay__Worker__Introduce__Listen=:" + FreePort(), $"Overlay__Worker__Introduce__Tokens__0={Secret}-introduce", $"OTEL_EXPORTER_OTLP_HEADERS=api-key={Secret}-header",
        ];

        var node = StartIn(place, "node", "--json", "--hub", uri, "--listen", "127.0.0.1", "--status", ":0", "--data", Folder("node"));
        var id = (await node.NextAsync("joined")).GetProperty("id").GetString()!;
        var page = new Uri((await node.NextAsync("status")).GetProperty("uri").GetString()!);
        using var client = new HttpClient();
        var answers = new StringBuilder();
        foreach (var path in (string[])["/health/live", "/health/ready", "/status.json", "/"])
        {
            using var response = await client.GetAsync(new Uri(page, path), Cancelled);
            answers.Append(await response.Content.ReadAsStringAsync(Cancelled));
        }

        var wrong = await OverlayProcess.RunInAsync([.. place, $"Overlay__Node__Port={-1}"], State, "node", "--json", "--hub", uri);
        var refused = await OverlayProcess.RunInAsync(["env", $"Overlay__Node__Token={Secret}-wrong", "Logging__LogLevel__Default=Trace"], State, "node", "--json", "--hub", uri);
        var explained = await RunAsync("explain", "--json", "--hub", uri, "--listen", "127.0.0.1", "--token", $"{Secret}-token", id);
        node.Signal(OverlayProcess.Terminate);
        hub.Signal(OverlayProcess.Terminate);

        Assert.Equal((2, 1, 0), (wrong.ExitCode, refused.ExitCode, explained.ExitCode));
        foreach (var ended in (Ended[])[await node.EndAsync(), await hub.EndAsync(), wrong, refused, explained])
        {
            Assert.DoesNotContain(Secret, ended.Output + ended.Errors, StringComparison.Ordinal);
        }

        Assert.Contains("overlay-ready", answers.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, answers.ToString(), StringComparison.Ordinal);
    }

    private async Task<string> JoinAsync(string[] environment, params string[] arguments)
    {
        var node = StartIn(environment.Length == 0 ? [] : ["env", .. environment], ["node", "--json", .. arguments]);
        var joined = await node.NextAsync("joined");
        node.Signal(OverlayProcess.Terminate);
        Assert.Equal((0, ""), ((await node.EndAsync()).ExitCode, (await node.EndAsync()).Errors));
        return joined.GetProperty("name").GetString()!;
    }

    private static async Task<string> ReceiveAsync(Socket manager)
    {
        var buffer = new byte[4096];
        var length = await manager.ReceiveAsync(buffer, SocketFlags.None, Cancelled).AsTask().WaitAsync(OverlayProcess.Patience, Cancelled);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
