using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tests.Node;

/// <summary>What is asked of a key whose owner has just died waits for the heir.</summary>
public sealed class HoldingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_look_up_for_a_key_of_the_dead_is_answered_by_the_heir_and_nobody_is_told_that_it_cannot_be_reached(ulong seed)
    {
        var network = new TestNetwork { Seed = seed }.Settle(24);
        var victim = network.Nodes[(int)seed * 5];
        var key = victim.Id.Plus(RingId.RingSize - 1);
        var told = Watch(network);

        Kill(network, victim);
        var asked = network.Living.Select(node => (Node: node, Request: LookUp(node, key))).ToArray();
        network.RunUntil(() => asked.All(one => one.Node.Endings.ContainsKey(one.Request)), Limit);

        var heir = network.Living.MinBy(node => key.ClockwiseTo(node.Id))!;
        Assert.All(asked, one => Assert.Equal(Outcome.Done, one.Node.Endings[one.Request].Outcome));
        Assert.All(asked, one => Assert.Equal(heir.Id, Assert.IsType<Owner>(one.Node.Endings[one.Request].Result).Self.Id));
        Assert.Empty(told);
    }

    [Fact]
    public void More_than_there_is_room_for_go_back_as_unreachable_and_every_question_ends()
    {
        var network = new TestNetwork { Seed = 4 }.Settle(24);
        var victim = network.Nodes[7];
        var key = victim.Id.Plus(RingId.RingSize - 1);
        var told = Watch(network);

        Kill(network, victim);
        var asked = network.Living.SelectMany(node => Enumerable.Range(0, 40).Select(_ => (Node: node, Request: LookUp(node, key)))).ToArray();
        network.RunUntil(() => asked.All(one => one.Node.Endings.ContainsKey(one.Request)), Limit);

        Assert.NotEmpty(told);
        Assert.All(asked, one => Assert.Contains(one.Node.Endings[one.Request].Outcome, new[] { Outcome.Done, Outcome.Unreachable, Outcome.TimedOut }));
    }

    /// <summary>Those that are linked to it know at once that their links are gone, though not why; only its heir waits for it, and finds out.</summary>
    private static void Kill(TestNetwork network, TestNode victim)
    {
        var heir = network.Living.Where(node => node != victim).MinBy(node => victim.Id.ClockwiseTo(node.Id));
        var linked = network.Living.Where(node => node != victim && node != heir && node.Node.IsLinked(victim.Id)).ToArray();
        network.Kill(victim);
        foreach (var node in linked)
        {
            network.Break(node, victim);
        }
    }

    /// <summary>The look-ups of which somebody said that they cannot be delivered.</summary>
    private static HashSet<(RingId, ulong)> Watch(TestNetwork network)
    {
        var (asked, told) = (new HashSet<(RingId, ulong)>(), new HashSet<(RingId, ulong)>());
        network.Sending = (_, _, message) =>
        {
            if (message.Body is SignedBody { Payload: FindOwner { Purpose: LookupPurpose.Application } })
            {
                asked.Add((message.Source, message.MessageId));
            }
            else if (message.Body is SignedBody { Payload: Unreachable unreachable } && asked.Contains((message.Destination, unreachable.MessageId)))
            {
                told.Add((message.Destination, unreachable.MessageId));
            }
        };
        return told;
    }

    private static RequestId LookUp(TestNode node, RingId key) => node.Step((asking, now, outbox) => asking.Lookup(now, key, outbox));
}
