using System.CommandLine;
using Overlay.Cli.Demo;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay demo</c>: the product's main job on this machine, promise by promise.</summary>
internal static class DemoCommand
{
    private const int MinNodes = 12;
    private const int MaxNodes = 256;
    private const int MaxMessages = 1_000_000;

    public static Command Create()
    {
        var nodes = new Option<int>("--nodes") { Description = $"How many nodes, {MinNodes} … {MaxNodes}.", DefaultValueFactory = static _ => 16 };
        nodes.Validators.Add(static result => Between(result, "--nodes", MinNodes, MaxNodes));
        var messages = new Option<int>("--messages") { Description = $"How many messages in each round, 1 … {MaxMessages}.", DefaultValueFactory = static _ => 1000 };
        messages.Validators.Add(static result => Between(result, "--messages", 1, MaxMessages));
        var seed = new Option<ulong>("--seed") { Description = "Seeds who talks to whom and who dies.", DefaultValueFactory = static _ => 1UL };
        var json = CommonOptions.Json();
        var command = new Command(
            "demo", "A hub, a ring of real WebRTC links, messages; then the hub stops, nodes die, and it goes on. Exit code 0 only if every promise held.")
        {
            nodes, messages, seed, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            var options = new DemoOptions(parsed.GetValue(nodes), parsed.GetValue(messages), parsed.GetValue(seed));
            return Failures.GuardAsync(terminal, cancellationToken, () => DemoRun.RunAsync(options, terminal, cancellationToken));
        });
        return command;
    }

    private static void Between(System.CommandLine.Parsing.OptionResult result, string name, int from, int to)
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var value) && (value < from || value > to))
        {
            result.AddError($"{name}: {value} is not in {from} … {to}.");
        }
    }
}
