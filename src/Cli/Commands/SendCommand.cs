using System.CommandLine;
using System.Diagnostics;
using System.Text;
using Overlay.Cli.Output;
using Overlay.Nodes;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay send</c>: one message to an id or a name, through the hub and a gateway, without joining.</summary>
internal static class SendCommand
{
    public static Command Create()
    {
        var hubs = CommonOptions.Hubs();
        var timeout = CommonOptions.Timeout(20);
        var json = CommonOptions.Json();
        var target = CommonOptions.Target("Whom to send to: an id of 12 hexadecimal digits, or a name.");
        var text = new Argument<string>("text") { Description = "What to send." };
        var command = new Command("send", "Send a message to a node and wait for its signed receipt. " + ExitCodes.Help) { hubs, timeout, json, target, text };
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            return Failures.GuardAsync(
                terminal, stop => SendAsync(terminal, Guest(parsed.GetValue(hubs)!, parsed.GetValue(timeout)), parsed.GetValue(target)!, parsed.GetValue(text)!, stop), cancellationToken);
        });
        return command;
    }

    private static async Task<int> SendAsync(Terminal terminal, NodeOptions guest, string target, string text, CancellationToken cancellationToken)
    {
        await using var node = await Node.StartAsync(guest, cancellationToken).ConfigureAwait(false);
        var id = await node.ResolveAsync(target, cancellationToken).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        var report = await node.SendAsync(id, Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
        var took = clock.Elapsed.TotalMilliseconds;
        terminal.WriteJson(new { type = "sent", to = id, delivered = true, hops = report.Hops, route = report.Route, ms = Math.Round(took, 1) });
        terminal.Say($"delivered to {id} in {took:F1} ms over {report.Hops} hops: {string.Join(" → ", report.Route)}");
        return ExitCodes.Done;
    }

    /// <summary>A node that sends through a gateway and takes no place in the ring.</summary>
    internal static NodeOptions Guest(string[] hubs, TimeSpan timeout) => new() { Hubs = CommonOptions.ToUris(hubs), IsGuest = true, StartTimeout = timeout };
}
