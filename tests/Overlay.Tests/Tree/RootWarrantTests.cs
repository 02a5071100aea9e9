using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Tests.Tree;

/// <summary>What shows a root to be one: the hub's word, and the word of a dead root and of its children.</summary>
public sealed class RootWarrantTests
{
    private readonly World _world = new();

    [Fact]
    public void The_hubs_appointment_is_believed_and_nobody_elses()
    {
        var appointment = RootAppointment.Issue(_world.Hub, _world.Contact(1).Id, 7);
        Assert.True(RootAppointment.TryRead(appointment.Encoded, out var read));

        Assert.Equal((_world.Contact(1).Id, 7u), (read.Root, read.Epoch));
        Assert.True(read.IsValid(_world.Signing(9), _world.Hub.PublicKey));
        Assert.False(RootAppointment.Issue(_world.Signing(1), read.Root, 7).IsValid(_world.Signing(9), _world.Hub.PublicKey));
        Assert.False(read.IsValid(_world.Signing(9), []));
    }

    [Fact]
    public void Every_altered_byte_of_an_appointment_is_noticed()
    {
        var encoded = RootAppointment.Issue(_world.Hub, _world.Contact(1).Id, 7).Encoded.ToArray();
        for (var at = 0; at < encoded.Length; at++)
        {
            encoded[at] ^= 1;
            Assert.False(RootAppointment.TryRead(encoded, out var read) && read.IsValid(_world.Signing(9), _world.Hub.PublicKey), $"byte {at}");
            encoded[at] ^= 1;
        }
    }

    [Theory]
    [InlineData(3, 5, 3, true)]
    [InlineData(3, 5, 2, false)] // Not more than half.
    [InlineData(3, 4, 2, false)]
    [InlineData(3, 0, 0, false)]
    [InlineData(2, 5, 3, true)]
    [InlineData(1, 5, 1, true)] // The last hope.
    [InlineData(1, 5, 0, false)]
    public void A_stand_in_needs_the_votes_of_more_than_half_and_the_last_one_any(byte rank, int viewed, int votes, bool isRightful) =>
        Assert.Equal(isRightful, IsValid(Warrant(rank, viewed, votes)));

    [Fact]
    public void A_chain_of_roots_without_a_hub_is_believed_up_to_its_limit()
    {
        var warrant = new RootWarrant(RootAppointment.Issue(_world.Hub, _world.Contact(1).Id, 1), []);
        for (ulong root = 1; root <= RootWarrant.MaxSuccessions + 1; root++)
        {
            Assert.True(IsValid(warrant));
            Assert.Equal((_world.Contact(root).Id, (uint)root), (warrant.Root, warrant.Epoch));
            warrant = warrant with { Successions = [.. warrant.Successions, Succession(root, (uint)root, 3, root + 1, viewed: 3, votes: 2)] };
        }

        Assert.False(IsValid(warrant));
    }

    [Fact]
    public void No_part_of_a_succession_can_be_another()
    {
        var good = Succession(1, 1, 3, 2, viewed: 5, votes: 3);
        var (mallory, three) = (_world.Contact(66), _world.Contact(3).Id);
        RootSuccession[] forged =
        [
            good with { StandIn = mallory.Id },
            good with { Rank = 1 },
            good with { Epoch = 2 },
            good with { Root = mallory.Certificate },
            good with { View = [three, mallory.Id] },
            good with { Signature = new byte[64] },
            good with { Votes = [good.Votes[0], good.Votes[0], good.Votes[0]] },
            good with { Votes = [good.Votes[0], good.Votes[1], new(mallory.Certificate, good.Votes[2].Signature)] },
            good with { Votes = [good.Votes[0], good.Votes[1], new(good.Votes[2].Voter, good.Votes[1].Signature)] },
        ];

        Assert.True(IsValid(With(good)));
        Assert.All(forged, one => Assert.False(IsValid(With(one))));
        Assert.False(IsValid(With(good) with { Appointment = RootAppointment.Issue(_world.Hub, _world.Contact(5).Id, 1) }));
        Assert.False(IsValid(With(good) with { Appointment = RootAppointment.Issue(_world.Hub, _world.Contact(1).Id, 9) })); // Of an epoch that was over.
    }

    private RootWarrant Warrant(byte rank, int viewed, int votes) => With(Succession(1, 1, rank, 2, viewed, votes));

    private RootWarrant With(RootSuccession succession) => new(RootAppointment.Issue(_world.Hub, _world.Contact(1).Id, 1), [succession]);

    private bool IsValid(RootWarrant warrant) => warrant.IsValid(_world.Signing(9), _world.Hub.PublicKey);

    /// <summary>The children are the nodes from 3 on.</summary>
    private RootSuccession Succession(ulong root, uint epoch, byte rank, ulong standIn, int viewed, int votes)
    {
        var network = NodeCertificate.NetworkOf(_world.Hub.PublicKey);
        var view = Enumerable.Range(3, viewed).Select(child => _world.Contact((ulong)child).Id).ToArray();
        var to = _world.Contact(standIn).Id;
        var signature = RootWarrant.SignStandIn(_world.Signing(root), network, epoch, rank, to, view);
        var ballots = Enumerable.Range(3, votes).Select(child => new RootVote(
            _world.Contact((ulong)child).Certificate, RootWarrant.SignVote(_world.Signing((ulong)child), network, epoch, _world.Contact(root).Id, to)));
        return new(_world.Contact(root).Certificate, epoch, rank, to, view, signature, [.. ballots]);
    }
}
