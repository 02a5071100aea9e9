using System.CommandLine;
using Overlay.Cli.Diagnostics;
using Overlay.Cli.Output;
using Overlay.Messages;
using Overlay.Nodes;
using Overlay.Ring;
using Overlay.Runtime;
using Overlay.Runtime.Diagnostics;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay explain</c>: why a node is reached as it is, or what became of it.</summary>
internal static class ExplainCommand
{
    private const string Description =
        "Explain why a node is slow, relayed or not reached: the way there and back with each hop's time, the kinds of links, quotas, what a channel from this machine tried, and for a "
        + "node that is gone what its neighbours remember. Exit codes: 0 the node is in the network, 1 it is not or the command failed, 2 bad input, 130 interrupted.";

    public static Command Create()
    {
        var hubs = CommonOptions.Hubs();
        var timeout = CommonOptions.Timeout(20);
        var json = CommonOptions.Json();
        var noChannel = new Option<bool>("--no-channel") { Description = "Try no channel to the node. To try one, the command joins for a moment as a member." };
        var token = new Option<string?>("--token") { Description = "The join token, where the hub asks for one." };
        var (listen, degree) = (CommonOptions.Listen(), CommonOptions.Degree());
        var target = CommonOptions.Target("Which node: an id of 12 hexadecimal digits, or a name.");
        var command = new Command("explain", Description) { hubs, timeout, json, noChannel, listen, degree, token, target };
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            NodeOptions Options(bool isGuest, Topology topology) => new()
            {
                Hubs = CommonOptions.ToUris(parsed.GetValue(hubs)!),
                IsGuest = isGuest,
                StartTimeout = parsed.GetValue(timeout),
                Listen = parsed.GetValue(listen),
                Token = parsed.GetValue(token) ?? "",
                Protocol = OverlayOptions.Default with { Topology = topology, MaxDegree = parsed.GetValue(degree) },
            };
            return Failures.GuardAsync(terminal, stop => ExplainAsync(terminal, Options, parsed.GetValue(target)!, !parsed.GetValue(noChannel), stop), cancellationToken);
        });
        return command;
    }

    private static async Task<int> ExplainAsync(Terminal terminal, Func<bool, Topology, NodeOptions> options, string target, bool withChannel, CancellationToken cancellationToken)
    {
        await using var node = await Node.StartAsync(options(true, Topology.Chord), cancellationToken).ConfigureAwait(false);
        var id = await node.ResolveAsync(target, cancellationToken).ConfigureAwait(false);
        var found = await node.ExplainAsync(id, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (withChannel && found.Finding == Finding.Reached)
        {
            found = found.With(await TryChannelAsync(options(false, IsTree(found) ? Topology.Tree : Topology.Chord), id, cancellationToken).ConfigureAwait(false), node.Id);
        }

        ExplanationView.Write(terminal, found, node.Id, RingId.TryParse(target, out _) ? null : target);
        return found.Finding is Finding.Reached or Finding.Declined ? ExitCodes.Done : ExitCodes.Failed;
    }

    /// <summary>A channel as a member has it: guests have none.</summary>
    private static async Task<ChannelReport> TryChannelAsync(NodeOptions options, RingId id, CancellationToken cancellationToken)
    {
        try
        {
            await using var member = await Node.StartAsync(options, cancellationToken).ConfigureAwait(false);
            return await member.DiagnoseChannelAsync(id, new ExplainOptions().ChannelPatience, cancellationToken).ConfigureAwait(false);
        }
        catch (OverlayException e)
        {
            return ChannelReport.None(id, $"this machine found no place in the network: {e.Message}"); // What the guest found out is worth telling all the same.
        }
    }

    /// <summary>What the network builds, by what its nodes did and have: on a tree nobody has fingers, on a ring every member that is not founding.</summary>
    private static bool IsTree(Explanation found) =>
        found.Route!.TrailOut.Concat(found.Route.TrailBack).Any(static record => record.Decision is RouteDecision.Parent or RouteDecision.Child)
        || found.State is { Phase: NodePhase.Member, Fingers.Count: 0 };
}
