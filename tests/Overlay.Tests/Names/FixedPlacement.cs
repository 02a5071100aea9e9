using Overlay.Names;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Names;

/// <summary>A placement that a test states.</summary>
internal sealed class FixedPlacement : INamePlacement
{
    public Func<RingId, bool> Owning { get; set; } = _ => true;

    public RingId[] Replicas { get; set; } = [];

    public bool IsSettled { get; set; } = true;

    public Func<RingId, bool> HandedDown { get; set; } = _ => false;

    public Func<RingId, bool> Plausible { get; set; } = _ => true;

    public bool Owns(RingId key) => Owning(key);

    public int CopyReplicas(Span<RingId> into)
    {
        var count = Math.Min(into.Length, Replicas.Length);
        Replicas.AsSpan(0, count).CopyTo(into);
        return count;
    }

    public bool IsSettledFor(Instant now, RingId key) => IsSettled;

    public TimeSpan? OfferAfter { get; set; }

    public bool IsHandedDown(RingId key) => HandedDown(key);

    public bool IsPlausibleKeeper(RingId key, RingId node) => Plausible(node);
}
