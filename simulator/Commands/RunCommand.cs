using System.CommandLine;
using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator run</c>: one scenario, from its parameters to its report.</summary>
internal static class RunCommand
{
    private const string ExitCodes = "Exit codes: 0 everything held, 1 something did not, 2 bad input, 130 interrupted (with a valid partial report).";

    public static Command Create(Func<ISimulation> simulation)
    {
        var arguments = new ScenarioArguments();
        var json = CommonOptions.Json("The whole result as JSON, and nothing else on the output.");
        var report = new Option<string?>("--report") { Description = "A folder for report.html, result.json, samples.csv and seed.json." };
        var quiet = new Option<bool>("--quiet") { Description = "One line and no more: scenario, seed, verdict, hash." };
        var seedFile = new Option<string?>("--seed-file") { Description = "Where the seed file goes. Default: into the report's folder; a failed run always leaves one." };
        var shrink = new Option<bool>("--shrink") { Description = "When the run fails, looks for a smaller scenario that still fails." };
        var tries = CommonOptions.Number("--tries", 1, 1_000_000, 60, "Runs tried for --shrink at the most.");
        var command = arguments.AddTo(new("run", "Runs a scenario. " + ExitCodes));
        foreach (var option in new Option[] { json, report, quiet, seedFile, shrink, tries })
        {
            command.Add(option);
        }

        command.SetAction(parsed => CommandFailures.Guard(() =>
        {
            var scenario = arguments.Read(parsed, "quiet");
            var request = new RunRequest
            {
                Json = parsed.GetValue(json),
                Quiet = parsed.GetValue(quiet),
                ReportFolder = parsed.GetValue(report),
                SeedFile = parsed.GetValue(seedFile),
                Shrink = parsed.GetValue(shrink),
                MaxTries = parsed.GetValue(tries),
            };
            CommandFailures.MakeFolder("--report", request.ReportFolder);
            CommandFailures.MakeFolder("--seed-file", request.SeedFile is { Length: > 0 } seed ? Path.GetDirectoryName(Path.GetFullPath(seed)) : request.SeedFile);
            using var interruption = new Interruption();
            return new RunSession(simulation(), Terminal.OfProcess, Console.Out, Console.Error).Run(scenario, request, interruption.Token);
        }));
        return command;
    }
}
