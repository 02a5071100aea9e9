using System.CommandLine;
using System.Globalization;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator bench</c>: figures of the simulator itself, beside those of others on the same workload.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures the simulator on published workloads.")
    {
        BenchCommandEngine.Create(), BenchCommandChord.CreateChord(), BenchCommandChord.CreateSgChord(), BenchCommandMemory.Create(), BenchCommandStep.Create(),
    };

    /// <summary>Reads numbers apart by commas, each from <paramref name="least"/> to <paramref name="most"/>, into ascending order.</summary>
    public static bool TryReadNodes(string? text, int least, int most, out int[] counts)
    {
        var fields = (text ?? "").Split(',', StringSplitOptions.TrimEntries);
        counts = new int[fields.Length];
        for (var index = 0; index < fields.Length; index++)
        {
            if (!int.TryParse(fields[index], NumberStyles.None, CultureInfo.InvariantCulture, out counts[index]) || counts[index] < least || counts[index] > most)
            {
                return false;
            }
        }

        Array.Sort(counts);
        return true;
    }
}
