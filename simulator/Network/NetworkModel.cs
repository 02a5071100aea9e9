using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Network;

/// <summary>What happens to a message between two nodes, and to the attempt to open a link.</summary>
/// <remarks>
/// <para>Links are reliable and ordered: loss costs the wait for a retransmission, a duplicate is dropped, what was overtaken comes after what overtook it. Everything
/// else (<c>ordered: false</c>) is lost, doubled and overtaken.</para>
/// <para>It decides when it is asked, in the order of sending. Not for several threads.</para>
/// </remarks>
public sealed class NetworkModel
{
    /// <summary>Most arrivals of one message: room that <see cref="Send"/> needs.</summary>
    public const int MaxArrivals = 2;

    private const int MaxRetransmissions = 10;

    private readonly NetworkOptions _options;
    private readonly ulong _seed;
    private readonly Chance _loss;
    private readonly Chance _duplication;
    private readonly Chance _reordering;
    private readonly Chance _setUpFailure;
    private readonly Chance _setUpSilence;
    private readonly bool _canOvertake;
    private readonly bool _hasNat;
    private readonly AccessLine _up;
    private readonly AccessLine _down;
    private readonly OrderedArrivals _ordered = new();
    private readonly List<Partition> _partitions = [];

    /// <param name="options">What the network is like.</param>
    /// <param name="seed">Who sits behind which NAT.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range.</exception>
    public NetworkModel(NetworkOptions options, ulong seed)
    {
        options.Validate();
        _options = options;
        _seed = seed;
        _loss = new Chance(options.Loss);
        _duplication = new Chance(options.Duplication);
        _reordering = new Chance(options.Reordering);
        _setUpFailure = new Chance(options.SetUp.Failure);
        // Asked only of those that have not failed, so that both shares are of all set-ups.
        _setUpSilence = new Chance(options.SetUp.Failure < 1 ? Math.Min(options.SetUp.SilentFailure / (1 - options.SetUp.Failure), 1) : 0);
        _up = new AccessLine(options.UpBytesPerSecond);
        _down = new AccessLine(options.DownBytesPerSecond);
        _canOvertake = !options.Delay.IsSteady || !_loss.IsNever || !_reordering.IsNever || !_up.IsFree || !_down.IsFree;
        _hasNat = options.Nat.Open < 1;
    }

    /// <summary>Whether messages pass from one node to another: no partition that has begun and not healed blocks them.</summary>
    public bool Reaches(int from, int to)
    {
        foreach (var partition in _partitions)
        {
            if (partition.Blocks(from, to))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Splits the network; several splits add up.</summary>
    public void Begin(Partition partition) => _partitions.Add(partition);

    /// <summary>Ends a split.</summary>
    /// <returns>Whether it had begun.</returns>
    public bool Heal(Partition partition) => _partitions.Remove(partition);

    /// <summary>What stands between a node and the open network.</summary>
    public NatType NatOf(int node) => _hasNat ? _options.Nat.Of(node, _seed) : NatType.Open;

    /// <summary>Whether two nodes can have a direct link at all, as far as their NATs are concerned.</summary>
    public bool ConnectsDirectly(int left, int right) => !_hasNat || NatMix.ConnectsDirectly(NatOf(left), NatOf(right));

    /// <summary>The one-way delay of an idle path in ticks of 100 ns: no loss, no queue, no partition.</summary>
    public long Delay(int from, int to, ref Prng random) => _options.Delay.Ticks(from, to, ref random);

    /// <summary>Sends a message.</summary>
    /// <param name="from">Sender.</param>
    /// <param name="to">Receiver.</param>
    /// <param name="bytes">Size without headers.</param>
    /// <param name="now">Now, in ticks of 100 ns; never earlier than at the call before.</param>
    /// <param name="ordered">On a link, else on its own.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="arrivals">Room for <see cref="MaxArrivals"/> times, which are later than <paramref name="now"/> or equal.</param>
    /// <returns>
    /// How many arrivals were written: 0 when it is lost, 2 when it is doubled. On a link 1, except that 0 says the link is cut by a partition:
    /// nothing may come over that direction of it any more, and its ends find out by their silence.
    /// </returns>
    public int Send(int from, int to, int bytes, long now, bool ordered, ref Prng random, Span<long> arrivals)
    {
        if (_partitions.Count > 0 && !Reaches(from, to))
        {
            return 0;
        }

        var wire = bytes + _options.HeaderBytes;
        if (ordered)
        {
            var arrival = Transmit(from, to, wire, now, ref random);
            arrivals[0] = _canOvertake ? _ordered.InOrder(from, to, now, arrival) : arrival;
            return 1;
        }

        var leaves = _up.Pass(from, wire, now, _options.MaxQueueDelay.Ticks);
        if (leaves < 0 || _loss.Happens(ref random))
        {
            return 0;
        }

        var copies = _duplication.Happens(ref random) ? 2 : 1;
        var count = 0;
        for (var copy = 0; copy < copies; copy++)
        {
            var arrival = Cross(from, to, wire, leaves, ref random);
            if (arrival >= 0)
            {
                arrivals[count++] = arrival;
            }
        }

        return count;
    }

    /// <summary>Opens a link between two nodes that have exchanged their descriptions.</summary>
    /// <param name="offerer">One end.</param>
    /// <param name="answerer">The other end.</param>
    /// <param name="now">Now, in ticks of 100 ns.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <remarks>A partition in either direction and two NATs that do not match let the checks run out; chance decides the rest.</remarks>
    public SetUpOutcome SetUp(int offerer, int answerer, long now, ref Prng random)
    {
        var setUp = _options.SetUp;
        if (!Reaches(offerer, answerer) || !Reaches(answerer, offerer) || !ConnectsDirectly(offerer, answerer) || _setUpFailure.Happens(ref random))
        {
            return new SetUpOutcome(SetUpKind.Fails, setUp.FailsAfter.Ticks, setUp.Bytes / 4);
        }

        if (_setUpSilence.Happens(ref random))
        {
            return new SetUpOutcome(SetUpKind.Silent, 0, setUp.Bytes / 4);
        }

        var ticks = 0L;
        for (var left = setUp.RoundTrips; left > 0; left--)
        {
            ticks += (long)(Math.Min(left, 1) * RoundTrip(offerer, answerer, ref random));
        }

        var both = setUp.Bytes / 2;
        var queues = Math.Max(Queue(offerer, both, now), Queue(answerer, both, now));
        return new SetUpOutcome(SetUpKind.Succeeds, ticks + queues, setUp.Bytes);
    }

    private long RoundTrip(int offerer, int answerer, ref Prng random)
    {
        var ticks = _options.Delay.Ticks(offerer, answerer, ref random) + _options.Delay.Ticks(answerer, offerer, ref random);
        var wait = _options.SetUp.Retransmission.Ticks;
        for (var again = 0; again < MaxRetransmissions && (_loss.Happens(ref random) || _loss.Happens(ref random)); again++)
        {
            ticks += wait;
            wait *= 2;
        }

        return ticks;
    }

    private long Queue(int node, int bytes, long now) => bytes == 0 ? 0 : Math.Max(_up.Pass(node, bytes, now, long.MaxValue), _down.Pass(node, bytes, now, long.MaxValue)) - now;

    private long Transmit(int from, int to, int wire, long now, ref Prng random)
    {
        var sentAt = now;
        var wait = _options.Retransmission.Ticks;
        for (var again = 0; again < MaxRetransmissions; again++)
        {
            var leaves = _up.Pass(from, wire, sentAt, _options.MaxQueueDelay.Ticks);
            if (leaves >= 0 && !_loss.Happens(ref random))
            {
                var arrival = Cross(from, to, wire, leaves, ref random);
                if (arrival >= 0)
                {
                    return arrival;
                }
            }

            sentAt += wait;
            wait = Math.Min(wait * 2, _options.MaxRetransmission.Ticks);
        }

        // So many losses in a row would end a link; what ends links here is decided elsewhere, so the last attempt gets through.
        return sentAt + _options.Delay.Ticks(from, to, ref random);
    }

    private long Cross(int from, int to, int wire, long leaves, ref Prng random)
    {
        var arrives = leaves + _options.Delay.Ticks(from, to, ref random);
        if (_reordering.Happens(ref random))
        {
            arrives += random.Between(TimeSpan.Zero, _options.ReorderingDelay).Ticks;
        }

        return _down.Pass(to, wire, arrives, _options.MaxQueueDelay.Ticks);
    }
}
