namespace Overlay.Cli.Output;

/// <summary>What the command's exit codes mean.</summary>
internal static class ExitCodes
{
    /// <summary>The codes, for the help of each command.</summary>
    public const string Help = "Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted.";

    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A promise or an operation failed.</summary>
    public const int Failed = 1;

    /// <summary>Bad input or configuration.</summary>
    public const int BadInput = 2;

    /// <summary>Interrupted by Ctrl-C.</summary>
    public const int Interrupted = 130;
}
