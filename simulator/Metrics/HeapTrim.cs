namespace Overlay.Simulator.Metrics;

/// <summary>Keeps what a long run holds of the machine's memory near what lives in it.</summary>
/// <remarks>
/// Nodes live for long and change slowly, so the collector leaves the old generation alone for long too, and what died in it stays between what lives: after ten minutes of
/// a million nodes that is as much again. Whenever the process has grown by a quarter since the last time, everything is compacted.
/// </remarks>
internal sealed class HeapTrim
{
    /// <summary>Young objects fill about as much before the collector looks at them.</summary>
    private const long WorthIt = 256L << 20;

    private long _limit = WorthIt;

    /// <summary>To be called now and then.</summary>
    public void Look()
    {
        if (Environment.WorkingSet < _limit)
        {
            return;
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var after = Environment.WorkingSet;
        _limit = after + Math.Max(after / 4, WorthIt);
    }
}
