using System.CommandLine;
using System.CommandLine.Parsing;
using Overlay.Simulator.Engine;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Commands;

/// <summary>Exit codes of the simulator, the same as the product's: 0 done, 1 a promise did not hold, 2 bad input, 130 interrupted.</summary>
internal static class CommandFailures
{
    public const int Done = 0;
    public const int PromiseBroken = 1;
    public const int BadInput = 2;
    public const int Interrupted = 130;

    /// <summary>Says what is wrong with the command line. System.CommandLine's own exit code for that is 1, which here means a broken promise.</summary>
    public static int Report(ParseResult result)
    {
        foreach (var error in result.Errors)
        {
            Console.Error.WriteLine(error.Message);
        }

        Console.Error.WriteLine($"See '{PathOf(result.CommandResult)} --help'.");
        return BadInput;
    }

    private static string PathOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : command.Command.Name;

    /// <summary>Runs a command; bad input of the user becomes lines on the error stream and the exit code 2.</summary>
    public static int Guard(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (ScenarioException e)
        {
            foreach (var problem in e.Problems)
            {
                Console.Error.WriteLine(problem);
            }

            return BadInput;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ModelFileException)
        {
            Console.Error.WriteLine(e.Message);
            return BadInput;
        }
    }
}
