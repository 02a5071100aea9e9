using System.Globalization;
using Overlay.Cli.Output;
using Overlay.Messages;
using Spectre.Console;

namespace Overlay.Cli.Demo;

/// <summary>What a person sees of a demo: a bar for each step, the ring as a table, the promises at the end.</summary>
internal sealed class DemoView(Terminal terminal, DemoOptions options)
{
    private const int MaxRows = 32;

    private bool IsTree => options.Topology == Topology.Tree;

    private readonly Lock _gate = new();
    private ProgressContext? _progress;
    private ProgressTask? _task;

    /// <summary>Runs the steps under a live view where somebody looks, else in plain lines.</summary>
    public async Task RunAsync(Func<Task> steps)
    {
        if (terminal.IsJson)
        {
            await steps().ConfigureAwait(false);
            return;
        }

        terminal.Console.MarkupLine($"[bold]Overlay[/]: a hub, a {options.Shape} of {options.Nodes} nodes, real WebRTC links on this machine (seed {options.Seed})");
        if (!terminal.IsLive)
        {
            await steps().ConfigureAwait(false);
            return;
        }

        await terminal.Console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new SpinnerColumn())
            .StartAsync(async context =>
            {
                _progress = context;
                await steps().ConfigureAwait(false);
                _task?.StopTask();
                _progress = null;
            }).ConfigureAwait(false);
    }

    /// <summary>A new step of <paramref name="size"/> parts begins.</summary>
    public void Begin(string what, int size)
    {
        lock (_gate)
        {
            if (_progress is { } progress)
            {
                if (_task is { } finished)
                {
                    finished.Value = finished.MaxValue;
                    finished.StopTask();
                }

                _task = progress.AddTask(Markup.Escape(what), maxValue: size);
            }
            else
            {
                terminal.Say($"  {what} …");
            }
        }
    }

    /// <summary>One part of the step is done.</summary>
    public void Advance()
    {
        lock (_gate)
        {
            _task?.Increment(1);
        }
    }

    /// <summary>What the checker saw: how many members are in their right place.</summary>
    public void Look(int problems)
    {
        lock (_gate)
        {
            if (_task is { } task)
            {
                task.Value = Math.Max(0, task.MaxValue - problems);
            }
        }
    }

    /// <summary>A remark on something that did not go as promised.</summary>
    public void Note(string text)
    {
        if (!terminal.IsJson)
        {
            terminal.Console.MarkupLineInterpolated($"  [yellow]{text}[/]");
        }
    }

    /// <summary>The members as a table, in the order of their ids.</summary>
    public void Show(IReadOnlyList<State> states, IReadOnlyList<DemoNode> living)
    {
        if (terminal.IsJson)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns([.. IsTree ? (string[])["member", "parent", "children", "", "links"] : ["member", "predecessor", "first successors", "fingers", "links"]]);
        for (var i = 0; i < Math.Min(states.Count, MaxRows); i++)
        {
            var state = states[i];
            table.AddRow(
                living[i].Node.Id.ToString(),
                state.Predecessor?.Id.ToString() ?? "–",
                string.Join(' ', state.Successors.Take(IsTree ? options.Protocol.MaxDegree : 2).Select(static s => s.Id.ToString())),
                IsTree ? (state.Predecessor is null ? "root" : "") : state.Fingers.Count.ToString(CultureInfo.InvariantCulture),
                state.Links.Count.ToString(CultureInfo.InvariantCulture));
        }

        if (states.Count > MaxRows)
        {
            table.Caption($"and {states.Count - MaxRows} more");
        }

        terminal.Console.Write(table);
    }

    /// <summary>The promises, kept or broken.</summary>
    public void Summarize(DemoReport report)
    {
        if (terminal.IsJson)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("promise", "", "measured");
        foreach (var (promise, held, measured) in report.Promises())
        {
            table.AddRow(promise, held ? "[green]held[/]" : "[red]broken[/]", Markup.Escape(measured));
        }

        table.AddRow("signals carried", "", $"{report.SignalsByOverlay} by the overlay, {report.SignalsByHub} by the hub");
        terminal.Console.Write(table);
        terminal.Console.MarkupLine(report.AllHeld() ? $"[green]Every promise held[/] ({report.TotalMs} ms)." : "[red]A promise was broken.[/]");
    }
}
