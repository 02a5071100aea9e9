using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceTrickleTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);

    [Fact]
    public void Candidates_may_come_before_the_credentials()
    {
        var pair = MakePair();
        pair.TellCandidates(pair.Left, pair.Right);
        pair.TellCandidates(pair.Right, pair.Left);

        pair.Exchange(withCandidates: false);

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
    }

    [Fact]
    public void Candidates_may_come_after_the_credentials()
    {
        var pair = MakePair();
        pair.Exchange(withCandidates: false);
        pair.Drive(TimeSpan.FromSeconds(1));
        Assert.Equal(IceState.Checking, pair.Left.Agent.State);

        pair.TellCandidates(pair.Left, pair.Right);
        var started = pair.Now;

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        Assert.True(pair.Now - started < TimeSpan.FromMilliseconds(3));
    }

    [Fact]
    public void Local_candidates_may_come_late_as_well()
    {
        var pair = new IcePair();
        pair.Exchange();
        pair.Drive(TimeSpan.FromSeconds(1));

        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.TellCandidates(pair.Left, pair.Right);

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
    }

    [Fact]
    public void One_side_alone_needs_a_candidate_since_the_other_is_learnt()
    {
        // Chromium behind mDNS names: its candidates say nothing, yet it checks towards ours.
        var pair = MakePair();
        pair.Exchange(withCandidates: false);
        Assert.True(Candidate.TryParse("candidate:1 1 udp 2113937151 4f1c3a2e.local 51000 typ host", out var hidden));
        Assert.False(pair.Left.Agent.AddRemoteCandidate(pair.Now, hidden));

        pair.TellCandidates(pair.Left, pair.Right);

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        Assert.Equal(1, pair.Left.Agent.Counters.Ignored);
        Assert.Equal(TransportAddress.Parse("10.0.0.2:2000"), pair.Left.Agent.SelectedPair!.Value.Remote);
    }

    [Fact]
    public void A_check_before_the_answer_is_answered_at_once_and_taken_up_with_the_answer()
    {
        // B has the offer and checks; A does not have the answer yet.
        var pair = MakePair();
        pair.Tell(pair.Left, pair.Right);
        Assert.True(pair.DriveUntil(() => pair.Right.Agent.State == IceState.Connected, FiveSeconds));
        Assert.Equal(IceState.New, pair.Left.Agent.State);
        Assert.True(pair.Left.Agent.IsKnownRemote(new PathId(0), TransportAddress.Parse("10.0.0.2:2000")));

        // The answer arrives without any candidate.
        pair.Tell(pair.Right, pair.Left, withCandidates: false);

        Assert.True(pair.DriveUntilCompleted(TimeSpan.FromMilliseconds(3)));
    }

    [Fact]
    public void Early_checks_of_another_fragment_are_not_taken_up()
    {
        var pair = MakePair();
        var from = TransportAddress.Parse("10.0.0.9:9");
        var check = Wire.Check(pair.Left.Agent.LocalCredentials, "stranger", controlling: false);
        Assert.Equal(IceReceived.Request, pair.Inject(pair.Left, from, check));

        pair.Tell(pair.Right, pair.Left, withCandidates: false);

        Assert.False(pair.Left.Agent.IsKnownRemote(new PathId(0), from));
    }

    [Fact]
    public void Early_checks_are_bounded()
    {
        var pair = MakePair();
        var check = Wire.Check(pair.Left.Agent.LocalCredentials, "peer", controlling: false);

        for (var port = 1; port <= 20; port++)
        {
            pair.Inject(pair.Left, TransportAddress.FromIPv4(0x0A000009, port), check);
        }

        Assert.Equal(12, pair.Left.Agent.Counters.OverBound);
        Assert.True(pair.Left.Agent.IsKnownRemote(new PathId(0), TransportAddress.FromIPv4(0x0A000009, 8)));
        Assert.False(pair.Left.Agent.IsKnownRemote(new PathId(0), TransportAddress.FromIPv4(0x0A000009, 9)));
    }

    [Fact]
    public void A_learnt_candidate_gets_its_told_name_later_without_a_second_pair()
    {
        var pair = MakePair();
        pair.Exchange(withCandidates: false);
        pair.TellCandidates(pair.Left, pair.Right);
        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        var sent = pair.Left.SentCount;

        pair.TellCandidates(pair.Right, pair.Left);
        pair.Drive(TimeSpan.FromSeconds(1));

        Assert.Equal(sent, pair.Left.SentCount);
        Assert.Equal(IceState.Completed, pair.Left.Agent.State);
    }

    [Fact]
    public void Candidates_of_another_generation_are_ignored_before_and_after_the_credentials()
    {
        var pair = MakePair();
        Assert.True(Candidate.TryParse("candidate:1 1 udp 5 10.0.0.7 7 typ host ufrag othr", out var early));
        Assert.True(Candidate.TryParse("candidate:1 1 udp 5 10.0.0.8 8 typ host ufrag othr", out var late));

        pair.Left.Agent.AddRemoteCandidate(pair.Now, early);
        pair.Exchange();
        Assert.False(pair.Left.Agent.AddRemoteCandidate(pair.Now, late));

        Assert.Equal(2, pair.Left.Agent.Counters.Ignored);
        Assert.False(pair.Left.Agent.IsKnownRemote(new PathId(0), early.Address));
    }

    [Fact]
    public void The_end_of_candidates_is_noted()
    {
        var pair = MakePair();

        pair.Left.Agent.EndOfRemoteCandidates(pair.Now);

        Assert.True(pair.Left.Agent.HasEndOfRemoteCandidates);
    }

    private static IcePair MakePair()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        return pair;
    }
}
