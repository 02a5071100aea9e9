using Overlay.Effects;
using Overlay.Ring;

namespace Overlay.Tests.Node;

/// <summary>Fingers of whole nodes: where they point, and that they follow.</summary>
public sealed class FingerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void Every_finger_is_the_first_member_at_or_after_its_start()
    {
        var network = new TestNetwork().Settle(24);
        foreach (var node in network.Nodes)
        {
            node.Step((one, now, outbox) => one.UpdateFingerTable(now, outbox));
        }

        network.RunUntil(() => network.Nodes.TrueForAll(node => Wrong(network, node).Count == 0), Limit);

        Assert.All(network.Nodes, node => Assert.NotEmpty(node.Node.Snapshot().Fingers));
    }

    [Fact]
    public void A_finger_that_left_is_replaced_when_the_row_is_updated_and_the_change_is_told()
    {
        var network = new TestNetwork().Settle(24);
        var node = network.Nodes[3];
        network.RunUntil(() => Wrong(network, node).Count == 0 && node.Node.Snapshot().Fingers.Count > 3, Limit);
        var neighbours = node.Node.Successors.ToArray().Select(contact => contact.Id).ToHashSet();
        var finger = node.Node.Snapshot().Fingers.First(entry => !neighbours.Contains(entry.Id) && entry.Id != node.Node.Predecessor?.Id);
        network.Nodes.First(one => one.Id == finger.Id).Leave();
        network.RunUntil(() => !node.Node.Snapshot().Fingers.Any(entry => entry.Id == finger.Id), Limit);
        network.RunUntil(() => network.Nodes.First(one => one.Id == finger.Id).Node.Phase == NodePhase.Left, Limit);
        network.Nodes.First(one => one.Id == finger.Id).IsAlive = false;
        var told = node.Count(Observation.NeighboursChanged);

        node.Step((one, now, outbox) => one.UpdateFinger(now, finger.Row, outbox));
        network.RunUntil(() => Wrong(network, node).Count == 0 && node.Node.Snapshot().Fingers.Any(entry => entry.Row == finger.Row), Limit);

        Assert.True(node.Count(Observation.NeighboursChanged) > told);
    }

    [Fact]
    public void When_the_successor_leaves_the_next_one_takes_its_place_within_two_seconds()
    {
        var network = new TestNetwork().Settle(12);
        var node = network.Nodes[3];
        var (first, second) = (node.Node.Successors[0].Id, node.Node.Successors[1].Id);

        network.Nodes.First(one => one.Id == first).Leave();

        network.RunUntil(() => node.Node.Successors[0].Id == second, TimeSpan.FromSeconds(2));
    }

    /// <summary>Rows that point to somebody else than the first living member at or after their start.</summary>
    private static List<byte> Wrong(TestNetwork network, TestNode node)
    {
        var wrong = new List<byte>();
        foreach (var finger in node.Node.Snapshot().Fingers)
        {
            var start = node.Id.FingerStart(finger.Row);
            if (network.Living.MinBy(one => start.ClockwiseTo(one.Id))!.Id != finger.Id)
            {
                wrong.Add(finger.Row);
            }
        }

        return wrong;
    }
}
