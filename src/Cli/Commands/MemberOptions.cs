using System.CommandLine;
using System.Diagnostics;
using Overlay.Cli.Output;
using Overlay.Nodes;
using Overlay.Nodes.Bridging;

namespace Overlay.Cli.Commands;

/// <summary>The options of commands that run a member and something on it: where it joins, and as whom.</summary>
internal sealed class MemberOptions
{
    private readonly Option<string[]> _hubs = CommonOptions.Hubs();
    private readonly Option<string?> _name;
    private readonly Option<string?> _data = CommonOptions.Data();
    private readonly Option<string?> _listen = CommonOptions.Listen();
    private readonly Option<int> _port = CommonOptions.Port("--udp-port", 0, "The node's UDP port; 0 takes any free one.");
    private readonly Option<string?> _token = new("--token") { Description = "The join token, where the hub asks for one." };
    private readonly Option<TimeSpan> _timeout = CommonOptions.Timeout(60);
    private readonly Option<Topology> _topology = CommonOptions.Topology();
    private readonly Option<bool> _json = CommonOptions.Json();

    public MemberOptions(string nameMeans)
    {
        // The address of an 'overlay hub' on this machine that was told nothing else.
        _hubs.Required = false;
        _hubs.DefaultValueFactory = static _ => ["ws://localhost:5000"];
        _hubs.Description = "A hub's address, ws://HOST:PORT or wss://…; give it several times for several hubs. Default: ws://localhost:5000.";
        _name = CommonOptions.Name(nameMeans);
    }

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _hubs, _name, _data, _listen, _port, _token, _timeout, _topology, _json })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Joins, runs what <paramref name="open"/> opens until a signal comes, and leaves.</summary>
    /// <param name="parsed">The command line, without errors.</param>
    /// <param name="signals">Which signal it was.</param>
    /// <param name="open">Opens it, and says so.</param>
    /// <param name="cancellationToken">The signal.</param>
    public Task<int> RunAsync(ParseResult parsed, Signals signals, Func<Terminal, Node, CancellationToken, Task<IAsyncDisposable>> open, CancellationToken cancellationToken)
    {
        var terminal = new Terminal(parsed.GetValue(_json));
        var (hubs, name) = (parsed.GetValue(_hubs)!, parsed.GetValue(_name));
        var options = new NodeOptions
        {
            Hubs = CommonOptions.ToUris(hubs),
            Name = name,
            DataDirectory = parsed.GetValue(_data) ?? (name is null ? null : StateFolder.OfNode(new Uri(hubs[0], UriKind.Absolute), name)),
            Listen = parsed.GetValue(_listen),
            Port = parsed.GetValue(_port),
            Token = parsed.GetValue(_token) ?? "",
            StartTimeout = parsed.GetValue(_timeout),
            Protocol = OverlayOptions.Default with { Topology = parsed.GetValue(_topology) },
        };
        return Failures.GuardAsync(terminal, stop => RunAsync(terminal, options, signals, open, stop), cancellationToken);
    }

    /// <summary>What happened to a connection, for people and programs.</summary>
    public static void Tell(Terminal terminal, BridgeEvent about)
    {
        var (type, told) = about.Kind switch
        {
            BridgeEventKind.Opened => ("opened", $"{about.From} → {about.To}"),
            BridgeEventKind.Closed => ("closed", $"{about.From} → {about.To} closed: {about.BytesThere} bytes there, {about.BytesBack} back{(about.Error is null ? "" : $" ({about.Error})")}"),
            _ => ("failed", $"{about.From} → {about.To}: {about.Error}"),
        };
        terminal.WriteJson(new
        {
            type,
            connection = about.Connection == 0 ? (long?)null : about.Connection,
            from = about.From,
            to = about.To,
            bytesThere = about.Kind == BridgeEventKind.Closed ? about.BytesThere : (long?)null,
            bytesBack = about.Kind == BridgeEventKind.Closed ? about.BytesBack : (long?)null,
            reason = about.Reason?.ToString(),
            message = about.Error,
        });
        terminal.Say(told);
    }

    private static async Task<int> RunAsync(
        Terminal terminal, NodeOptions options, Signals signals, Func<Terminal, Node, CancellationToken, Task<IAsyncDisposable>> open, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        await using var node = await Node.StartAsync(options, cancellationToken).ConfigureAwait(false);
        terminal.WriteJson(new { type = "joined", id = node.Id, name = node.Name, ms = Math.Round(clock.Elapsed.TotalMilliseconds) });
        terminal.Say($"{node.Id} joined{(node.Name is null ? "" : $" as {node.Name}")} after {clock.Elapsed.TotalMilliseconds:F0} ms");
        var opened = await open(terminal, node, cancellationToken).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, node.Ended);
        try
        {
            await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C, SIGTERM, or the node has ended by itself.
        }

        await opened.DisposeAsync().ConfigureAwait(false);
        if (!cancellationToken.IsCancellationRequested)
        {
            return terminal.Fail(ExitCodes.Failed, "Stopped", "The node has ended by itself. Start the command again.");
        }

        var knew = await node.LeaveAsync(CancellationToken.None).ConfigureAwait(false);
        terminal.WriteJson(new { type = "left", id = node.Id, neighboursKnew = knew });
        return signals.IsTermination ? ExitCodes.Done : ExitCodes.Interrupted;
    }
}
