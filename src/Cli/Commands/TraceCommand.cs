using System.CommandLine;
using Overlay.Cli.Diagnostics;
using Overlay.Cli.Output;
using Overlay.Exporting;
using Overlay.Nodes;
using Overlay.Runtime.Diagnostics;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay trace</c>: one message to a node and back, with the time of every hop.</summary>
internal static class TraceCommand
{
    private const string Description =
        "Send a traced message to a node and draw where its time goes, hop by hop, there and back. Nodes that export spans show it in their back end under the trace id that is printed. "
        + "Exit codes: 0 the node was reached, 1 it was not or the command failed, 2 bad input, 130 interrupted.";

    public static Command Create()
    {
        var hubs = CommonOptions.Hubs();
        var timeout = CommonOptions.Timeout(20);
        var json = CommonOptions.Json();
        var target = CommonOptions.Target("Which node: an id of 12 hexadecimal digits, or a name.");
        var command = new Command("trace", Description) { hubs, timeout, json, target };
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            var guest = SendCommand.Guest(parsed.GetValue(hubs)!, parsed.GetValue(timeout));
            guest.Export = OtlpExport.Create(); // As the OTEL_* variables say.
            return Failures.GuardAsync(terminal, stop => TraceAsync(terminal, guest, parsed.GetValue(target)!, stop), cancellationToken);
        });
        return command;
    }

    private static async Task<int> TraceAsync(Terminal terminal, NodeOptions guest, string target, CancellationToken cancellationToken)
    {
        await using var node = await Node.StartAsync(guest, cancellationToken).ConfigureAwait(false);
        var id = await node.ResolveAsync(target, cancellationToken).ConfigureAwait(false);
        Write(terminal, node, await node.TraceAsync(id, asTrace: true, cancellationToken).ConfigureAwait(false), out var isReached);
        return isReached ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Write(Terminal terminal, Node node, TracedWay way, out bool isReached)
    {
        var (route, bars) = (way.Route, Waterfall.Of(way.Route, node.Id));
        isReached = route.IsReached;
        terminal.WriteJson(new
        {
            type = "trace",
            id = route.Target,
            traceId = way.TraceId,
            route = WayView.Json(route, node.Id),
            bars = bars.Select(static bar => new
            {
                way = bar.IsBack ? "back" : "out",
                from = bar.From,
                to = bar.IsHeld ? (Ring.RingId?)null : bar.To,
                startMs = WayView.Rounded(bar.Start),
                ms = WayView.Rounded(bar.Duration),
                measured = bar.IsKnown,
            }),
        });
        if (terminal.IsJson)
        {
            return;
        }

        terminal.Say(route.IsReached
            ? $"{route.Target} answered after {WayView.Text(route.RoundTrip)} ms: {route.RouteOut.Count} links there, {route.RouteBack.Count} back"
            : $"{route.Target} was not reached: the way ended at {route.EndedAt} after {WayView.Text(route.RoundTrip)} ms ({WayView.Word(route.Reason)}). 'overlay explain' says why.");
        terminal.Say($"trace id {way.TraceId}");
        terminal.Console.Write(WayView.Bars(bars));
        terminal.Say("█ held by a node   ▒ on a link: half of its round trip   ░ not measured: a share of what is left");
    }
}
