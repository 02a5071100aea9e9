using System.CommandLine;
using Overlay.Cli.Output;
using Overlay.Messages;
using Overlay.Nodes;
using Spectre.Console;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay peers</c>: the tables of a running node, asked for by a routed message.</summary>
internal static class PeersCommand
{
    public static Command Create()
    {
        var hubs = CommonOptions.Hubs();
        var timeout = CommonOptions.Timeout(20);
        var json = CommonOptions.Json();
        var target = CommonOptions.Target("Which node: an id of 12 hexadecimal digits, or a name.");
        var command = new Command("peers", "Show successors, predecessor, fingers and links of a running node. " + ExitCodes.Help) { hubs, timeout, json, target };
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            return Failures.GuardAsync(
                terminal, stop => ShowAsync(terminal, SendCommand.Guest(parsed.GetValue(hubs)!, parsed.GetValue(timeout)), parsed.GetValue(target)!, stop), cancellationToken);
        });
        return command;
    }

    private static async Task<int> ShowAsync(Terminal terminal, NodeOptions guest, string target, CancellationToken cancellationToken)
    {
        await using var node = await Node.StartAsync(guest, cancellationToken).ConfigureAwait(false);
        var id = await node.ResolveAsync(target, cancellationToken).ConfigureAwait(false);
        var state = await node.InspectAsync(id, cancellationToken).ConfigureAwait(false);
        terminal.WriteJson(new
        {
            type = "peers",
            id,
            phase = state.Phase,
            predecessor = state.Predecessor?.Id,
            successors = state.Successors.Select(static s => s.Id),
            fingers = state.Fingers.Select(static f => new { row = f.Row, id = f.Id }),
            links = state.Links.Select(static l => new { id = l.Id, phase = l.Phase, purpose = l.Purpose.ToString(), incoming = l.IsIncoming }),
        });
        if (!terminal.IsJson)
        {
            terminal.Console.Write(Table(id, state));
        }

        return ExitCodes.Done;
    }

    private static Table Table(Ring.RingId id, State state)
    {
        var table = new Table().Title($"{id} ({state.Phase})").AddColumns("what", "row", "id", "about").Border(TableBorder.Rounded);
        table.AddRow("predecessor", "", state.Predecessor?.Id.ToString() ?? "none", "");
        for (var i = 0; i < state.Successors.Count; i++)
        {
            table.AddRow("successor", i.ToString(System.Globalization.CultureInfo.InvariantCulture), state.Successors[i].Id.ToString(), "");
        }

        foreach (var finger in state.Fingers)
        {
            table.AddRow("finger", finger.Row.ToString(System.Globalization.CultureInfo.InvariantCulture), finger.Id.ToString(), "");
        }

        foreach (var link in state.Links)
        {
            table.AddRow("link", "", link.Id.ToString(), $"{link.Phase}, {link.Purpose}{(link.IsIncoming ? ", incoming" : "")}");
        }

        return table;
    }
}
