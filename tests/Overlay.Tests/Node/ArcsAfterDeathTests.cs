using Overlay.Effects;

namespace Overlay.Tests.Node;

/// <summary>Every key has one owner again after deaths, while the network is founding and when it runs a ring, and newcomers find their arc.</summary>
public sealed class ArcsAfterDeathTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(12)]
    public void Two_deaths_and_a_newcomer_leave_no_key_without_an_owner(int count)
    {
        for (var seed = 1UL; seed <= 30; seed++)
        {
            var network = new TestNetwork { Seed = seed, Latency = TimeSpan.FromMilliseconds(1), Jitter = TimeSpan.FromMilliseconds(10) };
            var prng = new Prng(seed);
            network.StartHub();
            for (var index = 0; index < count; index++)
            {
                var node = network.Add();
                network.RunUntil(() => node.IsMember, TimeSpan.FromSeconds(30));
            }

            network.RunUntil(network.IsIdealRing, TimeSpan.FromSeconds(30));
            var victims = network.Nodes.OrderBy(_ => prng.Next()).Take(2).ToArray();
            network.Kill(victims[0]);
            network.Kill(victims[1]);
            network.RunUntil(() => network.IsIdealRing() && HasNoGap(network), TimeSpan.FromSeconds(20));

            var late = network.Add();
            network.RunUntil(() => late.IsMember && network.IsIdealRing() && HasNoGap(network), TimeSpan.FromSeconds(20));
        }
    }

    private static bool HasNoGap(TestNetwork network)
    {
        var living = network.Living.ToArray();
        foreach (var node in living)
        {
            if (living.Count(other => other.Node.OwnsKey(node.Id)) != 1 || living.Count(other => other.Node.OwnsKey(node.Id.Plus(1))) != 1)
            {
                return false;
            }
        }

        return true;
    }
}
