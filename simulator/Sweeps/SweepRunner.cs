using System.Runtime.ExceptionServices;
using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Sweeps;

/// <summary>Runs the cells of a sweep, several at a time; each finished one is a file, so that what was done stays done.</summary>
/// <param name="create">Makes a simulation for one run.</param>
/// <param name="folder">The sweep's folder.</param>
public sealed class SweepRunner(Func<ISimulation> create, string folder)
{
    private int _next;

    /// <summary>Runs at a time.</summary>
    /// <value>Default 1; at least 1.</value>
    public int Jobs { get; init; } = 1;

    /// <summary>Told of each finished run, one at a time.</summary>
    public Action<SweepCell, RunResult>? Finished { get; init; }

    /// <summary>The cells that have no file yet. A file of the same name is of the same scenario, for its name holds the digest.</summary>
    public IReadOnlyList<SweepCell> Missing(IEnumerable<SweepCell> cells) =>
        [.. cells.Where(cell => !File.Exists(Path.Combine(folder, CellFile.FolderName, cell.FileName)))];

    /// <summary>Runs the cells until all are done or somebody stops it; a run that was stopped midway leaves no file.</summary>
    /// <exception cref="AggregateException">A run ended with an error of its own; the others were finished first.</exception>
    public void Run(IReadOnlyList<SweepCell> cells, CancellationToken stop)
    {
        var errors = new List<Exception>();
        var gate = new Lock();
        _next = 0;
        var threads = Enumerable.Range(0, Math.Min(Jobs, cells.Count)).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (errors.Count > 0)
        {
            ExceptionDispatchInfo.Throw(errors[0]); // The others had no better reason: one disk, one folder.
        }

        void Work()
        {
            try
            {
                RunAll(cells, gate, stop);
            }
            catch (Exception e)
            {
                lock (gate)
                {
                    errors.Add(e);
                }
            }
        }
    }

    private void RunAll(IReadOnlyList<SweepCell> cells, Lock gate, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && Interlocked.Increment(ref _next) - 1 is var i && i < cells.Count)
        {
            var result = create().Run(cells[i].Scenario, new RunSettings { Stop = stop });
            if (result.IsPartial && result.ViolationCount == 0)
            {
                return;
            }

            CellFile.Of(cells[i], result).Write(folder, cells[i].FileName);
            lock (gate)
            {
                Finished?.Invoke(cells[i], result);
            }
        }
    }
}
