using Overlay.Simulator.Network;
using Xunit;

namespace Overlay.Simulator.Tests.Network;

public sealed class NetworkModelTests
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private static readonly NetworkOptions Plain = new() { Delay = new ConstantDelay(TimeSpan.FromMilliseconds(10)), HeaderBytes = 0 };

    [Fact]
    public void A_plain_network_delivers_once_after_the_delay()
    {
        var random = new Prng(1);
        var network = new NetworkModel(Plain, 1);

        Assert.Equal([1000 + (10 * Millisecond)], Send(network, 1, 2, 100, 1000, false, ref random));
        Assert.Equal([1000 + (10 * Millisecond)], Send(network, 1, 2, 100, 1000, true, ref random));
    }

    [Fact]
    public void Loss_and_duplication_happen_as_often_as_they_say()
    {
        var random = new Prng(2);
        var network = new NetworkModel(Plain with { Loss = 0.1, Duplication = 0.05 }, 1);
        var counts = new int[3];

        for (var draw = 0; draw < 100_000; draw++)
        {
            counts[Send(network, 1, 2, 100, draw, false, ref random).Length]++;
        }

        Assert.InRange(counts[0], 9_700, 10_300);
        Assert.InRange(counts[2], 4_300, 4_700);
    }

    [Fact]
    public void A_link_loses_nothing_doubles_nothing_and_keeps_the_order()
    {
        var random = new Prng(3);
        var network = new NetworkModel(
            new NetworkOptions
            {
                Delay = new UniformDelay(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(200)),
                Loss = 0.2,
                Duplication = 0.2,
                Reordering = 0.3,
                UpBytesPerSecond = 1_000_000,
                DownBytesPerSecond = 1_000_000,
            },
            1);
        var last = new Dictionary<(int, int), long>();
        var now = 0L;
        for (var message = 0; message < 50_000; message++)
        {
            var (from, to) = (random.Next(8), 8 + random.Next(8));
            now += random.Next(20_000);

            var arrivals = Send(network, from, to, 100, now, true, ref random);

            var arrival = Assert.Single(arrivals);
            Assert.True(arrival >= now + Millisecond);
            Assert.True(arrival >= last.GetValueOrDefault((from, to)));
            last[(from, to)] = arrival;
        }
    }

    [Fact]
    public void A_lost_message_on_a_link_comes_a_retransmission_later_and_holds_up_what_follows()
    {
        var random = new Prng(4);
        var network = new NetworkModel(Plain with { Loss = 0.3 }, 1);
        var (late, held) = (0, 0);
        for (var pair = 0; pair < 10_000; pair++)
        {
            var first = Send(network, pair, 20_000, 100, 0, true, ref random)[0];
            var second = Send(network, pair, 20_000, 100, Millisecond, true, ref random)[0];
            if (first > 10 * Millisecond)
            {
                late++;
                Assert.True(first >= 310 * Millisecond);
                held += second == first ? 1 : 0;
            }

            Assert.True(second >= first);
        }

        Assert.InRange(late, 2_800, 3_200);
        Assert.InRange(held, late * 0.6, late);
    }

    [Fact]
    public void Without_a_link_later_messages_overtake_earlier_ones()
    {
        var random = new Prng(5);
        var network = new NetworkModel(Plain with { Reordering = 0.5 }, 1);
        var (overtaken, last) = (0, 0L);
        for (var message = 0; message < 1_000; message++)
        {
            var arrival = Send(network, 1, 2, 10, message * Millisecond, false, ref random)[0];
            overtaken += arrival < last ? 1 : 0;
            last = arrival;
        }

        Assert.InRange(overtaken, 200, 500);
    }

    [Fact]
    public void An_access_line_serves_one_message_after_the_other()
    {
        var random = new Prng(6);
        var network = new NetworkModel(Plain with { UpBytesPerSecond = 100_000 }, 1);

        var arrivals = Enumerable.Range(0, 3).Select(message => Send(network, 1, 2 + message, 1_000, 0, false, ref random)[0]).ToArray();
        var later = Send(network, 1, 2, 1_000, 500 * Millisecond, false, ref random)[0];

        Assert.Equal([20 * Millisecond, 30 * Millisecond, 40 * Millisecond], arrivals);
        Assert.Equal(520 * Millisecond, later);
    }

    [Fact]
    public void Messages_of_many_senders_queue_before_the_receivers_access_line()
    {
        var random = new Prng(7);
        var network = new NetworkModel(Plain with { DownBytesPerSecond = 100_000 }, 1);

        var arrivals = Enumerable.Range(0, 3).Select(sender => Send(network, sender, 9, 1_000, 0, false, ref random)[0]).ToArray();

        Assert.Equal([20 * Millisecond, 30 * Millisecond, 40 * Millisecond], arrivals);
    }

    [Fact]
    public void A_message_that_arrives_before_the_busy_period_of_a_line_does_not_wait_for_it()
    {
        var line = new AccessLine(1_000);

        Assert.Equal(20 * Millisecond, line.Pass(0, 10, 10 * Millisecond, long.MaxValue));
        Assert.Equal(2 * Millisecond, line.Pass(0, 1, Millisecond, long.MaxValue));
        Assert.Equal(21 * Millisecond, line.Pass(0, 1, 15 * Millisecond, long.MaxValue));
    }

    [Fact]
    public void A_full_queue_drops_messages_and_makes_links_send_again()
    {
        var random = new Prng(8);
        var network = new NetworkModel(Plain with { UpBytesPerSecond = 1_000, MaxQueueDelay = TimeSpan.FromSeconds(1) }, 1);
        var lost = 0;
        for (var message = 0; message < 10; message++)
        {
            lost += Send(network, 1, 2, 500, 0, false, ref random).Length == 0 ? 1 : 0;
        }

        var onLink = Send(network, 1, 2, 500, 0, true, ref random)[0];

        Assert.Equal(7, lost);
        Assert.True(onLink > 1_500 * Millisecond);
    }

    [Fact]
    public void A_partition_blocks_between_its_groups_until_it_is_healed()
    {
        var random = new Prng(9);
        var network = new NetworkModel(Plain, 1);
        var partition = new Partition(node => node % 3, 3, (_, _) => true);
        network.Begin(partition);

        Assert.True(network.Reaches(0, 3));
        Assert.False(network.Reaches(0, 1));
        Assert.Empty(Send(network, 0, 1, 10, 0, true, ref random));
        Assert.Equal(SetUpKind.Fails, network.SetUp(0, 1, 0, ref random).Kind);

        Assert.True(network.Heal(partition));
        Assert.False(network.Heal(partition));
        Assert.Single(Send(network, 0, 1, 10, 0, true, ref random));
    }

    [Fact]
    public void A_one_way_split_by_lot_blocks_one_direction_and_takes_its_share()
    {
        var network = new NetworkModel(Plain, 1);
        var partition = Partition.Deal(10_000, [0.7, 0.3], seed: 7, isOneWay: true);
        network.Begin(partition);
        var far = Enumerable.Range(0, 10_000).Where(node => partition.GroupOf(node) == 1).ToArray();
        var near = Enumerable.Range(0, 10_000).First(node => partition.GroupOf(node) == 0);

        Assert.InRange(far.Length, 2_800, 3_200);
        Assert.False(network.Reaches(near, far[0]));
        Assert.True(network.Reaches(far[0], near));
        Assert.True(network.Reaches(far[0], far[1]));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new NetworkModel(Plain with { Loss = 1.5 }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NetworkModel(Plain with { UpBytesPerSecond = -1 }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NetworkModel(Plain with { MaxQueueDelay = TimeSpan.Zero }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NetworkModel(Plain with { Nat = new NatMix { Open = 0.5 } }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NetworkModel(Plain with { SetUp = new LinkSetUp { Failure = 0.6, SilentFailure = 0.6 } }, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Partition(node => node, 1, (_, _) => true));
    }

    [Fact]
    public void A_steady_crowd_on_links_allocates_nothing_after_warm_up()
    {
        var random = new Prng(10);
        var network = new NetworkModel(new NetworkOptions { Loss = 0.01, UpBytesPerSecond = 100_000, DownBytesPerSecond = 1_000_000 }, 1);
        var now = Crowd(network, 0, 300_000, ref random);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Crowd(network, now, 300_000, ref random);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 0);
    }

    private static long Crowd(NetworkModel network, long now, int messages, ref Prng random)
    {
        Span<long> arrivals = stackalloc long[NetworkModel.MaxArrivals];
        for (var message = 0; message < messages; message++)
        {
            now += 500;
            network.Send(random.Next(10_000), random.Next(10_000), 100, now, true, ref random, arrivals);
        }

        return now;
    }

    private static long[] Send(NetworkModel network, int from, int to, int bytes, long now, bool ordered, ref Prng random)
    {
        Span<long> arrivals = stackalloc long[NetworkModel.MaxArrivals];
        return arrivals[..network.Send(from, to, bytes, now, ordered, ref random, arrivals)].ToArray();
    }
}
