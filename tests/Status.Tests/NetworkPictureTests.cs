using Overlay.Messages;
using Overlay.Ring;
using Overlay.Status.Picture;

namespace Overlay.Status.Tests;

public sealed class NetworkPictureTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private readonly NetworkPicture _picture = new(new StatusOptions { MaxMembers = 16 });

    [Fact]
    public void Whom_the_first_round_finds_is_no_news()
    {
        _picture.Answered(Start, Member(1));
        _picture.Answered(Start, Member(2));
        _picture.RoundEnded();

        Assert.Equal(2, _picture.MemberCount);
        Assert.Empty(_picture.Events);
        Assert.True(_picture.IsComplete);
    }

    [Fact]
    public void Who_answers_for_the_first_time_later_joined()
    {
        _picture.RoundEnded();

        _picture.Answered(Start, Member(1));

        Assert.Equal((PictureEventKind.Joined, Id(1)), Last());
    }

    [Fact]
    public void Who_is_silent_once_is_marked_and_twice_is_gone_with_its_links()
    {
        _picture.Answered(Start, Member(1, Link(2)));
        _picture.Answered(Start, Member(2, Link(1)));

        _picture.Silent(Start, Id(2));
        Assert.True(_picture.Find(Id(2))!.IsSilent);
        _picture.Silent(Start, Id(2));

        Assert.Null(_picture.Find(Id(2)));
        Assert.Empty(_picture.Links);
        Assert.Equal((PictureEventKind.Died, Id(2)), Last());
    }

    [Fact]
    public void Who_answers_again_is_silent_no_more()
    {
        _picture.Answered(Start, Member(1));
        _picture.Silent(Start, Id(1));

        _picture.Answered(Start.AddSeconds(1), Member(1));
        _picture.Silent(Start, Id(1));

        Assert.NotNull(_picture.Find(Id(1)));
    }

    [Fact]
    public void Who_was_gone_and_answers_is_back()
    {
        _picture.Answered(Start, Member(1));
        _picture.RoundEnded();
        _picture.Remove(Start, Id(1), PictureEventKind.Died);

        _picture.Answered(Start, Member(1));

        Assert.Equal((PictureEventKind.Returned, Id(1)), Last());
    }

    [Fact]
    public void Who_said_good_bye_to_a_neighbour_left_and_goes_at_once()
    {
        _picture.Answered(Start, Member(1));

        _picture.Answered(Start.AddSeconds(5), Member(2) with { Departures = [Departure(1, DepartureKind.Left, agoSeconds: 2)] });

        Assert.Null(_picture.Find(Id(1)));
        Assert.Equal((PictureEventKind.Left, Id(1)), Last());
    }

    [Fact]
    public void Whom_a_neighbour_declared_dead_goes_with_the_first_question_that_it_leaves_unanswered()
    {
        _picture.Answered(Start, Member(1));

        _picture.Answered(Start.AddSeconds(5), Member(2) with { Departures = [Departure(1, DepartureKind.Died, agoSeconds: 2)] });
        Assert.NotNull(_picture.Find(Id(1)));
        _picture.Silent(Start.AddSeconds(6), Id(1));

        Assert.Null(_picture.Find(Id(1)));
        Assert.Equal((PictureEventKind.Died, Id(1)), Last());
    }

    [Theory]
    [InlineData(DepartureKind.Left, 8)] // It answered after that: it is back.
    [InlineData(DepartureKind.LinkLost, 2)]
    public void Who_was_heard_since_or_lost_a_link_only_stays(DepartureKind kind, int agoSeconds)
    {
        _picture.Answered(Start, Member(1));

        _picture.Answered(Start.AddSeconds(5), Member(2) with { Departures = [Departure(1, kind, agoSeconds)] });

        Assert.NotNull(_picture.Find(Id(1)));
    }

    [Fact]
    public void A_link_is_drawn_when_both_ends_are_there_and_is_relayed_where_either_says_so()
    {
        _picture.Answered(Start, Member(1, Link(2) with { Carrier = LinkCarrier.Direct }));
        Assert.Empty(_picture.Links);

        _picture.Answered(Start, Member(2, Link(1) with { Carrier = LinkCarrier.Relayed, Purpose = LinkPurpose.Finger }));

        var (ends, link) = Assert.Single(_picture.Links);
        Assert.Equal(new LinkEnds(Id(1), Id(2)), ends);
        Assert.Equal(LinkCarrier.Relayed, link.Carrier);
        Assert.Equal(LinkPurpose.Ring | LinkPurpose.Finger, link.Purpose);
    }

    [Fact]
    public void A_link_that_is_being_set_up_is_not_drawn()
    {
        _picture.Answered(Start, Member(1, Link(2) with { Phase = LinkPhase.Dtls }));
        _picture.Answered(Start, Member(2));

        Assert.Empty(_picture.Links);
    }

    [Fact]
    public void A_flow_is_what_was_sent_between_two_answers()
    {
        _picture.Answered(Start, Member(2));
        _picture.Answered(Start, Member(1, Link(2) with { Sent = 100 }));
        Assert.Equal(-1, Assert.Single(_picture.Links).Value.RateUp);

        _picture.Answered(Start.AddSeconds(2), Member(1, Link(2) with { Sent = 150 }));

        Assert.Equal(25, Assert.Single(_picture.Links).Value.RateUp);
        Assert.Equal(-1, Assert.Single(_picture.Links).Value.RateDown);
    }

    [Fact]
    public void A_counter_that_began_anew_is_no_flow()
    {
        _picture.Answered(Start, Member(2));
        _picture.Answered(Start, Member(1, Link(2) with { Sent = 100 }));

        _picture.Answered(Start.AddSeconds(2), Member(1, Link(2) with { Sent = 3 }));

        Assert.Equal(-1, Assert.Single(_picture.Links).Value.RateUp);
    }

    [Fact]
    public void Only_what_changed_is_told()
    {
        _picture.Answered(Start, Member(1, Link(2)));
        _picture.Answered(Start, Member(2, Link(1)));
        Assert.NotNull(_picture.TakeChanges());

        _picture.Answered(Start.AddSeconds(1), Member(1, Link(2)));
        Assert.Null(_picture.TakeChanges());
        _picture.Answered(Start.AddSeconds(2), Member(1));
        _picture.Answered(Start.AddSeconds(2), Member(2));

        var changes = Assert.IsType<PictureChanges>(_picture.TakeChanges());
        Assert.Empty(changes.Members);
        Assert.Equal(new LinkEnds(Id(1), Id(2)), Assert.Single(changes.Links));
    }

    [Fact]
    public void More_members_than_allowed_are_left_out_and_counted()
    {
        for (var i = 1ul; i <= 20; i++)
        {
            _picture.Answered(Start, Member(i));
        }

        _picture.RoundEnded();

        Assert.Equal((16, 4), (_picture.MemberCount, _picture.LeftOut));
    }

    [Fact]
    public void Events_are_bounded_and_the_oldest_go()
    {
        _picture.RoundEnded();
        for (var i = 0; i < 2 * NetworkPicture.MaxEvents; i++)
        {
            _picture.Note(Start, PictureEventKind.Gateway, Id((ulong)i));
        }

        Assert.Equal(NetworkPicture.MaxEvents, _picture.Events.Count);
        Assert.Equal(2 * NetworkPicture.MaxEvents, _picture.Events.Last().Number);
        Assert.Equal(NetworkPicture.MaxEvents, _picture.TakeChanges()!.Events.Count);
    }

    [Theory]
    [InlineData(Topology.Tree)]
    [InlineData(Topology.Chord)]
    public void A_tree_is_told_from_a_ring_by_what_the_members_say(Topology topology)
    {
        var picture = new NetworkPicture(new StatusOptions());
        foreach (var report in new FixtureNetwork(20, isTree: topology == Topology.Tree).Reports())
        {
            picture.Answered(Start, report);
        }

        Assert.Equal(topology, picture.Guess());
    }

    private static RingId Id(ulong value) => RingId.From(value);

    private static MemberReport Member(ulong id, params LinkReport[] links) => new(Id(id), NodePhase.Member) { Links = links };

    private static DepartureEntry Departure(ulong id, DepartureKind kind, int agoSeconds) => new(Id(id), kind, TimeSpan.FromSeconds(agoSeconds), default, 0, LinkFailure.None);

    private static LinkReport Link(ulong peer) => new(Id(peer), LinkPhase.Open, LinkPurpose.Ring, false);

    private (PictureEventKind Kind, RingId Member) Last() => (_picture.Events.Last().Kind, _picture.Events.Last().Member);
}
