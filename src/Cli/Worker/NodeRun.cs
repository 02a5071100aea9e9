using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Overlay.Cli.Output;
using Overlay.Nodes;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Health;
using Overlay.Nodes.Status;
using Overlay.Runtime;
using Overlay.Status;

namespace Overlay.Cli.Worker;

/// <summary>One life of the worker: says when its node is in, prints what it receives, sends what it is told on stdin, and leaves at a signal.</summary>
internal sealed class NodeRun(Terminal terminal, Signals signals)
{
    /// <summary>A message that is on its way when the signal comes may take so long to be answered.</summary>
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(5);

    private Task _sending = Task.CompletedTask;

    public Terminal Terminal => terminal;

    /// <summary>Runs it until a signal comes, or the node ends by itself.</summary>
    public async Task<int> RunAsync(IHost host, CancellationToken stop)
    {
        using var disposed = host;
        var clock = Stopwatch.StartNew();
        host.Services.GetRequiredService<IStartupValidator>().Validate(); // Before the host does, and logs what the command tells by itself.
        var worker = host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value;
        signals.Patience = worker.ShutdownTimeout + TimeSpan.FromSeconds(2);
        var accessor = host.Services.GetRequiredService<INodeAccessor>();
        var topology = host.Services.GetRequiredService<IOptionsMonitor<NodeOptions>>().CurrentValue.Protocol.Topology;
        await using var page = await ServeAsync(host.Services, worker, accessor.Node, topology, stop).ConfigureAwait(false); // A port that is taken is told of before anybody hears of the node.
        await host.StartAsync(stop).ConfigureAwait(false);
        Node node;
        try
        {
            node = await accessor.Node.WaitAsync(stop).ConfigureAwait(false);
        }
        catch
        {
            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        TellJoined(node, topology, clock.Elapsed);
        terminal.TellOf(page);
        return await LiveAsync(host, node, accessor.Left, stop).ConfigureAwait(false);
    }

    /// <summary>The status page with the health of the host beside it, until the host has stopped: whoever watches sees that the node leaves.</summary>
    private static async Task<StatusServer?> ServeAsync(IServiceProvider host, WorkerOptions worker, Task<Node> node, Topology topology, CancellationToken stop) =>
        worker.Status is null || !StatusAddress.TryParse(worker.Status, out var address) ? null : await StatusServer.StartAsync(
            address,
            new NodeStatusSource(node, topology),
            more: static endpoints => endpoints.MapOverlayHealth(),
            services: services => services.AddSingleton(host.GetRequiredService<HealthCheckService>()),
            cancellationToken: stop).ConfigureAwait(false);

    private async Task<int> LiveAsync(IHost host, Node node, Task<bool> left, CancellationToken stop)
    {
        var receiving = ReceiveAsync(node);
        _ = SendLinesAsync(node, stop); // Blocked on stdin perhaps; the process ends anyway.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, node.Ended);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stop.IsCancellationRequested)
        {
            await Task.WhenAny(_sending, Task.Delay(SendPatience, CancellationToken.None)).ConfigureAwait(false);
        }

        await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await receiving.ConfigureAwait(false);
        if (!stop.IsCancellationRequested)
        {
            return terminal.Fail(ExitCodes.Failed, "Stopped", "The node has ended by itself. Start the command again.");
        }

        var knew = await left.ConfigureAwait(false);
        terminal.WriteJson(new { type = "left", id = node.Id, neighboursKnew = knew });
        terminal.Say($"{node.Id} left{(knew ? "; all neighbours know" : "")}");
        return signals.IsTermination ? ExitCodes.Done : ExitCodes.Interrupted;
    }

    private void TellJoined(Node node, Topology topology, TimeSpan took)
    {
        terminal.WriteJson(new { type = "joined", id = node.Id, name = node.Name, ms = Math.Round(took.TotalMilliseconds) });
        terminal.Say($"{node.Id} is in the {(topology == Topology.Tree ? "tree" : "ring")}{(node.Name is null ? "" : $" as {node.Name}")} after {took.TotalMilliseconds:F0} ms");
        if (node.IntroducesAt is { } place)
        {
            terminal.WriteJson(new { type = "introducing", uri = place });
            terminal.Say($"newcomers are introduced at {place}");
        }
    }

    private async Task ReceiveAsync(Node node)
    {
        await foreach (var message in node.Messages.ConfigureAwait(false))
        {
            terminal.WriteJson(new { type = "message", from = message.From, text = message.Text, hops = message.Hops });
            terminal.Say($"{message.From} → {message.Text}");
        }
    }

    private async Task SendLinesAsync(Node node, CancellationToken stop)
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

            // A message that has left is waited for also when the signal comes meanwhile.
            _sending = SendLineAsync(node, line.Trim()[..space], line.Trim()[(space + 1)..]);
            await _sending.ConfigureAwait(false);
        }
    }

    private async Task SendLineAsync(Node node, string to, string text)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var report = await node.SendAsync(to, text, CancellationToken.None).ConfigureAwait(false);
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
