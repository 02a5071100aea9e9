using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceNatTests
{
    private static readonly TransportAddress Private = TransportAddress.Parse("10.0.0.1:1000");
    private static readonly TransportAddress Public = TransportAddress.Parse("203.0.113.1:7000");

    [Fact]
    public void A_side_behind_a_translator_is_learnt_as_peer_reflexive_by_both()
    {
        var pair = new IcePair { Latency = TimeSpan.FromMilliseconds(10) };
        pair.Left.Bind(Private.ToString());
        pair.Left.Nat[Private] = Public;
        pair.Right.Bind("198.51.100.2:2000");
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(TimeSpan.FromSeconds(5)));

        Assert.Equal(Public, pair.Right.Agent.SelectedPair!.Value.Remote);
        var learnt = Assert.Single(pair.Left.Agent.LocalReflexiveCandidates);
        Assert.Equal((Public, CandidateKind.PeerReflexive, Private), (learnt.Address, learnt.Kind, learnt.RelatedAddress!.Value));
    }

    [Fact]
    public void Two_translators_open_for_each_other_when_each_is_told_the_others_outside()
    {
        var pair = new IcePair { Latency = TimeSpan.FromMilliseconds(10) };
        pair.Left.Bind(Private.ToString());
        pair.Left.Nat[Private] = Public;
        var otherPrivate = pair.Right.Bind("192.168.1.2:2000");
        pair.Right.Nat[otherPrivate] = TransportAddress.Parse("198.51.100.2:8000");
        pair.Exchange(withCandidates: false);
        Tell(pair.Left, "198.51.100.2 8000");

        // The first checks of the left die at the right's translator; the right begins a second later.
        pair.Drive(TimeSpan.FromSeconds(1));
        Tell(pair.Right, "203.0.113.1 7000");

        Assert.True(pair.DriveUntilCompleted(TimeSpan.FromSeconds(5)));
        Assert.Equal(Public, pair.Right.Agent.SelectedPair!.Value.Remote);

        void Tell(IceSide side, string outside)
        {
            Assert.True(Candidate.TryParse($"candidate:9 1 udp 1694498815 {outside} typ srflx", out var candidate));
            Assert.True(side.Agent.AddRemoteCandidate(pair.Now, candidate));
        }
    }

    [Fact]
    public void A_pair_that_had_failed_is_checked_again_when_the_other_side_checks_it()
    {
        var isShut = true;
        var pair = new IcePair { IsBlocked = (_, _, _) => isShut };
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Tell(pair.Right, pair.Left);
        pair.Drive(TimeSpan.FromSeconds(10));
        Assert.Equal(IceState.Checking, pair.Left.Agent.State);
        Assert.Equal(new IceOptions().CheckTransmissions, pair.Left.SentCount);

        isShut = false;
        pair.Tell(pair.Left, pair.Right);

        Assert.True(pair.DriveUntilCompleted(TimeSpan.FromMilliseconds(5)));
    }

    [Fact]
    public void An_answer_from_another_address_than_the_check_went_to_fails_the_pair()
    {
        // The right side's outgoing datagrams are rewritten, so its answers seem to come from elsewhere.
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        var right = pair.Right.Bind("10.0.0.2:2000");
        pair.Tell(pair.Right, pair.Left);
        pair.OnSent = (side, _, _) =>
        {
            if (side == pair.Right)
            {
                side.Nat[right] = TransportAddress.Parse("10.0.0.2:2999");
            }
        };

        pair.Drive(TimeSpan.FromSeconds(1));

        Assert.Equal(1, pair.Left.Agent.Counters.Unexpected);
        Assert.Equal(IceState.Checking, pair.Left.Agent.State);
    }
}
