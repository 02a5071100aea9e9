using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Network;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Experiments;

/// <summary>Look-ups of random members for random keys in a perfect ring of real nodes, links free: who answers, and over how many links.</summary>
internal sealed class SettledLookups : IWorldObserver
{
    private static readonly TimeSpan Spread = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Dictionary<(int Node, long Request), RingId> _asked = [];
    private readonly World _world;
    private Prng _random;
    private int _toAsk;
    private int _ended;

    public SettledLookups(int nodes, OverlayOptions options, ulong seed)
    {
        _random = new Prng(seed ^ 0x10CA1);
        var network = new NetworkModel(new NetworkOptions { Delay = new ConstantDelay(TimeSpan.FromMilliseconds(1)) }, _random.Next());
        _world = new World(new WorldOptions { Seed = seed, Capacity = nodes, Overlay = options, Network = network, IsContact = true, TraceLength = 64 }, this);
        _world.StartIdeal(nodes);
    }

    /// <summary>Links that look-ups crossed, the one to the owner included.</summary>
    public Histogram Hops { get; } = new();

    /// <summary>Look-ups that were answered wrongly, or not at all.</summary>
    public int Failed { get; private set; }

    /// <summary>Over all that the nodes did.</summary>
    public ulong Hash => _world.Hash;

    public void Ask(int count, Action<double> progress, CancellationToken stop)
    {
        (_toAsk, _ended) = (count, 0);
        for (var lookup = 0; lookup < count; lookup++)
        {
            _world.Plan(_world.Ticks + (Spread.Ticks * lookup / count), 0);
        }

        var end = _world.Ticks + Spread.Ticks + Patience.Ticks;
        while (_ended < _toAsk && _world.Ticks < end)
        {
            stop.ThrowIfCancellationRequested();
            _world.RunFor(4096, end, stop);
            progress((double)_ended / count);
        }

        Failed += _toAsk - _ended;
    }

    public void Due(int kind, int node, int argument)
    {
        var key = RingId.From(_random.Next());
        var asker = _random.Next(_world.Numbers);
        _world.Command(asker, (asking, now, outbox) => _asked.Add((asker, asking.Lookup(now, key, outbox).Value), key));
    }

    public void Completed(int node, in Effect effect)
    {
        if (!_asked.Remove((node, effect.Request.Value), out var key))
        {
            return;
        }

        _ended++;
        if (effect.Detail is Owner answer && _world.Directory.Find(answer.Self.Id) == _world.Directory.FirstFrom(key, static _ => true))
        {
            Hops.Add(answer.Hops);
        }
        else
        {
            Failed++;
        }
    }

    public void RingChanged(int node)
    {
    }

    public void Ended(int node)
    {
    }

    public void Delivered(int node, in Message message)
    {
    }

    public void Observed(int node, in Effect effect)
    {
    }
}
