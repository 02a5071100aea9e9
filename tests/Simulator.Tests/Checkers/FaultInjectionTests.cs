using Overlay.Effects;
using Overlay.Messages;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Checkers;

/// <summary>Each checker catches what it is there for, and says it with the seed and the last events of the nodes concerned.</summary>
public sealed class FaultInjectionTests
{
    [Fact]
    public void A_network_in_which_nobody_lies_is_judged_often_and_found_right()
    {
        var network = new BrokenNetwork();

        Assert.False(network.Checks.HasViolation);
        foreach (var result in network.Checks.Results().Where(static result => result.Name is not (CheckKind.Invariant or CheckKind.Bounds)))
        {
            Assert.True(result.TimesChecked > 50, $"{result.Name} judged only {result.TimesChecked} times");
        }
    }

    [Fact]
    public void A_list_that_skips_a_member_is_caught()
    {
        var network = new BrokenNetwork();
        var (liar, skipped) = (network.Next, network.Victim.Successors[1].Id);

        // The successor passes its list back without its own successor. News wait while a query is out, so it says so until it is believed.
        for (var turn = 0; turn < 10 && !network.Checks.HasViolation; turn++)
        {
            network.Tell(liar, new Neighbours(0, NodePhase.Member, 1, liar.Self.Descriptor, network.Victim.Self.Descriptor, [.. Listed(liar).Skip(1)], network.Victim.Self.Id));
        }

        var (violation, events) = network.Caught(CheckKind.Invariant);
        Assert.Contains($"{network.Victim.Self.Id}", violation.Text, StringComparison.Ordinal);
        Assert.Contains($"skips {skipped}", violation.Text, StringComparison.Ordinal);
        Assert.Contains(events, line => line.Contains("Neighbours", StringComparison.Ordinal) && line.Contains(liar.Self.Id.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Two_members_that_own_the_same_keys_are_caught()
    {
        var network = new BrokenNetwork();
        var liar = network.Before;

        // The predecessor says good-bye and grants its arc away, but stays and keeps it.
        network.Tell(liar, new Leaving(liar.Predecessor?.Descriptor, Listed(liar)));
        network.Tell(liar, new Grant(long.MaxValue / 2, liar.OwnedArc!.Value.After, liar.Self.Id, More: false, []));

        var (violation, events) = network.Caught(CheckKind.Invariant);
        Assert.Contains($"{network.Victim.Self.Id}", violation.Text, StringComparison.Ordinal);
        Assert.Contains("owns", violation.Text, StringComparison.Ordinal);
        Assert.Contains(events, static line => line.Contains("Grant", StringComparison.Ordinal));
    }

    [Fact]
    public void A_message_without_hops_left_is_caught_where_it_ends()
    {
        var network = new BrokenNetwork();
        var judged = network.ResultOf(CheckKind.HopBudget).TimesChecked;

        network.Tell(network.Next, new FindOwner(7, LookupPurpose.Application), destination: network.Before.Self.Id, hops: 0);

        var (violation, _) = network.Caught(CheckKind.HopBudget);
        Assert.Contains($"{network.Victim.Self.Id}", violation.Text, StringComparison.Ordinal);
        Assert.True(network.ResultOf(CheckKind.HopBudget).TimesChecked > judged);
    }

    [Fact]
    public void A_look_up_answered_by_somebody_else_than_the_owner_is_caught()
    {
        var network = new BrokenNetwork();
        var (victim, other) = (network.Victim, network.Next);
        var owner = network.Checks.SureOwnerOf(victim.Self.Id);

        var isRight = network.Checks.JudgeAnswer(victim.Self.Id, owner, new Owner(1, NodePhase.Member, other.Self.Descriptor, null, [], [], 0));

        Assert.False(isRight);
        var (violation, _) = network.Caught(CheckKind.Owners);
        Assert.Contains($"{other.Self.Id} answered for {victim.Self.Id}", violation.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "was delivered twice")]
    [InlineData(2, "was delivered to")]
    public void A_message_that_is_delivered_twice_or_to_the_wrong_one_is_caught(int to, string why)
    {
        var network = new BrokenNetwork();
        var number = network.Checks.NextMessage(1);
        var bytes = new byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        var message = new Message
        {
            Kind = MessageKind.Data,
            HopsLeft = 60,
            Body = new SignedBody { Instance = 1, ExpiresAt = long.MaxValue, Payload = new Data(bytes, default) },
        };

        network.Checks.Delivered(to, message);
        network.Checks.Delivered(to, message);

        var (violation, _) = network.Caught(CheckKind.Delivery);
        Assert.Contains(why, violation.Text, StringComparison.Ordinal);
    }

    private static Identity.Descriptor[] Listed(OverlayNode node)
    {
        var listed = new List<Identity.Descriptor>();
        foreach (ref readonly var entry in node.Successors)
        {
            listed.Add(entry.Descriptor);
        }

        return [.. listed];
    }
}
