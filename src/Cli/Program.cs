using System.CommandLine;
using System.CommandLine.Parsing;
using Overlay.Cli.Commands;
using Overlay.Cli.Output;

namespace Overlay.Cli;

/// <summary>The <c>overlay</c> command.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        using var signals = new Signals();
        var root = new RootCommand(
            "Overlay: a peer-to-peer network over WebRTC that signals through itself. " + ExitCodes.Help)
        {
            DemoCommand.Create(),
            HubCommand.Create(signals),
            NodeCommand.Create(signals),
            SendCommand.Create(),
            PeersCommand.Create(),
            ExplainCommand.Create(),
            TraceCommand.Create(),
            TopCommand.Create(),
            ExposeCommand.Create(signals),
            ForwardCommand.Create(signals),
            ProxyCommand.Create(signals),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            var terminal = new Terminal(arguments.Contains("--json", StringComparer.Ordinal));
            var messages = string.Join(Environment.NewLine + "overlay: ", parsed.Errors.Select(Explain));
            var help = parsed.CommandResult.Command is RootCommand ? "overlay --help" : $"overlay {parsed.CommandResult.Command.Name} --help";
            return terminal.Fail(ExitCodes.BadInput, "BadInput", $"{messages}{Environment.NewLine}See '{help}'.");
        }

        // Signals are handled here: the parser's own handling would not tell Ctrl-C from SIGTERM.
        var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, signals.Stop).ConfigureAwait(false);
        await Console.Out.FlushAsync().ConfigureAwait(false);
        return code;
    }

    /// <summary>The parser says that something is missing; people want to know what.</summary>
    private static string Explain(ParseError error) => error.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Argument: var missing } => $"<{missing.Name}> is missing: {missing.Description}",
        _ => error.Message,
    };
}
