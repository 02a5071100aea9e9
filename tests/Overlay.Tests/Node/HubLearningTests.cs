using Overlay.Admission;
using Overlay.Identity;
using Overlay.Simulator.Ports;

namespace Overlay.Tests.Node;

/// <summary>Hubs that a member heard of from others: told from neighbour to neighbour, and dialled by whoever is responsible for their slots.</summary>
public sealed class HubLearningTests
{
    private const string Second = "ws://second/";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly KeyedSigning _hub = new(TestNetwork.World, 1_000_000);

    [Fact]
    public void What_one_member_learns_all_know_and_only_those_responsible_for_its_slots_dial()
    {
        var network = RepairTests.Ring(16);

        Teach(network, network.Nodes[3], Place(7));
        network.RunUntil(() => network.Nodes.TrueForAll(node => node.Node.HubPlaces.Count == 1), TimeSpan.FromSeconds(2));
        network.Run(TimeSpan.FromSeconds(5));

        Assert.All(network.Nodes, node => Assert.Equal(Second, node.Node.HubPlaces[0].Address));
        Assert.InRange(network.Nodes.Count(node => node.Dialled.Contains(Second)), 1, 8);
        Assert.All(network.Nodes, node => Assert.True(node.Count(Overlay.Effects.Observation.HubLearned) == 1));
    }

    [Fact]
    public void Who_joins_later_is_told_by_its_neighbours()
    {
        var network = RepairTests.Ring(9);
        Teach(network, network.Nodes[0], Place(7));
        network.Run(TimeSpan.FromSeconds(2));

        var newcomer = network.Add();
        network.RunUntil(() => newcomer.IsMember && network.IsIdealRing(), Limit);

        network.RunUntil(() => newcomer.Node.HubPlaces.Count == 1, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Where_another_hub_answers_than_the_one_that_was_meant_nobody_becomes_its_gateway()
    {
        var network = RepairTests.Ring(9);
        var held = network.Hub!.Statistics.Gateways;

        Teach(network, network.Nodes[0], Place(7)); // All addresses lead to hub 0 here.
        network.Run(TimeSpan.FromSeconds(30));

        Assert.Equal(held, network.Hub.Statistics.Gateways);
        Assert.Equal(0, network.Hub.Statistics.Superseded);
    }

    [Fact]
    public void A_hub_of_the_list_that_says_where_it_is_is_not_dialled_twice()
    {
        var network = new TestNetwork { HubOptions = HubAdmissionOptions.Loopback with { Address = "ws://hub/" } }.Settle(9);
        network.Run(TimeSpan.FromSeconds(30));

        Assert.All(network.Nodes, node => Assert.Equal("ws://hub/", Assert.Single(node.Node.HubPlaces).Address));
        Assert.Equal(network.Hub!.Statistics.Gateways, network.Hub.Statistics.Sessions);
        Assert.Equal(0, network.Hub.Statistics.Superseded);
        network.StopHub();
        network.Run(TimeSpan.FromMinutes(2)); // So long in vain that its own word of itself is believed as well.
        network.StartHub();
        network.Run(TimeSpan.FromSeconds(30));
        Assert.InRange(network.Hub!.Statistics.Gateways, 1, 8);
        Assert.Equal(network.Hub.Statistics.Gateways, network.Hub.Statistics.Sessions);
    }

    [Fact]
    public void A_hub_is_held_by_the_number_that_it_says_wherever_it_stands_in_the_list()
    {
        var network = new TestNetwork { HubOptions = HubAdmissionOptions.Loopback with { HubNumber = 3 } }.Settle(12);
        var slots = Enumerable.Range(0, 8).Select(slot => Signalling.HubSlots.KeyOf(_hub.PublicKey, 3, slot));
        var responsible = slots.Select(key => network.Nodes.Single(node => node.Node.OwnsKey(key))).Distinct().ToList();

        network.RunUntil(() => network.Nodes.TrueForAll(node => node.Sessions.Count == (responsible.Contains(node) ? 1 : 0)), Limit);

        Assert.Equal(responsible.Count, network.Hub!.Statistics.Gateways);
    }

    [Fact]
    public void What_is_forged_is_not_learned_and_more_hubs_than_eight_are_not_remembered()
    {
        var network = RepairTests.Ring(3);
        var forger = new KeyedSigning(TestNetwork.World, 77);

        Teach(network, network.Nodes[0], HubPlace.Issue(forger, _hub.PublicKey, 1, Second, Seconds(network)));
        Teach(network, network.Nodes[0], [.. Enumerable.Range(1, 12).Select(number => HubPlace.Issue(_hub, _hub.PublicKey, number, $"ws://hub-{number}/", Seconds(network)))]);
        network.Run(TimeSpan.FromSeconds(1));

        Assert.All(network.Nodes, node => Assert.Equal(8, node.Node.HubPlaces.Count));
        Assert.DoesNotContain(network.Nodes[0].Node.HubPlaces, place => place.Address == Second);
    }

    private HubPlace Place(int number) => HubPlace.Issue(_hub, _hub.PublicKey, number, Second, 1_000_000_000);

    private static long Seconds(TestNetwork network) => network.Now.UnixMilliseconds / 1000;

    private static void Teach(TestNetwork network, TestNode node, params HubPlace[] places)
    {
        network.Run(TimeSpan.Zero);
        node.Step((n, now, outbox) => n.LearnHubs(now, places, outbox));
    }
}
