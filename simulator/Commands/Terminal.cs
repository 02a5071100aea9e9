using Spectre.Console;

namespace Overlay.Simulator.Commands;

/// <summary>The terminal people read; where its output goes into a file or a pipe, plain and wide.</summary>
public static class Terminal
{
    private const int PlainWidth = 200;

    /// <summary>The one of this process.</summary>
    public static IAnsiConsole OfProcess { get; } = Console.IsOutputRedirected ? CreatePlain(Console.Out) : AnsiConsole.Console;

    /// <summary>Without colours, wide enough for every table.</summary>
    public static IAnsiConsole CreatePlain(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = PlainWidth;
        return console;
    }
}
