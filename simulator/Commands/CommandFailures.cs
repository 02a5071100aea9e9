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

    /// <summary>Makes a folder before the work whose results it is to hold: a run of an hour does not find out at its end.</summary>
    /// <exception cref="InvalidDataException">There can be none at that place.</exception>
    public static void MakeFolder(string option, string? path)
    {
        try
        {
            if (path is not null)
            {
                Directory.CreateDirectory(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"{option} '{path}': no folder can be made there: {e.Message}", e);
        }
    }

    /// <summary>Reads a file that the user named.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"'{path}': {(Directory.Exists(path) ? "is a folder, not a file" : e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message)}", e);
        }
    }

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
