using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceRestartTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);

    [Fact]
    public void A_restart_finds_a_new_pair_while_data_keeps_the_old_one()
    {
        var pair = Connected();
        var before = pair.Left.Agent.LocalCredentials;

        pair.Left.Agent.Restart(pair.Now);
        pair.Right.Agent.Restart(pair.Now);

        Assert.NotEqual(before, pair.Left.Agent.LocalCredentials);
        Assert.NotNull(pair.Left.Agent.SelectedPair);
        pair.Left.Bind("[2001:db8::1]:1000");
        pair.Right.Bind("[2001:db8::2]:2000");
        pair.Exchange();
        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        Assert.True(pair.Left.Agent.SelectedPair!.Value.Remote.IsIPv6);
        pair.Drive(TimeSpan.FromMinutes(2));
        Assert.Equal(IceState.Completed, pair.Left.Agent.State);
    }

    [Fact]
    public void Candidates_carry_the_fragment_of_the_new_generation()
    {
        var pair = Connected();

        var credentials = pair.Left.Agent.Restart(pair.Now);

        Assert.All(pair.Left.Agent.LocalCandidates, candidate => Assert.Equal(credentials.Ufrag, candidate.Ufrag));
    }

    [Fact]
    public void The_other_sides_consent_does_not_run_dry_while_it_has_not_heard_of_the_restart()
    {
        var pair = Connected();

        pair.Left.Agent.Restart(pair.Now);
        pair.Drive(TimeSpan.FromSeconds(20));

        Assert.Equal(IceState.Completed, pair.Right.Agent.State);
        Assert.Equal(IceState.New, pair.Left.Agent.State);
        Assert.NotNull(pair.Left.Agent.SelectedPair);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_new_pair_does_not_come_to_life_with_credentials_of_different_generations(bool weHaveHeardOfTheRestart)
    {
        // The peer restarts: its new socket checks us before our answer, with its new fragment and our old credentials. Answered, that pair
        // would work, and a controlling Chromium would nominate it and never look at the one with our new credentials.
        var pair = Connected();
        var former = pair.Left.Agent.LocalCredentials;
        if (weHaveHeardOfTheRestart)
        {
            pair.Left.Agent.Restart(pair.Now);
            Assert.True(IceCredentials.TryCreate("brandNew", "anotherPasswordOfTwentyTwo", out var theirs));
            Assert.True(pair.Left.Agent.SetRemoteCredentials(pair.Now, theirs));
        }

        var check = Wire.Check(former, "brandNew", useCandidate: true);
        var received = pair.Inject(pair.Left, TransportAddress.Parse("10.0.0.99:99"), check);

        Assert.Equal(IceReceived.Dropped, received);
        Assert.Equal(1, pair.Left.Agent.Counters.Ignored);
    }

    [Fact]
    public void A_restart_that_leads_nowhere_loses_the_old_pair_when_its_consent_would_have_ended()
    {
        var pair = Connected();

        pair.Left.Agent.Restart(pair.Now);
        pair.Drive(TimeSpan.FromSeconds(31));

        Assert.Null(pair.Left.Agent.SelectedPair);
        Assert.Equal(IceEventKind.SelectedPairChanged, pair.Left.Events[^1].Kind);
    }

    [Fact]
    public void A_failed_agent_can_restart_and_a_closed_one_cannot()
    {
        var pair = Connected();
        pair.IsBlocked = (_, _, _) => true;
        Assert.True(pair.DriveUntil(
            () => pair.Left.Agent.State == IceState.Failed && pair.Right.Agent.State == IceState.Failed, TimeSpan.FromMinutes(1)));
        pair.IsBlocked = (_, _, _) => false;

        pair.Left.Agent.Restart(pair.Now);
        pair.Right.Agent.Restart(pair.Now);
        pair.Exchange();

        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        Assert.Equal(IceFailure.None, pair.Left.Agent.Failure);
        pair.Left.Agent.Close(pair.Now);
        Assert.Throws<InvalidOperationException>(() => pair.Left.Agent.Restart(pair.Now));
    }

    [Fact]
    public void Other_credentials_without_a_restart_are_refused()
    {
        var pair = Connected();

        Assert.True(pair.Left.Agent.SetRemoteCredentials(pair.Now, pair.Right.Agent.LocalCredentials));
        Assert.False(pair.Left.Agent.SetRemoteCredentials(pair.Now, IceCredentials.Create(new SeededSecrets(9))));
    }

    private static IcePair Connected()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Exchange();
        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        return pair;
    }
}
