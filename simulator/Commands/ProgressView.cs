using System.Diagnostics;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Overlay.Simulator.Commands;

/// <summary>How far a run is: a bar where somebody looks, else a line now and then.</summary>
internal static class ProgressView
{
    /// <summary>How long a line that nobody watches stands for.</summary>
    public static TimeSpan LineEvery { get; } = TimeSpan.FromSeconds(10);

    public static RunResult Run(IAnsiConsole console, int nodes, Func<Action<RunProgress>, RunResult> run)
    {
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            return RunWithLines(console.WriteLine, nodes, LineEvery, run);
        }

        var text = new TextColumn { Text = "building the network" };
        return console.Progress().AutoClear(true).Columns(new ProgressBarColumn { Width = 30 }, new PercentageColumn(), text).Start(context =>
        {
            var task = context.AddTask("run", maxValue: 1);
            return run(progress =>
            {
                task.Value = Share(progress);
                text.Text = Line(progress, nodes);
            });
        });
    }

    /// <summary>12 m 30 s of 1 h 00 m   1.8 M events/s   997 live   25 s left; or: building 312,000 of 1,000,000 nodes.</summary>
    /// <param name="progress">How far the run is.</param>
    /// <param name="nodes">Nodes of the beginning.</param>
    public static string Line(RunProgress progress, int nodes)
    {
        if (progress.IsBuilding)
        {
            return $"building {Formats.Count(progress.Live)} of {Formats.Count(nodes)} nodes";
        }

        var left = progress.Left is { } time ? $"   {Formats.Duration(time)} left" : "";
        return $"{Formats.Duration(progress.Simulated)} of {Formats.Duration(progress.Total)}   {Formats.Number(progress.EventsPerSecond)} events/s   {Formats.Count(progress.Live)} live{left}";
    }

    /// <summary>A line now and then.</summary>
    /// <param name="say">Takes the lines.</param>
    /// <param name="nodes">Nodes of the beginning.</param>
    /// <param name="every">Time from one line to the next.</param>
    /// <param name="run">Runs, and tells how far it is.</param>
    public static RunResult RunWithLines(Action<string> say, int nodes, TimeSpan every, Func<Action<RunProgress>, RunResult> run)
    {
        return run(NowAndThen<RunProgress>(every, progress => say(Line(progress, nodes))));
    }

    /// <summary>Passes on what it is told once in a while, and forgets the rest.</summary>
    public static Action<T> NowAndThen<T>(TimeSpan every, Action<T> say)
    {
        var since = Stopwatch.StartNew();
        return told =>
        {
            if (since.Elapsed >= every)
            {
                since.Restart();
                say(told);
            }
        };
    }

    private static double Share(RunProgress progress) => !progress.IsBuilding && progress.Total > TimeSpan.Zero ? Math.Clamp(progress.Simulated / progress.Total, 0, 1) : 0;

    /// <summary>A column with the line of the moment.</summary>
    private sealed class TextColumn : ProgressColumn
    {
        public string Text { get; set; } = "";

        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(Text);
    }
}
