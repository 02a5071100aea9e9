using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceAgentTests
{
    private static readonly TransportAddress Peer = TransportAddress.Parse("10.0.0.2:2000");

    [Theory]
    [InlineData("wrong password")]
    [InlineData("wrong fragment")]
    [InlineData("no integrity")]
    [InlineData("no user name")]
    public void Requests_that_are_not_authenticated_get_no_answer(string fault)
    {
        var pair = OneSided();
        var good = pair.Left.Agent.LocalCredentials;
        Assert.True(IceCredentials.TryCreate(good.Ufrag, new string('x', 24), out var wrongPassword));
        Assert.True(IceCredentials.TryCreate("xxxxxxxx", good.Password, out var wrongUfrag));
        var check = fault switch
        {
            "wrong password" => Wire.Check(wrongPassword, "peer"),
            "wrong fragment" => Wire.Check(wrongUfrag, "peer"),
            "no integrity" => Bare(writer: (ref StunWriter w) => w.AddUsername(System.Text.Encoding.ASCII.GetBytes($"{good.Ufrag}:peer"))),
            _ => Bare(writer: (ref StunWriter w) => w.AddIntegrity(System.Text.Encoding.ASCII.GetBytes(good.Password))),
        };

        Assert.Equal(IceReceived.Dropped, pair.Inject(pair.Left, Peer, check));

        Assert.Equal(1, pair.Left.Agent.Counters.Unauthenticated);
        Assert.False(pair.Left.Agent.TryGetDatagram(pair.Now, new byte[600], out _));
        Assert.False(pair.Left.Agent.IsKnownRemote(new PathId(0), Peer));
    }

    [Fact]
    public void An_authenticated_request_with_unknown_mandatory_attributes_is_refused_with_420()
    {
        var pair = OneSided();
        var good = pair.Left.Agent.LocalCredentials;
        var check = Bare((ref StunWriter w) =>
        {
            w.AddUsername(System.Text.Encoding.ASCII.GetBytes($"{good.Ufrag}:peer"));
            w.AddIntegrity(System.Text.Encoding.ASCII.GetBytes(good.Password));
        }, unknownFirst: true, key: good.Password);

        Assert.Equal(IceReceived.Request, pair.Inject(pair.Left, Peer, check));

        Assert.Equal(420, Wire.TakeAnswer(pair.Left.Agent, pair.Now));
        Assert.False(pair.Left.Agent.IsKnownRemote(new PathId(0), Peer));
    }

    [Fact]
    public void Forged_responses_change_nothing()
    {
        var pair = OneSided();
        pair.Tell(pair.Right, pair.Left);
        var buffer = new byte[600];
        Assert.True(pair.Left.Agent.TryGetDatagram(pair.Now, buffer, out var check));

        var forged = Wire.AnswerWith(buffer.AsSpan(0, check.Length), Peer, "not the right side's password");

        Assert.Equal(IceReceived.Dropped, pair.Inject(pair.Left, Peer, forged));
        Assert.Equal(IceState.Checking, pair.Left.Agent.State);
        Assert.Equal(1, pair.Left.Agent.Counters.Unauthenticated);
    }

    [Fact]
    public void A_check_is_sent_seven_times_with_growing_gaps()
    {
        var pair = OneSided();
        var times = new List<double>();
        pair.OnSent = (_, _, _) => times.Add(pair.Elapsed.TotalMilliseconds);
        pair.IsBlocked = (_, _, _) => true;
        pair.Tell(pair.Right, pair.Left);

        pair.Drive(TimeSpan.FromSeconds(20));

        Assert.Equal([0, 100, 300, 700, 1200, 1700, 2200], times);
    }

    [Fact]
    public void New_checks_leave_in_a_burst_and_are_paced_after_it()
    {
        var pair = new IcePair();
        for (var port = 1; port <= 4; port++)
        {
            pair.Left.Bind($"10.0.0.1:{1000 + port}");
        }

        for (var port = 1; port <= 5; port++)
        {
            pair.Right.Bind($"10.0.0.2:{2000 + port}");
        }

        var times = new List<double>();
        var seen = new HashSet<(PathId, TransportAddress)>();
        pair.OnSent = (_, transmit, _) =>
        {
            if (seen.Add((transmit.Path, transmit.Remote)))
            {
                times.Add(pair.Elapsed.TotalMilliseconds);
            }
        };
        pair.IsBlocked = (_, _, _) => true;
        pair.Tell(pair.Right, pair.Left);

        pair.Drive(TimeSpan.FromSeconds(1));

        Assert.Equal(20, times.Count);
        Assert.Equal(Enumerable.Range(0, 20).Select(index => Math.Max(0, index - 7) * 20.0), times);
    }

    [Theory]
    [InlineData(false, IceFailure.NoPairs)]
    [InlineData(true, IceFailure.NoResponse)]
    public void Without_an_answer_the_check_phase_ends_in_failure(bool withCandidates, IceFailure reason)
    {
        var pair = new IcePair(IceOptions.OwnNodes) { IsBlocked = (_, _, _) => true };
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind(Peer.ToString());
        pair.Tell(pair.Right, pair.Left, withCandidates);

        Assert.True(pair.DriveUntil(() => pair.Left.Agent.State == IceState.Failed, TimeSpan.FromSeconds(30)));

        Assert.Equal(TimeSpan.FromSeconds(5), pair.Elapsed);
        Assert.Equal(reason, pair.Left.Agent.Failure);
    }

    [Fact]
    public void Pairs_and_candidates_are_bounded_and_the_best_are_kept()
    {
        var pair = new IcePair(new IceOptions { MaxPairs = 10, MaxRemoteCandidates = 20, MaxLocalCandidates = 2 });
        pair.Left.Bind("10.0.0.1:1000");
        pair.Left.Bind("10.0.0.1:1001");
        Assert.Null(pair.Left.Agent.AddLocalCandidate(new PathId(2), TransportAddress.Parse("10.0.0.1:1002")));
        pair.Tell(pair.Right, pair.Left);

        for (var port = 1; port <= 30; port++)
        {
            Assert.True(Candidate.TryParse($"candidate:1 1 udp {port} 10.0.0.9 {port} typ host", out var candidate));
            Assert.Equal(port <= 20, pair.Left.Agent.AddRemoteCandidate(pair.Now, candidate));
        }

        var known = Enumerable.Range(1, 30).Where(port => pair.Left.Agent.IsKnownRemote(new PathId(0), TransportAddress.FromIPv4(0x0A000009, port)));
        Assert.Equal([16, 17, 18, 19, 20], known);
        Assert.True(pair.Left.Agent.Counters.OverBound >= 11);
    }

    [Fact]
    public void Waiting_answers_are_bounded()
    {
        var pair = OneSided();
        var check = Wire.Check(pair.Left.Agent.LocalCredentials, "peer", controlling: false);

        for (var round = 0; round < 40; round++)
        {
            pair.Inject(pair.Left, Peer, check);
        }

        Assert.Equal(8, pair.Left.Agent.Counters.OverBound);
    }

    [Fact]
    public void Unreachable_combinations_make_no_pair()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Left.Bind("[2001:db8::1]:1000");
        pair.Right.Bind("127.0.0.1:2000");
        pair.Right.Bind("[fe80::2]:2000");
        pair.Tell(pair.Right, pair.Left);

        Assert.False(pair.Left.Agent.TryGetDatagram(pair.Now, new byte[600], out _));
    }

    [Fact]
    public void Several_addresses_on_one_socket_make_one_pair_with_a_remote()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000", path: 0);
        pair.Left.Bind("10.0.0.3:1000", path: 0);
        pair.Right.Bind(Peer.ToString());
        pair.Tell(pair.Right, pair.Left);

        Assert.True(pair.Left.Agent.TryGetDatagram(pair.Now, new byte[600], out _));
        Assert.False(pair.Left.Agent.TryGetDatagram(pair.Now, new byte[600], out _));
    }

    [Fact]
    public void Candidates_of_one_address_share_a_foundation_and_prefer_the_routable()
    {
        var pair = new IcePair();
        pair.Left.Bind("127.0.0.1:1");
        pair.Left.Bind("10.0.0.1:1");
        pair.Left.Bind("10.0.0.1:2");
        pair.Left.Bind("[fe80::1]:1");
        pair.Left.Bind("[2001:db8::1]:1");

        var candidates = pair.Left.Agent.LocalCandidates;

        Assert.Equal(candidates[1].Foundation, candidates[2].Foundation);
        Assert.Equal(4, candidates.Select(candidate => candidate.Foundation).Distinct().Count());
        Assert.Equal([4, 1, 2, 3, 0], Enumerable.Range(0, 5).OrderByDescending(index => candidates[index].Priority));
        Assert.Null(pair.Left.Agent.AddLocalCandidate(new PathId(0), TransportAddress.Parse("127.0.0.1:1")));
        Assert.Null(pair.Left.Agent.AddLocalCandidate(new PathId(0), TransportAddress.Parse("0.0.0.0:1")));
    }

    [Fact]
    public void A_closed_agent_is_silent()
    {
        var pair = OneSided();
        pair.Tell(pair.Right, pair.Left);

        pair.Left.Agent.Close(pair.Now);

        Assert.Equal((IceState.Closed, Instant.Never), (pair.Left.Agent.State, pair.Left.Agent.WakeAt));
        Assert.False(pair.Left.Agent.TryGetDatagram(pair.Now, new byte[600], out _));
        Assert.Equal(IceReceived.Dropped, pair.Inject(pair.Left, Peer, Wire.Check(pair.Left.Agent.LocalCredentials, "peer")));
    }

    [Fact]
    public void A_host_finds_the_connection_of_a_first_check_by_its_fragment()
    {
        var credentials = IceCredentials.Create(new SeededSecrets(5));

        Assert.True(IceUsername.TryGetReceiverUfrag(Wire.Check(credentials, "peer"), out var ufrag));
        Assert.Equal(credentials.Ufrag, System.Text.Encoding.ASCII.GetString(ufrag));

        Assert.False(IceUsername.TryGetReceiverUfrag(Bare((ref StunWriter w) => w.AddUsername("nocolon"u8)), out _));
        Assert.False(IceUsername.TryGetReceiverUfrag(Bare((ref StunWriter w) => w.AddUsername(":x"u8)), out _));
        Assert.False(IceUsername.TryGetReceiverUfrag([22, 254, 253], out _));
    }

    [Fact]
    public void Options_are_checked_and_their_defaults_are_these()
    {
        var options = new IceOptions();

        Assert.Equal(
            (30_000, 20, 8, 100, 500, 7, 100, 5_000, 30_000, 2),
            (options.CheckTimeout.TotalMilliseconds, options.CheckPacing.TotalMilliseconds, options.CheckBurst,
                options.FirstRetransmission.TotalMilliseconds, options.MaxRetransmission.TotalMilliseconds, options.CheckTransmissions,
                options.NominationPatience.TotalMilliseconds, options.ConsentPeriod.TotalMilliseconds,
                options.ConsentExpiry.TotalMilliseconds, options.DisconnectedAfter));
        Assert.Equal(
            (100, 16, 32, 8, 32),
            (options.MaxPairs, options.MaxLocalCandidates, options.MaxRemoteCandidates, options.MaxEarlyChecks, options.MaxPendingAnswers));
        Assert.Equal((5, 15), (IceOptions.OwnNodes.CheckTimeout.TotalSeconds, IceOptions.OwnNodes.ConsentPeriod.TotalSeconds));
        Assert.Throws<ArgumentOutOfRangeException>(() => new IceAgent(new IceOptions { CheckBurst = 0 }, IceRole.Controlled, new SeededSecrets(1)));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new IceAgent(new IceOptions { ConsentExpiry = TimeSpan.FromSeconds(6) }, IceRole.Controlled, new SeededSecrets(1)));
    }

    private delegate void WriterAction(ref StunWriter writer);

    private static byte[] Bare(WriterAction writer, bool unknownFirst = false, string key = "")
    {
        var buffer = new byte[600];
        var header = new StunHeader(StunClass.Request, StunHeader.Binding, StunTransactionId.Create(new SeededSecrets(1)));
        var stun = new StunWriter(buffer, header);
        writer(ref stun);
        var bytes = buffer[..stun.Finish()];
        return unknownFirst ? Wire.WithUnknownAttribute(bytes, key) : bytes;
    }

    private static IcePair OneSided()
    {
        var pair = new IcePair();
        pair.Left.Bind("10.0.0.1:1000");
        pair.Right.Bind(Peer.ToString());
        return pair;
    }
}
