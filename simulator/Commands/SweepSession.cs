using System.Diagnostics;
using System.Globalization;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Overlay.Simulator.Sweeps;
using Spectre.Console;

namespace Overlay.Simulator.Commands;

/// <summary>What a sweep is to do and where.</summary>
public sealed record SweepRequest
{
    /// <summary>The sweep's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Runs at a time.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>The part of the runs that is this process's.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Whether runs that are already there are kept.</summary>
    public bool Resume { get; init; }

    /// <summary>The summary as JSON on the output, and nothing else there.</summary>
    public bool Json { get; init; }
}

/// <summary>One sweep from its first line to its exit code.</summary>
/// <param name="create">Makes a simulation for one run.</param>
/// <param name="console">Where people read.</param>
/// <param name="output">Where programs read.</param>
/// <param name="errors">Where a sweep whose output is JSON says how far it is; null: nowhere.</param>
public sealed class SweepSession(Func<ISimulation> create, IAnsiConsole console, TextWriter output, TextWriter? errors = null)
{
    private readonly Stopwatch _since = new();
    private int _before;

    /// <summary>Runs what is not done yet and summarizes what is.</summary>
    /// <returns>0: every run held; 1: some did not; 130: interrupted, to be gone on with by <c>--resume</c>.</returns>
    /// <exception cref="InvalidDataException">The folder holds other runs already, and nothing was said of resuming.</exception>
    public int Run(SweepPlan plan, SweepRequest request, CancellationToken stop)
    {
        var mine = plan.Cells.Where(cell => request.Shard.Holds(cell.Number)).ToList();
        var done = 0;
        var runner = new SweepRunner(create, request.Folder)
        {
            Jobs = request.Jobs,
            Finished = (cell, result) => Tell(cell, result, ++done, mine.Count, request),
        };
        var missing = runner.Missing(mine);
        _before = done = mine.Count - missing.Count;
        _since.Restart();
        if (done > 0 && !request.Resume)
        {
            throw new InvalidDataException($"{request.Folder} holds {done} of these runs already; go on with them by --resume, or name another folder");
        }

        Say(request, $"{plan.Cells.Count} runs{(mine.Count < plan.Cells.Count ? $", {mine.Count} of them in part {request.Shard.Index}/{request.Shard.Count}" : "")}{(done > 0 ? $", {done} done already" : "")}, {request.Jobs} at a time");
        runner.Run(missing, stop);
        if (stop.IsCancellationRequested && runner.Missing(mine).Count > 0)
        {
            Say(request, $"interrupted; go on with --resume");
            return CommandFailures.Interrupted;
        }

        var cells = mine.ConvertAll(cell => CellFile.Read(Path.Combine(request.Folder, CellFile.FolderName, cell.FileName)));
        return Summarize(SweepSummary.Of(cells), request.Folder, request.Json);
    }

    /// <summary>Summarizes the cells of several folders into one.</summary>
    /// <returns>0: every run held; 1: some did not.</returns>
    /// <exception cref="InvalidDataException">There are no cells, or the same run was done twice with different effects.</exception>
    public int Merge(IReadOnlyList<string> folders, string into, bool json) =>
        Summarize(SweepSummary.Of(CellFile.Find(folders).Select(CellFile.Read)), into, json);

    private int Summarize(SweepSummary summary, string folder, bool json)
    {
        var page = SweepReport.Write(summary, folder);
        if (json)
        {
            output.WriteLine(SweepReport.ToJson(summary));
        }
        else
        {
            SweepReport.Write(console, summary);
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"report: {page}");
        }

        return summary.Failed == 0 ? CommandFailures.Done : CommandFailures.PromiseBroken;
    }

    private void Tell(SweepCell cell, RunResult result, int done, int all, SweepRequest request)
    {
        if (!result.Succeeded)
        {
            var path = Path.Combine(request.Folder, "failed", SeedFile.NameOf(cell.Scenario with { Name = cell.FileName[..^CellFile.Extension.Length] }));
            SeedFile.Of(result).Write(path);
            Say(request, $"{done}/{all}  {cell.Label}: did not hold: {Failures.First(result)}   (simulator replay {path})");
            return;
        }

        var left = Formats.Duration(_since.Elapsed * ((double)(all - done) / Math.Max(1, done - _before)));
        Say(request, $"{done}/{all}  {cell.Label}: success {Formats.Percent(result.Totals.LookupSuccess)}, {Formats.Number(result.Totals.MeanHops)} hops, {Formats.Duration(result.Wall)}   {left} left");
    }

    private void Say(SweepRequest request, FormattableString text)
    {
        if (request.Json)
        {
            errors?.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, text);
        }
    }
}
