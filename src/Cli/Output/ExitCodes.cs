namespace Overlay.Cli.Output;

/// <summary>What the command's exit codes mean.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A promise or an operation failed.</summary>
    public const int Failed = 1;

    /// <summary>Bad input or configuration.</summary>
    public const int BadInput = 2;

    /// <summary>Interrupted by Ctrl-C.</summary>
    public const int Interrupted = 130;
}
