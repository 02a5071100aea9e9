using System.Globalization;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Overlay.Simulator.Scenarios;
using Spectre.Console;

namespace Overlay.Simulator.Commands;

/// <summary>One run from its first line to its exit code: parameters, progress, tables, report, seed file, and a smaller scenario where it fails.</summary>
/// <param name="simulation">What runs it.</param>
/// <param name="console">Where people read.</param>
/// <param name="output">Where programs read.</param>
/// <param name="errors">Where a run whose output is JSON says how far it is; null: nowhere.</param>
public sealed class RunSession(ISimulation simulation, IAnsiConsole console, TextWriter output, TextWriter? errors = null)
{
    /// <summary>Time from one line of progress to the next where nobody watches a bar.</summary>
    public TimeSpan LineEvery { get; init; } = ProgressView.LineEvery;

    /// <summary>Runs the scenario.</summary>
    /// <returns>0: everything held; 1: something did not; 130: interrupted before anything failed.</returns>
    public int Run(Scenario scenario, RunRequest request, CancellationToken stop)
    {
        var result = Simulate(scenario, request, stop);
        Show(result, request);
        if (!result.Succeeded && request.Shrink && !stop.IsCancellationRequested)
        {
            Shrink(result, request, stop);
        }

        return ExitCodeOf(result);
    }

    /// <summary>Runs what a seed file holds, and compares.</summary>
    /// <returns>0: the same effects, and everything held; 1: something did not hold, or the effects differ; 130: interrupted.</returns>
    public int Replay(SeedFile seed, RunRequest request, CancellationToken stop)
    {
        var result = Simulate(seed.Scenario with { Seed = seed.Seed }, request, stop);
        Show(result, request, isReplay: true);
        if (result.IsPartial && result.ViolationCount == 0)
        {
            return CommandFailures.Interrupted;
        }

        var isSame = result.EffectHash == seed.EffectHash;
        if (!request.Json)
        {
            var differentVersion = seed.Version == result.Version ? "" : $" (recorded by version {seed.Version}, this is {result.Version})";
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, seed.WasInterrupted
                ? (FormattableString)$"the recorded run was interrupted after {Formats.Duration(seed.Simulated)}, so there is no hash to compare"
                : $"effect hash {result.EffectHash}, recorded {seed.EffectHash}: {(isSame ? "the same run" : "NOT the same run")}{differentVersion}");
        }

        return !result.Succeeded || (!isSame && !seed.WasInterrupted) ? CommandFailures.PromiseBroken : CommandFailures.Done;
    }

    private RunResult Simulate(Scenario scenario, RunRequest request, CancellationToken stop)
    {
        var isSilent = request.Json || request.Quiet;
        if (!isSilent)
        {
            ResultTables.WriteHead(console, scenario, Formats.Version(ProductVersion.Text));
        }

        Action<IReadOnlyList<DrawnOption>>? drawn = isSilent ? null : options => ResultTables.WriteDrawn(console, options);
        var settings = new RunSettings { Stop = stop, Drawn = drawn };
        var result = (request, errors) switch
        {
            ({ Quiet: false, Json: false }, _) => ProgressView.Run(console, scenario.Nodes, RunTold),
            ({ Quiet: false }, { } said) => ProgressView.RunWithLines(said.WriteLine, scenario.Nodes, LineEvery, RunTold),
            _ => simulation.Run(scenario, settings),
        };
        return result.Version.Length > 0 ? result : result with { Version = ProductVersion.Text };

        RunResult RunTold(Action<RunProgress> progress) => simulation.Run(scenario, settings with { Progress = progress });
    }

    private void Show(RunResult result, RunRequest request, bool isReplay = false)
    {
        if (request.Json)
        {
            output.WriteLine(ResultJson.ToText(result));
        }
        else if (request.Quiet)
        {
            console.MarkupLineInterpolated($"{result.Scenario.Name}  seed {result.Seed}  {Verdict(result)}  effect hash {result.EffectHash}");
        }
        else
        {
            ResultTables.Write(console, result);
        }

        if (request.ReportFolder is { } folder)
        {
            Say(request, $"report: {ReportFolder.Write(result, folder)}");
        }

        if (!isReplay && SeedPath(result, request) is { } path)
        {
            SeedFile.Of(result).Write(path);
            Say(request, $"seed file: {path}   (simulator replay {path})");
        }
    }

    /// <summary>A run leaves its seed file where it was told to, beside its report, or, when it failed, where the user is.</summary>
    private static string? SeedPath(RunResult result, RunRequest request) =>
        request.SeedFile ?? (request.ReportFolder is { } folder ? Path.Combine(folder, "seed.json") : result.Succeeded ? null : SeedFile.NameOf(result.Scenario with { Seed = result.Seed }));

    private void Shrink(RunResult failed, RunRequest request, CancellationToken stop)
    {
        Say(request, $"looking for a smaller scenario that still fails, {request.MaxTries} tries at the most");
        var shrinker = new Shrinker(simulation)
        {
            MaxTries = request.MaxTries,
            Tried = (number, change, fails) => Say(request, $"  {number}: {change}: {(fails ? "still fails" : "holds")}"),
        };
        var smallest = shrinker.Shrink(failed, stop);
        if (ReferenceEquals(smallest, failed))
        {
            Say(request, $"none of the smaller scenarios failed");
            return;
        }

        var folder = request.ReportFolder ?? (request.SeedFile is { } seed ? Path.GetDirectoryName(Path.GetFullPath(seed))! : ".");
        var name = FormattableString.Invariant($"{FileNames.Safe(smallest.Scenario.Name)}-{smallest.Seed}.shrunk");
        var path = Path.Combine(folder, name + ".json");
        AtomicFile.Write(path, ScenarioReader.ToText(smallest.Scenario with { Seed = smallest.Seed }) + "\n");
        SeedFile.Of(smallest).Write(Path.Combine(folder, name + ".seed.json"));
        Say(request, $"smaller scenario: {path}   {smallest.Scenario.Nodes} nodes, {Durations.Format(smallest.Scenario.Duration)}: {Failures.First(smallest)}");
    }

    private void Say(RunRequest request, FormattableString text)
    {
        if (!request.Json)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, text);
        }
    }

    private static string Verdict(RunResult result) => result switch
    {
        { Succeeded: false } => "did not hold: " + Failures.First(result),
        { IsPartial: true } => $"interrupted after {Formats.Duration(result.Simulated)}",
        _ => "held",
    };

    private static int ExitCodeOf(RunResult result) =>
        !result.Succeeded ? CommandFailures.PromiseBroken : result.IsPartial ? CommandFailures.Interrupted : CommandFailures.Done;
}
