using System.CommandLine;
using Overlay.Cli.Demo;
using Overlay.Cli.Output;
using Overlay.Cli.Watching;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay demo</c>: the product's main job on this machine, promise by promise.</summary>
internal static class DemoCommand
{
    private const int MinNodes = 12;
    private const int MaxNodes = 256;
    private const int MaxMessages = 1_000_000;

    public static Command Create()
    {
        var nodes = CommonOptions.Number("--nodes", MinNodes, MaxNodes, 16, $"How many nodes, {MinNodes} … {MaxNodes}.");
        var messages = CommonOptions.Number("--messages", 1, MaxMessages, 1000, $"How many messages in each round, 1 … {MaxMessages}.");
        var seed = CommonOptions.Number("--seed", ulong.MinValue, ulong.MaxValue, 1UL, "Seeds who talks to whom and who dies.");
        var topology = CommonOptions.Topology();
        var status = StatusOption.CreateOptional();
        var duration = CommonOptions.Duration("--duration", "With --status: how long to go on.");
        var json = CommonOptions.Json();
        var command = new Command(
            "demo", "A hub, a ring or a tree of real WebRTC links, messages; then the hub stops, nodes die, and it goes on. Exit code 0 only if every promise held. " + ExitCodes.Help)
        {
            nodes, messages, seed, topology, status, duration, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(duration) is { Implicit: false } && result.GetResult(status) is null)
            {
                result.AddError("--duration says how long to look on; say at what, too: --status.");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            var options = new DemoOptions(parsed.GetValue(nodes), parsed.GetValue(messages), parsed.GetValue(seed)) { Topology = parsed.GetValue(topology) };
            return Failures.GuardAsync(
                terminal,
                stop => parsed.GetValue(status) is { } address
                    ? DemoLive.RunAsync(options, address, parsed.GetValue(duration), terminal, stop)
                    : DemoRun.RunAsync(options, terminal, stop),
                cancellationToken);
        });
        return command;
    }
}
