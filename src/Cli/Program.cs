using System.CommandLine;
using Overlay.Cli.Commands;
using Overlay.Cli.Output;

namespace Overlay.Cli;

/// <summary>The <c>overlay</c> command.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        var root = new RootCommand(
            "Overlay: a peer-to-peer network over WebRTC that signals through itself. Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted.")
        {
            DemoCommand.Create(),
            HubCommand.Create(),
            NodeCommand.Create(),
            SendCommand.Create(),
            PeersCommand.Create(),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            var terminal = new Terminal(arguments.Contains("--json", StringComparer.Ordinal));
            var messages = string.Join(Environment.NewLine + "overlay: ", parsed.Errors.Select(static error => error.Message));
            return terminal.Fail(ExitCodes.BadInput, "BadInput", $"{messages}{Environment.NewLine}See 'overlay {parsed.CommandResult.Command.Name} --help'.");
        }

        var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) }).ConfigureAwait(false);
        await Console.Out.FlushAsync().ConfigureAwait(false);
        return code;
    }
}
