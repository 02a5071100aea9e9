using Overlay.Simulator.Churn;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Runs;

/// <summary>The trace files that a scenario names, each read once.</summary>
internal sealed class TraceBook
{
    private readonly Dictionary<string, IReadOnlyList<TraceEntry>> _traces = new(StringComparer.Ordinal);

    private TraceBook()
    {
    }

    /// <summary>The ups and downs of a churn that follows a file.</summary>
    public IReadOnlyList<TraceEntry> this[ChurnSpec churn] => _traces[churn.Trace!];

    /// <summary>Reads the files of all phases.</summary>
    /// <inheritdoc cref="TraceFile.Read(string)"/>
    public static TraceBook Read(Scenario scenario)
    {
        var book = new TraceBook();
        foreach (var phase in scenario.Phases)
        {
            if (scenario.ChurnOf(phase) is { Renewal: RenewalKind.Trace, Trace: { } file } && !book._traces.ContainsKey(file))
            {
                book._traces.Add(file, TraceFile.Read(file));
            }
        }

        return book;
    }
}
