using Overlay.Ring;

namespace Overlay.Names;

/// <summary>Where names lie: all that the directory knows of the topology. The ring's answer is an arc and its successors, a tree's a walk and its parent and siblings.</summary>
public interface INamePlacement
{
    /// <summary>Whether this node answers for <paramref name="key"/> now.</summary>
    bool Owns(RingId key);

    /// <summary>The nodes that keep copies of what this node answers for, its first heir first; never this node itself.</summary>
    /// <returns>How many there are: <paramref name="into"/> full, or as many as the network has.</returns>
    int CopyReplicas(Span<RingId> into);

    /// <summary>Whether <paramref name="node"/> may have answered for <paramref name="key"/> a while ago, as far as its position tells.</summary>
    bool IsPlausibleKeeper(RingId key, RingId node);
}
