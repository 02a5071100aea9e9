using System.CommandLine;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator bench</c>: figures of the simulator itself, beside those of others on the same workload.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures the simulator on published workloads.")
    {
        BenchCommandEngine.Create(), BenchCommandChord.CreateChord(), BenchCommandChord.CreateSgChord(), BenchCommandMemory.Create(), BenchCommandStep.Create(),
    };
}
