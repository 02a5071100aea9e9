using System.CommandLine;
using System.Diagnostics;
using Overlay.Cli.Introducing;
using Overlay.Cli.Output;
using Overlay.Cli.Watching;
using Overlay.Exporting;
using Overlay.Nodes;
using Overlay.Nodes.Status;
using Overlay.Runtime;
using Overlay.Status;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay node</c>: a member that prints what it receives and sends what it is told on stdin.</summary>
internal static class NodeCommand
{
    public static Command Create(Signals signals)
    {
        var hubs = CommonOptions.Hubs();
        var name = CommonOptions.Name("The name to register.");
        var data = CommonOptions.Data();
        var listen = CommonOptions.Listen();
        var port = CommonOptions.Port("--port", 0, "The UDP port; 0 takes any free one.");
        var advertise = new Option<string?>("--advertise") { Description = "HOST:PORT at which others reach --listen and --port: the outer side of a forwarded or a container's port (PORT + 1 must lead to --port + 1)." };
        var token = new Option<string?>("--token") { Description = "The join token, where the hub asks for one." };
        var rootSecret = new Option<string?>("--root-secret") { Description = "The secret of the hub's tree: become its root, also in place of the one that there is." };
        var timeout = CommonOptions.Timeout(60);
        var topology = CommonOptions.Topology();
        var degree = CommonOptions.Degree();
        var status = StatusOption.Create();
        var json = CommonOptions.Json();
        var command = new Command("node", "Join the network; lines '<id|name> <text>' on stdin are sent, messages are printed. " + ExitCodes.Help)
        {
            hubs, name, data, listen, port, advertise, token, rootSecret, timeout, topology, degree, status, json,
        };
        var introduce = new IntroduceOptions();
        introduce.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            var directory = parsed.GetValue(data) ?? DefaultData(parsed.GetValue(hubs)!, parsed.GetValue(name));
            var options = new NodeOptions
            {
                Hubs = CommonOptions.ToUris(parsed.GetValue(hubs)!),
                Name = parsed.GetValue(name),
                DataDirectory = directory,
                Introduction = introduce.Read(parsed, directory),
                Listen = parsed.GetValue(listen),
                Port = parsed.GetValue(port),
                Advertise = parsed.GetValue(advertise),
                Token = parsed.GetValue(token) ?? "",
                RootSecret = parsed.GetValue(rootSecret) ?? "",
                StartTimeout = parsed.GetValue(timeout),
                Export = OtlpExport.Create(), // As the OTEL_* variables say.
                Protocol = OverlayOptions.Default with { Topology = parsed.GetValue(topology), MaxDegree = parsed.GetValue(degree) },
            };
            return Failures.GuardAsync(
                terminal, stop => RunAsync(terminal, options, parsed.GetValue(status), signals, stop), cancellationToken);
        });
        return command;
    }

    // Without a name there is nothing to come back as: such a node is a new one each time.
    private static string? DefaultData(string[] hubs, string? name) =>
        name is null ? null : StateFolder.OfNode(new Uri(hubs[0], UriKind.Absolute), name);

    private static async Task<int> RunAsync(Terminal terminal, NodeOptions options, StatusAddress? status, Signals signals, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var joined = new TaskCompletionSource<Node>(TaskCreationOptions.RunContinuationsAsynchronously); // A port that is taken is told of before anybody hears of the node.
        await using var page = status is null ? null : await StatusServer.StartAsync(status, new NodeStatusSource(joined.Task, options.Protocol.Topology), cancellationToken: cancellationToken).ConfigureAwait(false);
        await using var node = await Node.StartAsync(options, cancellationToken).ConfigureAwait(false);
        joined.SetResult(node);
        terminal.WriteJson(new { type = "joined", id = node.Id, name = node.Name, ms = Math.Round(clock.Elapsed.TotalMilliseconds) });
        terminal.Say($"{node.Id} is in the {(options.Protocol.Topology == Topology.Tree ? "tree" : "ring")}{(node.Name is null ? "" : $" as {node.Name}")} after {clock.Elapsed.TotalMilliseconds:F0} ms");
        if (node.IntroducesAt is { } place)
        {
            terminal.WriteJson(new { type = "introducing", uri = place });
            terminal.Say($"newcomers are introduced at {place}");
        }

        terminal.TellOf(page);
        var receiving = ReceiveAsync(terminal, node);
        var sending = SendLinesAsync(terminal, node, cancellationToken);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C or SIGTERM.
        }

        var knew = await node.LeaveAsync(CancellationToken.None).ConfigureAwait(false);
        await receiving.ConfigureAwait(false);
        terminal.WriteJson(new { type = "left", id = node.Id, neighboursKnew = knew });
        terminal.Say($"{node.Id} left{(knew ? "; all neighbours know" : "")}");
        _ = sending; // Blocked on stdin perhaps; the process ends anyway.
        return signals.IsTermination ? ExitCodes.Done : ExitCodes.Interrupted;
    }

    private static async Task ReceiveAsync(Terminal terminal, Node node)
    {
        await foreach (var message in node.Messages.ConfigureAwait(false))
        {
            terminal.WriteJson(new { type = "message", from = message.From, text = message.Text, hops = message.Hops });
            terminal.Say($"{message.From} → {message.Text}");
        }
    }

    private static async Task SendLinesAsync(Terminal terminal, Node node, CancellationToken stop)
    {
        await Task.Yield();
        while (!stop.IsCancellationRequested && await Console.In.ReadLineAsync(stop).ConfigureAwait(false) is { } line)
        {
            var space = line.AsSpan().Trim().IndexOf(' ');
            if (line.Trim().Length == 0)
            {
                continue;
            }

            if (space < 0)
            {
                terminal.Fail(0, "BadInput", $"'{line}' has no text. Write '<id|name> <text>'.");
                continue;
            }

            await SendLineAsync(terminal, node, line.Trim()[..space], line.Trim()[(space + 1)..], stop).ConfigureAwait(false);
        }
    }

    private static async Task SendLineAsync(Terminal terminal, Node node, string to, string text, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var report = await node.SendAsync(to, text, stop).ConfigureAwait(false);
            terminal.WriteJson(new
            {
                type = "sent",
                to,
                id = report.Destination,
                delivered = true,
                hops = report.Hops,
                route = report.Route,
                ms = Math.Round(clock.Elapsed.TotalMilliseconds, 1),
            });
            terminal.Say($"delivered to {to} in {clock.Elapsed.TotalMilliseconds:F1} ms over {report.Hops} hops");
        }
        catch (Exception e) when (e is OverlayException or ArgumentException)
        {
            var reason = e is OverlayException { Reason: OverlayError.Command } o ? o.Outcome.ToString() : "BadInput";
            terminal.WriteJson(new { type = "sent", to, delivered = false, reason, message = e.Message });
            terminal.Say($"not delivered to {to}: {e.Message}");
        }
    }
}
