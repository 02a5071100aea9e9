using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class IceScheduleTests
{
    /// <summary>
    /// Random networks, roles, losses and orders of signalling: as long as one way is open, both sides end on it, on the same pair.
    /// </summary>
    [Fact]
    public void Whatever_the_order_of_signalling_both_sides_end_on_the_same_pair()
    {
        for (ulong seed = 1; seed <= 500; seed++)
        {
            var prng = new Prng(seed);
            var pair = new IcePair(
                seed: seed,
                leftRole: (IceRole)prng.NextInt32(2),
                rightRole: (IceRole)prng.NextInt32(2))
            {
                Latency = TimeSpan.FromMilliseconds(prng.NextInt32(100)),
                LossPercent = prng.NextInt32(4) * 5,
            };
            Prepare(pair, ref prng);
            Signal(pair, ref prng);

            Assert.True(pair.DriveUntil(() => IsAgreed(pair), TimeSpan.FromSeconds(25)), $"seed {seed}: {Describe(pair)}");

            pair.LossPercent = 0;
            pair.Drive(TimeSpan.FromSeconds(60));
            Assert.True(IsAgreed(pair), $"seed {seed} a minute later: {Describe(pair)}");
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        Assert.Equal(Trace(5), Trace(5));
        Assert.NotEqual(Trace(5), Trace(6));

        static string Trace(ulong seed)
        {
            var prng = new Prng(seed);
            var pair = new IcePair(seed: seed) { LossPercent = 10, Latency = TimeSpan.FromMilliseconds(20) };
            var trace = new System.Text.StringBuilder();
            pair.OnSent = (side, transmit, bytes) => trace.Append(side.Name).Append(pair.Now).Append(transmit).Append(Convert.ToHexString(bytes));
            Prepare(pair, ref prng);
            Signal(pair, ref prng);
            pair.Drive(TimeSpan.FromSeconds(20));
            return trace.ToString();
        }
    }

    private static void Prepare(IcePair pair, ref Prng prng)
    {
        string[] left = ["10.0.0.1:1000", "[2001:db8::1]:1000", "10.1.0.1:1000", "[2001:db8:1::1]:1000"];
        string[] right = ["10.0.0.2:2000", "[2001:db8::2]:2000", "10.1.0.2:2000", "[2001:db8:1::2]:2000"];
        var count = 1 + prng.NextInt32(4);
        for (var index = 0; index < count; index++)
        {
            pair.Left.Bind(left[index]);
            pair.Right.Bind(right[index]);
        }

        // Some ways are shut for good in both directions, never that between the first two addresses.
        var shut = new HashSet<(TransportAddress, TransportAddress)>();
        for (var index = 0; index < 6; index++)
        {
            var one = TransportAddress.Parse(left[prng.NextInt32(count)]);
            var other = TransportAddress.Parse(right[prng.NextInt32(count)]);
            if (one != TransportAddress.Parse(left[0]) || other != TransportAddress.Parse(right[0]))
            {
                shut.Add((one, other));
                shut.Add((other, one));
            }
        }

        pair.IsBlocked = (_, from, to) => shut.Contains((from, to));
    }

    /// <summary>Credentials and candidates of both sides in any order, with pauses between; a quarter of the candidates hidden on one side.</summary>
    private static void Signal(IcePair pair, ref Prng prng)
    {
        var steps = new List<Action>
        {
            () => Assert.True(pair.Left.Agent.SetRemoteCredentials(pair.Now, pair.Right.Agent.LocalCredentials)),
            () => Assert.True(pair.Right.Agent.SetRemoteCredentials(pair.Now, pair.Left.Agent.LocalCredentials)),
        };
        foreach (var candidate in pair.Left.Agent.LocalCandidates)
        {
            steps.Add(() => pair.Right.Agent.AddRemoteCandidate(pair.Now, candidate));
        }

        if (!prng.NextChance(1, 4))
        {
            foreach (var candidate in pair.Right.Agent.LocalCandidates)
            {
                steps.Add(() => pair.Left.Agent.AddRemoteCandidate(pair.Now, candidate));
            }
        }

        while (steps.Count > 0)
        {
            var next = prng.NextInt32(steps.Count);
            steps[next]();
            steps.RemoveAt(next);
            pair.Drive(TimeSpan.FromMilliseconds(prng.NextInt32(200)));
        }
    }

    private static bool IsAgreed(IcePair pair) =>
        pair.Left.Agent is { State: IceState.Completed, SelectedPair: { } left }
        && pair.Right.Agent is { State: IceState.Completed, SelectedPair: { } right }
        && left.Remote == right.Local && left.Local == right.Remote
        && pair.Left.Agent.Role != pair.Right.Agent.Role;

    private static string Describe(IcePair pair) =>
        $"{pair.Left.Agent.State} {pair.Left.Agent.Role} {pair.Left.Agent.SelectedPair}, {pair.Right.Agent.State} {pair.Right.Agent.Role} {pair.Right.Agent.SelectedPair}";
}
