using Overlay.Checks;
using Overlay.Ring;

namespace Overlay.Tests.Checks;

/// <summary>Snapshots made by hand.</summary>
internal static class Rings
{
    public static RingId Id(int value) => RingId.From((ulong)value);

    public static RingId[] Ids(params int[] values) => [.. values.Select(Id)];

    public static RingSnapshot Ideal(int r, params int[] values)
    {
        var ids = Ids([.. values.Order()]);
        var nodes = ids.Select((id, at) => new RingNodeState(
            id,
            NodePhase.Member,
            ids[(at + ids.Length - 1) % ids.Length],
            [.. Enumerable.Range(1, Math.Min(r, ids.Length - 1)).Select(step => ids[(at + step) % ids.Length])],
            RingArc.Between(ids[(at + ids.Length - 1) % ids.Length], id)));
        return new(r, 0, [.. nodes]);
    }

    public static RingSnapshot With(this RingSnapshot ring, int id, Func<RingNodeState, RingNodeState> change) =>
        ring with { Nodes = [.. ring.Nodes.Select(node => node.Id == Id(id) ? change(node) : node)] };

    public static RingSnapshot Without(this RingSnapshot ring, params int[] ids) =>
        ring with { Nodes = [.. ring.Nodes.Where(node => !Ids(ids).Contains(node.Id))] };

    public static RingSnapshot Plus(this RingSnapshot ring, RingNodeState node) => ring with { Nodes = [.. ring.Nodes, node] };
}
