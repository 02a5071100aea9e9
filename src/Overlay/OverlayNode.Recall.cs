namespace Overlay;

/// <summary>For hosts with more nodes than a processor's cache holds.</summary>
public sealed partial class OverlayNode
{
    /// <summary>
    /// Brings the memory that a step touches near the processor, for nodes whose turn comes next. Changes nothing. Steps of nodes that lie cold in memory wait for one
    /// line after the other; here the lines of all of them are asked for side by side.
    /// </summary>
    /// <param name="nodes">Few dozens at most, or the first have gone cold again before their turn comes.</param>
    /// <returns>Nothing of meaning: the reading must lead somewhere, or it would be left out.</returns>
    public static long Recall(ReadOnlySpan<OverlayNode> nodes)
    {
        var read = 0L;
        foreach (var node in nodes)
        {
            read += node._wakeAt.Ticks + node._lastRequest + (node._isSettled ? 1 : 0);
        }

        foreach (var node in nodes)
        {
            read += node._context.Recall() + node._detector.Recall() + node._links.Recall() + node._intake.Recall() + node._hubs.Recall() + (node._ring?.Recall() ?? 0);
        }

        foreach (var node in nodes)
        {
            read += node._context.Links.Recall();
        }

        foreach (var node in nodes)
        {
            read += node._context.Links.RecallEntries();
        }

        return read;
    }
}
