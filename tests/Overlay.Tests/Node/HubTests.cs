using Overlay.Admission;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Node;

public sealed class HubTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_hub_keeps_sockets_to_gateways_only()
    {
        var network = RepairTests.Ring(16);

        network.Run(TimeSpan.FromSeconds(5));

        Assert.InRange(network.Hub!.Statistics.Sessions, 1, 8);
        Assert.Equal(network.Hub.Statistics.Gateways, network.Hub.Statistics.Sessions);
        Assert.Equal(network.Nodes.Sum(node => node.Sessions.Count), network.Hub.Statistics.Sessions);
    }

    [Fact]
    public void A_slot_moves_to_the_member_that_became_responsible_for_it()
    {
        var network = RepairTests.Ring(9);
        var gateway = network.Nodes.First(node => node.Sessions.Count > 0);

        network.Kill(gateway);
        network.RunUntil(network.IsIdealRing, Limit);
        network.Run(TimeSpan.FromSeconds(2));
        var newcomer = network.Add();
        network.RunUntil(() => newcomer.IsMember && network.IsIdealRing(), Limit);

        Assert.InRange(network.Hub!.Statistics.Gateways, 1, 8);
    }

    [Fact]
    public void Gateways_come_back_when_the_hub_does_and_a_newcomer_joins_the_same_ring()
    {
        var network = RepairTests.Ring(9);
        var held = network.Hub!.Statistics.Gateways;

        network.StopHub();
        network.Run(TimeSpan.FromSeconds(30));
        network.StartHub();
        network.RunUntil(() => network.Hub!.Statistics.Gateways == held, TimeSpan.FromSeconds(12));
        network.AddMembers(1);
        network.RunUntil(network.IsIdealRing, Limit);

        Assert.Equal(10, network.Nodes.Count(node => node.IsMember));
    }

    [Fact]
    public void A_hub_that_lost_its_memory_is_filled_again_by_the_members()
    {
        var network = RepairTests.Ring(9);
        var held = network.Hub!.Statistics.Gateways;

        network.StopHub();
        network.Run(TimeSpan.FromSeconds(30));
        network.StartHub(remembers: false);
        network.RunUntil(() => network.Hub!.Statistics.Gateways == held, TimeSpan.FromSeconds(12));
        network.AddMembers(1);
        network.RunUntil(network.IsIdealRing, Limit);

        Assert.True(network.Hub!.IsFounded);
        Assert.Equal(10, network.Nodes.Count(node => node.IsMember));
    }

    [Fact]
    public void A_newcomer_at_a_hub_that_came_back_waits_for_a_gateway_instead_of_founding()
    {
        var network = RepairTests.Ring(9);
        network.StopHub();
        network.Run(TimeSpan.FromSeconds(30));
        network.StartHub();

        var newcomer = network.Add();
        network.RunUntil(() => newcomer.IsMember && network.IsIdealRing(), Limit);

        Assert.Equal(10, network.Nodes.Count(node => node.IsMember));
    }

    [Fact]
    public void A_node_that_remembers_another_hub_key_refuses_the_hub()
    {
        var network = new TestNetwork();

        var node = network.Add(rememberedHubKey: new byte[64]);
        network.Run(TimeSpan.FromSeconds(2));

        Assert.Equal(Outcome.HubKeyChanged, node.Endings[new RequestId(1)].Outcome);
        Assert.Equal(NodePhase.Idle, node.Node.Phase);
        Assert.Equal(1, node.Count(Observation.HubKeyChanged));
        Assert.Equal(Instant.Never, node.WakeAt);
    }

    [Fact]
    public void Members_refuse_a_hub_that_came_back_with_another_key()
    {
        var network = RepairTests.Ring(5);

        network.StopHub();
        network.Run(TimeSpan.FromSeconds(2));
        network.StartHub(key: 2_000_000, remembers: false);
        network.Run(TimeSpan.FromSeconds(15));

        Assert.Equal(0, network.Hub!.Statistics.Gateways);
        Assert.Contains(network.Nodes, node => node.Count(Observation.HubKeyChanged) > 0);
        RepairTests.AllPairsTalk(network);
    }

    [Fact]
    public void A_hub_that_is_not_there_is_tried_again_until_it_is()
    {
        var network = new TestNetwork();
        network.StopHub();
        var node = network.Add();
        network.Run(TimeSpan.FromSeconds(30));

        network.StartHub();
        network.RunUntil(() => node.IsMember, TimeSpan.FromSeconds(11));

        Assert.Equal(Outcome.Done, node.Endings[new RequestId(1)].Outcome);
    }

    [Fact]
    public void A_certificate_is_renewed_at_half_of_its_life_through_a_gateway()
    {
        var network = new TestNetwork { HubOptions = HubAdmissionOptions.Loopback with { CertificateLife = TimeSpan.FromHours(1) } };
        network.AddMembers(3);
        var before = network.Nodes.Select(node => node.Node.Self.Certificate).ToArray();

        network.Run(TimeSpan.FromMinutes(31));

        Assert.All(network.Nodes.Zip(before), pair => Assert.True(pair.First.Node.Self.Certificate.NotAfter > pair.Second.NotAfter));
        Assert.Equal(before.Select(certificate => certificate.Id), network.Nodes.Select(node => node.Id));
    }
}
