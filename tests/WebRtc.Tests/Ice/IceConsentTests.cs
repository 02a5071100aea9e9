using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceConsentTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);

    [Fact]
    public void Consent_is_asked_for_about_each_five_seconds_and_keeps_an_idle_pair_alive()
    {
        var pair = Connected(new IceOptions());
        var times = new List<Instant>();
        pair.OnSent = (side, _, bytes) =>
        {
            if (side == pair.Left && Wire.IsRequest(bytes))
            {
                times.Add(pair.Now);
            }
        };

        pair.Drive(TimeSpan.FromMinutes(10));

        Assert.Equal(IceState.Completed, pair.Left.Agent.State);
        Assert.InRange(times.Count, 100, 150);
        for (var index = 1; index < times.Count; index++)
        {
            Assert.InRange((times[index] - times[index - 1]).TotalSeconds, 4.0, 6.01);
        }

        Assert.True(times.Distinct().Count() > 90); // Jittered.
    }

    [Fact]
    public void Between_our_own_nodes_the_period_is_fifteen_seconds()
    {
        var pair = Connected(IceOptions.OwnNodes);
        var sent = pair.Left.SentCount;

        pair.Drive(TimeSpan.FromMinutes(10));

        // About forty checks of ours and forty answers to theirs.
        Assert.InRange(pair.Left.SentCount - sent, 66, 100);
        Assert.Equal(IceState.Completed, pair.Left.Agent.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_silent_pair_is_disconnected_first_and_failed_after_thirty_seconds(bool ownNodes)
    {
        var pair = Connected(ownNodes ? IceOptions.OwnNodes : new IceOptions());
        pair.Drive(TimeSpan.FromSeconds(60));
        pair.IsBlocked = (_, _, _) => true;
        var since = pair.Now;

        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Disconnected, TimeSpan.FromMinutes(1)));
        Assert.NotNull(pair.Left.Agent.SelectedPair);
        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Failed, TimeSpan.FromMinutes(1)));

        Assert.Equal(IceFailure.ConsentExpired, pair.Left.Agent.Failure);
        Assert.Null(pair.Left.Agent.SelectedPair);
        Assert.InRange((pair.Now - since).TotalSeconds, 12, 30);
        Assert.Equal(Instant.Never, pair.Left.Agent.WakeAt);
    }

    [Fact]
    public void A_failed_agent_sends_nothing_and_answers_nothing()
    {
        var pair = Connected(new IceOptions());
        pair.IsBlocked = (_, _, _) => true;
        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Failed, TimeSpan.FromMinutes(1)));

        var check = Wire.Check(pair.Left.Agent.LocalCredentials, pair.Right.Agent.LocalCredentials.Ufrag, controlling: false);
        Assert.Equal(IceReceived.Dropped, pair.Inject(pair.Left, TransportAddress.Parse("10.0.0.2:2000"), check));

        Assert.False(pair.Left.Agent.TryGetDatagram(pair.Now, new byte[600], out _));
    }

    [Fact]
    public void A_pause_shorter_than_the_expiry_is_survived()
    {
        var pair = Connected(new IceOptions());
        pair.IsBlocked = (_, _, _) => true;
        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Disconnected, TimeSpan.FromMinutes(1)));

        pair.IsBlocked = (_, _, _) => false;

        Assert.True(pair.DriveUntilCompleted(TimeSpan.FromSeconds(7)));
        Assert.Contains(pair.Left.Events, e => e is { Kind: IceEventKind.StateChanged, State: IceState.Disconnected });
    }

    [Fact]
    public void Five_percent_loss_never_ends_a_link_in_an_hour()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var pair = new IcePair(IceOptions.OwnNodes, seed) { Latency = TimeSpan.FromMilliseconds(25) };
            pair.Left.Bind("10.0.0.1:1000");
            pair.Right.Bind("10.0.0.2:2000");
            pair.Exchange();
            Assert.True(pair.DriveUntilCompleted(FiveSeconds));
            pair.LossPercent = 5;

            pair.Drive(TimeSpan.FromHours(1));

            Assert.NotEqual(IceState.Failed, pair.Left.Agent.State);
            Assert.NotEqual(IceState.Failed, pair.Right.Agent.State);
        }
    }

    [Theory]
    [InlineData(IceRole.Controlling)]
    [InlineData(IceRole.Controlled)]
    public void When_the_selected_pair_falls_silent_another_one_takes_its_place(IceRole leftRole)
    {
        var pair = new IcePair(leftRole: leftRole, rightRole: leftRole == IceRole.Controlling ? IceRole.Controlled : IceRole.Controlling);
        pair.Left.Bind("10.0.0.1:1000");
        pair.Left.Bind("[2001:db8::1]:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Right.Bind("[2001:db8::2]:2000");
        pair.Exchange();
        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        Assert.True(pair.Left.Agent.SelectedPair!.Value.Remote.IsIPv6);

        pair.IsBlocked = (_, from, _) => from.IsIPv6;

        Assert.True(pair.DriveUntil(
            () => pair.Left.Agent is { State: IceState.Completed, SelectedPair.Remote.IsIPv6: false }
                && pair.Right.Agent is { State: IceState.Completed, SelectedPair.Remote.IsIPv6: false },
            TimeSpan.FromSeconds(40)));
        pair.Drive(TimeSpan.FromMinutes(5));
        Assert.Equal(IceState.Completed, pair.Left.Agent.State);
        Assert.Equal(IceState.Completed, pair.Right.Agent.State);
    }

    [Fact]
    public void Consent_checks_of_the_other_side_are_answered_while_we_are_in_doubt()
    {
        var pair = Connected(new IceOptions());
        pair.IsBlocked = (side, _, _) => side == pair.Right;
        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Disconnected, TimeSpan.FromMinutes(1)));
        while (pair.Left.Agent.TryGetDatagram(pair.Now, new byte[600], out _))
        {
        }

        var check = Wire.Check(pair.Left.Agent.LocalCredentials, pair.Right.Agent.LocalCredentials.Ufrag, controlling: false);
        Assert.Equal(IceReceived.Request, pair.Inject(pair.Left, TransportAddress.Parse("10.0.0.2:2000"), check));

        Assert.Equal(0, Wire.TakeAnswer(pair.Left.Agent, pair.Now));
    }

    private static IcePair Connected(IceOptions options)
    {
        var pair = new IcePair(options);
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind("10.0.0.2:2000");
        pair.Exchange();
        Assert.True(pair.DriveUntilCompleted(FiveSeconds));
        return pair;
    }
}
