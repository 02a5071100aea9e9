using Overlay.Effects;
using Overlay.Messages;

namespace Overlay.Tests.Node;

/// <summary>A name survives the nodes that kept it: every one of them hands it over before it goes.</summary>
public sealed class NameHandOverTests
{
    // a registers;  b joins (and may become the keeper), tries the same name, is refused and leaves at once;  a asks: the name is still its own.
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(50)]
    public void A_keeper_that_comes_and_goes_loses_no_name(int latencyMilliseconds)
    {
        for (var index = 100; index < 140; index++)
        {
            var network = new TestNetwork { Latency = TimeSpan.FromMilliseconds(latencyMilliseconds) };
            network.StartHub();
            var a = network.Add();
            network.RunUntil(() => a.IsMember, TimeSpan.FromSeconds(20));
            var registered = Await(network, a, (node, now, outbox) => node.Register(now, "alice", outbox));
            Assert.Equal(Outcome.Done, registered.Outcome);

            var b = network.Add(index: index);
            network.RunUntil(() => b.IsMember, TimeSpan.FromSeconds(20));
            var taken = Await(network, b, (node, now, outbox) => node.Register(now, "alice", outbox));
            Assert.Equal(Outcome.NameTaken, taken.Outcome);
            Await(network, b, (node, now, outbox) => node.Leave(now, outbox));
            network.Kill(b);

            var resolved = Await(network, a, (node, now, outbox) => node.Resolve(now, "alice", outbox));
            Assert.True(resolved.Outcome == Outcome.Done, $"index {index}: {resolved.Outcome}");
            Assert.Equal(a.Id, ((NameEntry)resolved.Result!).Record.Owner.Id);
        }
    }

    private static Ending Await(TestNetwork network, TestNode node, Func<OverlayNode, Overlay.Time.Instant, Outbox, RequestId> command)
    {
        var request = node.Step(command);
        network.RunUntil(() => node.Endings.ContainsKey(request), TimeSpan.FromSeconds(20));
        return node.Endings[request];
    }
}
