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

    private protected OverlayProcess Start(params IEnumerable<string> arguments) => StartIn([], arguments);

    /// <summary>Starts a process in another place; it ends with the test.</summary>
    private protected OverlayProcess StartIn(IReadOnlyList<string> place, params IEnumerable<string> arguments)
    {
        var process = OverlayProcess.StartIn(place, State, arguments);
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

    /// <summary>Every node sends to the next one, by id; tried again while the ring repairs itself, since a message is sent at most once.</summary>
    private protected static async Task ExchangeAsync(List<(OverlayProcess Process, string Id)> nodes, string text)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            var (from, to) = (nodes[i], nodes[(i + 1) % nodes.Count]);
            var isDelivered = false;
            for (var attempt = 0; attempt < 5 && !isDelivered; attempt++)
            {
                await from.Process.WriteAsync($"{to.Id} {text} {i} {attempt}");
                var sent = await from.Process.NextAsync("sent");
                isDelivered = sent.GetProperty("delivered").GetBoolean();
            }

            Assert.True(isDelivered, $"{text}: {from.Id} → {to.Id}");
            await to.Process.NextAsync("message", message => message.GetProperty("text").GetString()!.StartsWith($"{text} {i} ", StringComparison.Ordinal));
        }
    }

    /// <summary>Asks each node for its tables, from a place and through a hub, until every successor is the next node and every predecessor the one before.</summary>
    private protected async Task UntilRingAsync(IReadOnlyList<string> place, string hub, List<(OverlayProcess Process, string Id)> nodes)
    {
        var ring = nodes.Select(node => node.Id).Order(StringComparer.Ordinal).ToList();
        for (var i = 0; i < ring.Count; i++)
        {
            var wanted = (ring[(i + 1) % ring.Count], ring[(i + ring.Count - 1) % ring.Count]);
            var found = ("", "");
            for (var attempt = 0; attempt < 30 && found != wanted; attempt++)
            {
                var peers = await OverlayProcess.RunInAsync(place, State, "peers", "--json", "--hub", hub, ring[i]);
                Assert.True(peers.ExitCode == 0 || attempt < 29, peers.Errors);
                if (peers.ExitCode == 0)
                {
                    var tables = peers.OnlyJson;
                    var successors = tables.GetProperty("successors").EnumerateArray().Select(successor => successor.GetString()!).ToList();
                    found = (successors.FirstOrDefault(""), tables.TryGetProperty("predecessor", out var predecessor) ? predecessor.GetString() ?? "" : "");
                }
            }

            Assert.Equal(wanted, found);
        }
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
