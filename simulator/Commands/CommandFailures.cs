using System.CommandLine;

namespace Overlay.Simulator.Commands;

/// <summary>Exit codes of the simulator, the same as the product's: 0 done, 1 a promise did not hold, 2 bad input.</summary>
internal static class CommandFailures
{
    public const int Done = 0;
    public const int PromiseBroken = 1;
    public const int BadInput = 2;

    /// <summary>Says what is wrong with the command line. System.CommandLine's own exit code for that is 1, which here means a broken promise.</summary>
    public static int Report(ParseResult result)
    {
        foreach (var error in result.Errors)
        {
            Console.Error.WriteLine(error.Message);
        }

        return BadInput;
    }
}
