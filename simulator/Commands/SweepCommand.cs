using System.CommandLine;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Sweeps;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator sweep</c> and <c>simulator merge</c>: a scenario over a grid of values and many seeds, and what came of it.</summary>
internal static class SweepCommand
{
    private const string ExitCodes = "Exit codes: 0 every run held, 1 some did not, 2 bad input, 130 interrupted.";

    public static Command Create(Func<ISimulation> simulation)
    {
        var arguments = new ScenarioArguments();
        var grid = new Option<string[]>("--grid")
        {
            Description = "A key and its values: --grid nodes=1000,10000 churn.session.median=10m,1h. Every combination is run.",
            DefaultValueFactory = _ => [],
            AllowMultipleArgumentsPerToken = true,
        };
        var seeds = new Option<string>("--seeds") { Description = "The seeds of each point: 1..20, or 1,5,7.", DefaultValueFactory = _ => "1..5" };
        var jobs = CommonOptions.Number("--jobs", 1, 1024, Environment.ProcessorCount, "Runs at a time, each on a thread of its own.");
        var folder = Folder("A folder for one file for each run, and for the summary.");
        var shard = new Option<string?>("--shard") { Description = "Runs only part I of N, for job arrays: --shard $SLURM_ARRAY_TASK_ID/16. Counting from 0 or from 1 both work." };
        var resume = new Option<bool>("--resume") { Description = "Goes on where an earlier sweep into the same folder ended." };
        var json = CommonOptions.Json("The summary as JSON, and nothing else on the output.");
        var command = arguments.AddTo(new("sweep", "Runs a scenario at every point of a grid with many seeds. " + ExitCodes), withSeed: false);
        foreach (var option in new Option[] { grid, seeds, jobs, folder, shard, resume, json })
        {
            command.Add(option);
        }

        command.SetAction(parsed => CommandFailures.Guard(() =>
        {
            var plan = SweepPlan.Create(SweepGrid.Parse(parsed.GetValue(grid)!), SeedList.Parse(parsed.GetValue(seeds)!), values => arguments.Read(parsed, more: values));
            var request = new SweepRequest
            {
                Folder = parsed.GetValue(folder)!,
                Jobs = parsed.GetValue(jobs),
                Shard = parsed.GetValue(shard) is { } part ? Shard.Parse(part) : Shard.Whole,
                Resume = parsed.GetValue(resume),
                Json = parsed.GetValue(json),
            };
            CommandFailures.MakeFolder("--out", request.Folder);
            using var interruption = new Interruption();
            return new SweepSession(simulation, Terminal.OfProcess, Console.Out, Console.Error).Run(plan, request, interruption.Token);
        }));
        return command;
    }

    /// <summary><c>simulator merge</c>.</summary>
    public static Command CreateMerge(Func<ISimulation> simulation)
    {
        var folders = new Argument<string[]>("folders") { Description = "Folders of sweeps, or of parts of one.", Arity = ArgumentArity.OneOrMore };
        var into = Folder("A folder for the summary.");
        var json = CommonOptions.Json("The summary as JSON, and nothing else on the output.");
        var command = new Command("merge", "Summarizes the runs of several folders: table, CSV, JSON and a page with mean and confidence interval for each point. " + ExitCodes) { folders, into, json };
        command.SetAction(parsed => CommandFailures.Guard(() =>
        {
            CommandFailures.MakeFolder("--out", parsed.GetValue(into));
            return new SweepSession(simulation, Terminal.OfProcess, Console.Out).Merge(parsed.GetValue(folders)!, parsed.GetValue(into)!, parsed.GetValue(json));
        }));
        return command;
    }

    private static Option<string> Folder(string description) => new("--out") { Description = description, Required = true };
}
