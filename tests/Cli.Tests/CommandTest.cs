using System.Net;
using System.Net.Sockets;

namespace Overlay.Cli.Tests;

/// <summary>What tests of the command share: a state folder of their own, and processes that end with the test.</summary>
public abstract class CommandTest : IAsyncLifetime
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("overlay-");
    private readonly List<OverlayProcess> _processes = [];

    private protected string State => _state.FullName;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        _state.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A directory below the state folder.</summary>
    private protected string Folder(string name) => Path.Combine(State, name);

    private protected Task<Ended> RunAsync(params IEnumerable<string> arguments) => OverlayProcess.RunAsync(State, arguments);

    private protected OverlayProcess Start(params IEnumerable<string> arguments)
    {
        var process = OverlayProcess.Start(State, arguments);
        _processes.Add(process);
        return process;
    }

    /// <summary>Starts a hub and waits until it listens.</summary>
    private protected async Task<(OverlayProcess Process, string Uri)> StartHubAsync(int port = 0, string data = "hub", params IEnumerable<string> more)
    {
        var hub = Start([.. (string[])["hub", "--json", "--port", $"{port}", "--data", Folder(data)], .. more]);
        var listening = await hub.NextAsync("listening");
        return (hub, listening.GetProperty("uri").GetString()!);
    }

    /// <summary>Starts a node and waits until it is in the ring.</summary>
    private protected async Task<(OverlayProcess Process, string Id)> StartNodeAsync(string hub, params IEnumerable<string> more)
    {
        var node = Start([.. (string[])["node", "--json", "--hub", hub, "--listen", "127.0.0.1"], .. more]);
        var joined = await node.NextAsync("joined");
        return (node, joined.GetProperty("id").GetString()!);
    }

    /// <summary>A loopback port where nobody listens.</summary>
    private protected static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>A bad input: the exit code, and a message that names cause and cure on the error stream, and as an object under --json.</summary>
    private protected static void AssertFailed(Ended ended, int exitCode, params string[] mentions)
    {
        Assert.True(ended.ExitCode == exitCode, $"exit code {ended.ExitCode} instead of {exitCode}\n{ended.Output}\n{ended.Errors}");
        Assert.StartsWith("overlay: ", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
        Assert.All(mentions, mention => Assert.Contains(mention, ended.Errors, StringComparison.Ordinal));
        if (ended.Lines.Count > 0)
        {
            var error = OverlayProcess.Json(ended.Lines[^1]);
            Assert.Equal("error", error.GetProperty("type").GetString());
            Assert.All(mentions, mention => Assert.Contains(mention, error.GetProperty("message").GetString()!, StringComparison.Ordinal));
        }
    }
}
