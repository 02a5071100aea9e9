using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceRoleTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(IceRole.Controlling)]
    [InlineData(IceRole.Controlled)]
    public void Two_agents_of_the_same_role_end_with_one_of_each(IceRole role)
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var pair = new IcePair(seed: seed, leftRole: role, rightRole: role);
            pair.Left.Bind("10.0.0.1:1000");
            pair.Left.Bind("[2001:db8::1]:1000");
            pair.Right.Bind("10.0.0.2:2000");
            pair.Right.Bind("[2001:db8::2]:2000");
            pair.Exchange();

            Assert.True(pair.DriveUntilCompleted(FiveSeconds), $"seed {seed}");

            Assert.NotEqual(pair.Left.Agent.Role, pair.Right.Agent.Role);
            Assert.Equal(pair.Left.Agent.SelectedPair!.Value.Remote, TransportAddress.Parse("[2001:db8::2]:2000"));
            Assert.Equal(pair.Right.Agent.SelectedPair!.Value.Remote, TransportAddress.Parse("[2001:db8::1]:1000"));
        }
    }

    [Theory]
    [InlineData(IceRole.Controlling)]
    [InlineData(IceRole.Controlled)]
    public void A_conflict_is_settled_under_loss_too(IceRole role)
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var pair = new IcePair(seed: seed, leftRole: role, rightRole: role) { LossPercent = 20, Latency = TimeSpan.FromMilliseconds(10) };
            pair.Left.Bind("10.0.0.1:1000");
            pair.Right.Bind("10.0.0.2:2000");
            pair.Exchange();

            Assert.True(pair.DriveUntilCompleted(TimeSpan.FromSeconds(10)), $"seed {seed}");
            Assert.NotEqual(pair.Left.Agent.Role, pair.Right.Agent.Role);
        }
    }

    [Theory]
    [InlineData(IceRole.Controlling, true, ulong.MaxValue, IceRole.Controlled, 0)]
    [InlineData(IceRole.Controlling, true, 0UL, IceRole.Controlling, 487)]
    [InlineData(IceRole.Controlled, false, ulong.MaxValue, IceRole.Controlled, 487)]
    [InlineData(IceRole.Controlled, false, 0UL, IceRole.Controlling, 0)]
    [InlineData(IceRole.Controlled, true, ulong.MaxValue, IceRole.Controlled, 0)]
    [InlineData(IceRole.Controlling, false, 0UL, IceRole.Controlling, 0)]
    public void The_larger_tie_breaker_controls(IceRole role, bool peerControls, ulong peerTieBreaker, IceRole expected, int error)
    {
        var pair = new IcePair(leftRole: role);
        pair.Left.Bind("10.0.0.1:1000");
        var check = Wire.Check(pair.Left.Agent.LocalCredentials, "peer", peerTieBreaker, peerControls);

        pair.Inject(pair.Left, TransportAddress.Parse("10.0.0.2:2000"), check);

        Assert.Equal(expected, pair.Left.Agent.Role);
        Assert.Equal(error, Wire.TakeAnswer(pair.Left.Agent, pair.Now));
    }

    [Fact]
    public void Towards_a_lite_agent_we_control()
    {
        var pair = new IcePair(leftRole: IceRole.Controlled);

        pair.Left.Agent.SetRemoteCredentials(pair.Now, pair.Right.Agent.LocalCredentials, isLite: true);

        Assert.Equal(IceRole.Controlling, pair.Left.Agent.Role);
        Assert.True(pair.Left.Agent.IsRemoteLite);
    }

    [Fact]
    public void A_lite_agent_that_only_answers_is_connected_to()
    {
        // The right side is never told our credentials: it answers and does not check, as a lite agent does.
        var pair = new IcePair(leftRole: IceRole.Controlled);
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Left.Agent.SetRemoteCredentials(pair.Now, pair.Right.Agent.LocalCredentials, isLite: true);
        pair.TellCandidates(pair.Right, pair.Left);

        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Completed, FiveSeconds));
        pair.Drive(TimeSpan.FromMinutes(2));
        Assert.Equal(IceState.Completed, pair.Left.Agent.State);
    }
}
