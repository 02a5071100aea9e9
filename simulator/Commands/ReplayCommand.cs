using System.CommandLine;
using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator replay</c>: runs what a seed file holds, and compares the effects.</summary>
internal static class ReplayCommand
{
    public static Command Create(Func<ISimulation> simulation)
    {
        var file = new Argument<string>("seed file") { Description = "A file that a run left: seed.json of a report, or NAME-SEED.seed.json of a failed run." };
        var json = CommonOptions.Json("The whole result as JSON, and nothing else on the output.");
        var report = new Option<string?>("--report") { Description = "A folder for report.html, result.json and samples.csv." };
        var quiet = new Option<bool>("--quiet") { Description = "One line and no more: scenario, seed, verdict, hash." };
        var command = new Command(
            "replay", "Runs a recorded seed again and compares the hash over all effects. Exit codes: 0 the same run and everything held, 1 not so, 2 bad input, 130 interrupted.")
        {
            file, json, report, quiet,
        };
        command.SetAction(parsed => CommandFailures.Guard(() =>
        {
            var seed = SeedFile.Read(parsed.GetValue(file)!);
            var request = new RunRequest { Json = parsed.GetValue(json), Quiet = parsed.GetValue(quiet), ReportFolder = parsed.GetValue(report) };
            CommandFailures.MakeFolder("--report", request.ReportFolder);
            using var interruption = new Interruption();
            return new RunSession(simulation(), Terminal.OfProcess, Console.Out, Console.Error).Replay(seed, request, interruption.Token);
        }));
        return command;
    }
}
