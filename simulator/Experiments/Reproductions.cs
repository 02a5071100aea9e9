namespace Overlay.Simulator.Experiments;

/// <summary>The published experiments that can be done again.</summary>
public static class Reproductions
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Reproduction> All { get; } = [new ChordPathLength(), new ChordFailures(), new ChordChurn(), new BambooChurn()];
}
