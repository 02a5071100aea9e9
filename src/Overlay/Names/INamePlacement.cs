using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>Where names lie: all that the directory knows of the topology. The ring's answer is an arc and its successors, a tree's a walk and its parent and siblings.</summary>
public interface INamePlacement
{
    /// <summary>Whether this node answers for <paramref name="key"/> now.</summary>
    bool Owns(RingId key);

    /// <summary>Whether all that others kept of <paramref name="key"/>, for which this node answers, has had time to come here. Before that, a name that is not here may be somebody's.</summary>
    bool IsSettledFor(Instant now, RingId key);

    /// <summary>How long a record for which this node does not answer any more waits here for a keeper's word, before it is offered; null: until the next round, because records go by grants.</summary>
    TimeSpan? OfferAfter { get; }

    /// <summary>Whether <paramref name="key"/> went to somebody whom all questions about it reach through this node, so that what is sent to it now is there before them.</summary>
    bool IsHandedDown(RingId key);

    /// <summary>The nodes that keep copies of what this node answers for, its first heir first; never this node itself.</summary>
    /// <returns>How many there are: <paramref name="into"/> full, or as many as the network has.</returns>
    int CopyReplicas(Span<RingId> into);

    /// <summary>Whether <paramref name="node"/> may have answered for <paramref name="key"/> a while ago, as far as its position tells.</summary>
    bool IsPlausibleKeeper(RingId key, RingId node);
}
