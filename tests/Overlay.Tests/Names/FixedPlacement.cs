using Overlay.Names;
using Overlay.Ring;

namespace Overlay.Tests.Names;

/// <summary>A placement that a test states.</summary>
internal sealed class FixedPlacement : INamePlacement
{
    public Func<RingId, bool> Owning { get; set; } = _ => true;

    public RingId[] Replicas { get; set; } = [];

    public Func<RingId, bool> Plausible { get; set; } = _ => true;

    public bool Owns(RingId key) => Owning(key);

    public int CopyReplicas(Span<RingId> into)
    {
        var count = Math.Min(into.Length, Replicas.Length);
        Replicas.AsSpan(0, count).CopyTo(into);
        return count;
    }

    public bool IsPlausibleKeeper(RingId key, RingId node) => Plausible(node);
}
