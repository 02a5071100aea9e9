using Overlay.Simulator.Network;
using Xunit;

namespace Overlay.Simulator.Tests.Network;

public sealed class LinkSetUpTests
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private static readonly NetworkOptions Plain = new() { Delay = new ConstantDelay(TimeSpan.FromMilliseconds(10)) };

    [Fact]
    public void A_set_up_takes_its_round_trips_and_its_bytes()
    {
        var random = new Prng(1);
        var network = new NetworkModel(Plain, 1);

        Assert.Equal(new SetUpOutcome(SetUpKind.Succeeds, 120 * Millisecond, 6_000), network.SetUp(1, 2, 0, ref random));
        Assert.Equal(50 * Millisecond, new NetworkModel(Plain with { SetUp = new LinkSetUp { RoundTrips = 2.5 } }, 1).SetUp(1, 2, 0, ref random).Ticks);
    }

    [Fact]
    public void In_a_free_network_links_cost_nothing()
    {
        var random = new Prng(2);
        var network = new NetworkModel(Plain with { SetUp = LinkSetUp.Free }, 1);

        Assert.Equal(new SetUpOutcome(SetUpKind.Succeeds, 0, 0), network.SetUp(1, 2, 0, ref random));
    }

    [Fact]
    public void Failures_seen_and_silent_take_their_shares()
    {
        var random = new Prng(3);
        var network = new NetworkModel(Plain with { SetUp = new LinkSetUp { Failure = 0.2, SilentFailure = 0.1 } }, 1);
        var counts = new int[3];

        for (var draw = 0; draw < 100_000; draw++)
        {
            counts[(int)network.SetUp(1, 2, 0, ref random).Kind]++;
        }

        Assert.InRange(counts[(int)SetUpKind.Fails], 19_500, 20_500);
        Assert.InRange(counts[(int)SetUpKind.Silent], 9_600, 10_400);
    }

    [Fact]
    public void Loss_makes_a_set_up_slower_by_its_retransmissions()
    {
        var random = new Prng(4);
        var network = new NetworkModel(Plain with { Loss = 0.1 }, 1);
        var (quick, total) = (0, 0L);
        for (var draw = 0; draw < 10_000; draw++)
        {
            var outcome = network.SetUp(1, 2, 0, ref random);
            quick += outcome.Ticks == 120 * Millisecond ? 1 : 0;
            total += outcome.Ticks;
            Assert.Equal(SetUpKind.Succeeds, outcome.Kind);
        }

        // Twelve packets, each lost with 0.1: 0.9^12 = 0.28 of the set-ups lose none.
        Assert.InRange(quick, 2_650, 3_000);
        Assert.True(total / 10_000 > 500 * Millisecond);
    }

    [Fact]
    public void A_slow_access_line_delays_a_set_up()
    {
        var random = new Prng(5);
        var network = new NetworkModel(Plain with { UpBytesPerSecond = 3_000 }, 1);

        Assert.Equal((120 + 1_000) * Millisecond, network.SetUp(1, 2, 0, ref random).Ticks);
    }

    [Fact]
    public void The_direct_connection_matrix_is_that_of_hole_punching_without_relays()
    {
        // Rows and columns: open, full, restricted, port-restricted, symmetric, blocked.
        string[] wanted =
        [
            "yyyyyn",
            "yyyyyn",
            "yyyyyn",
            "yyyynn",
            "yyynnn",
            "nnnnnn",
        ];

        for (var left = NatType.Open; left <= NatType.UdpBlocked; left++)
        {
            for (var right = NatType.Open; right <= NatType.UdpBlocked; right++)
            {
                Assert.True(wanted[(int)left][(int)right] == 'y' == NatMix.ConnectsDirectly(left, right), $"{left} with {right}");
            }
        }
    }

    [Fact]
    public void Nodes_take_their_shares_of_the_nats_and_keep_them()
    {
        var mix = new NatMix { Open = 0.3, PortRestrictedCone = 0.5, Symmetric = 0.15, UdpBlocked = 0.05 };
        var network = new NetworkModel(Plain with { Nat = mix }, 7);

        var counts = Enumerable.Range(0, 100_000).Select(network.NatOf).CountBy(type => type).ToDictionary();

        Assert.InRange(counts[NatType.Open], 29_400, 30_600);
        Assert.InRange(counts[NatType.PortRestrictedCone], 49_400, 50_600);
        Assert.InRange(counts[NatType.Symmetric], 14_500, 15_500);
        Assert.InRange(counts[NatType.UdpBlocked], 4_700, 5_300);
        Assert.False(counts.ContainsKey(NatType.FullCone));
        Assert.Equal(network.NatOf(17), new NetworkModel(Plain with { Nat = mix }, 7).NatOf(17));
    }

    [Fact]
    public void A_pair_whose_nats_do_not_match_fails_when_the_checks_run_out()
    {
        var random = new Prng(6);
        var network = new NetworkModel(Plain with { Nat = new NatMix { Symmetric = 1 } }, 1);

        var outcome = network.SetUp(1, 2, 0, ref random);

        Assert.Equal((SetUpKind.Fails, 5 * TimeSpan.TicksPerSecond), (outcome.Kind, outcome.Ticks));
        Assert.False(network.ConnectsDirectly(1, 2));
    }
}
