using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Network;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Experiments;

/// <summary>A perfect ring of real nodes of which some have failed at one moment, and nobody has noticed yet.</summary>
/// <remarks>
/// A look-up is walked hop by hop: each node is asked where it would send it, a dead answer costs one timeout and the same node is asked again without it. No
/// node learns anything: the tables stay as they were at the moment of the failure, as in the experiment of the paper.
/// </remarks>
internal sealed class FailedRing
{
    private const int MaxHops = 200;

    private readonly World _world;
    private readonly List<int> _living = [];
    private readonly bool[] _hasFailed;
    private readonly HashSet<RingId> _tried = [];
    private Prng _random;

    /// <param name="nodes">Nodes before the failure.</param>
    /// <param name="share">The share of them that fails.</param>
    /// <param name="options">Of every node.</param>
    /// <param name="seed">Decides everything.</param>
    public FailedRing(int nodes, double share, OverlayOptions options, ulong seed)
    {
        _random = new Prng(seed ^ 0xFA11ED);
        var network = new NetworkModel(new NetworkOptions { Delay = new ConstantDelay(TimeSpan.FromMilliseconds(1)) }, seed);
        _world = new World(new WorldOptions { Seed = seed, Capacity = nodes, Overlay = options, Network = network, IsContact = true, TraceLength = 64 }, new Nobody());
        _world.StartIdeal(nodes);
        _hasFailed = new bool[nodes];
        for (var toFail = (int)Math.Round(share * nodes); toFail > 0;)
        {
            var victim = _random.Next(nodes);
            toFail -= _hasFailed[victim] ? 0 : 1;
            _hasFailed[victim] = true;
        }

        for (var node = 0; node < nodes; node++)
        {
            if (!_hasFailed[node])
            {
                _living.Add(node);
            }
        }
    }

    /// <summary>Hops without the one onto the owner.</summary>
    public Histogram Hops { get; } = new();

    /// <summary>Timeouts on the way, without those of the hop onto the owner.</summary>
    public Histogram Timeouts { get; } = new();

    /// <summary>Look-ups that ended before they came to the owner.</summary>
    public int Failed { get; private set; }

    /// <summary>One look-up of a random living node for a random key.</summary>
    public void LookUp()
    {
        var key = RingId.From(_random.Next());
        var owner = _world.Directory.FirstFrom(key, IsLiving);
        var last = _world.Directory.LastBefore(key, IsLiving);
        var (at, phases, hops, timeouts) = (_living[_random.Next(_living.Count)], MessageFlags.None, 0, 0);
        while (at != last && at != owner)
        {
            var (next, waited) = Step(at, key, ref phases);
            if (next < 0 || hops == MaxHops)
            {
                Failed++;
                return;
            }

            if (next == owner)
            {
                break; // Without going through the key's predecessor, as both ways round allow.
            }

            (at, hops, timeouts) = (next, hops + 1, timeouts + waited);
        }

        Hops.Add(hops);
        Timeouts.Add(timeouts);
    }

    /// <summary>The first living node to which <paramref name="node"/> would send the look-up, and how many dead ones it tried before; −1 where there is none.</summary>
    private (int Next, int Timeouts) Step(int node, RingId key, ref MessageFlags phases)
    {
        _tried.Clear();
        while (true)
        {
            var (kind, peer, onward) = _world[node]!.NextOf(key, phases, _tried);
            if (kind != HopKind.Forward || peer is not { } id)
            {
                return (-1, _tried.Count);
            }

            var next = _world.Directory.Find(id);
            if (!_hasFailed[next])
            {
                phases = onward;
                return (next, _tried.Count);
            }

            _tried.Add(id);
            phases = MessageFlags.None; // What is sent again begins anew, as in the node itself.
        }
    }

    private bool IsLiving(int node) => !_hasFailed[node];

    private sealed class Nobody : IWorldObserver
    {
        public void RingChanged(int node)
        {
        }

        public void Ended(int node)
        {
        }

        public void Completed(int node, in Effect effect)
        {
        }

        public void Delivered(int node, in Message message)
        {
        }

        public void Observed(int node, in Effect effect)
        {
        }

        public void Due(int kind, int node, int argument)
        {
        }
    }
}
