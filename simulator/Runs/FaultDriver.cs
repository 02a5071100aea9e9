using Overlay.Simulator.Network;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

/// <summary>What is done to the network in a phase, and undone again.</summary>
internal sealed class FaultDriver
{
    private readonly World _world;
    private readonly NetworkModel _network;
    private readonly ChurnDriver _churn;
    private readonly IDepartures _departures;
    private readonly HashSet<int> _restarting = [];
    private readonly List<int> _suspended = [];
    private Queue<int> _toRestart = new();
    private IReadOnlyList<FaultSpec> _faults = [];
    private Prng _random;
    private Partition? _partition;
    private int _generation;

    public FaultDriver(World world, NetworkModel network, ChurnDriver churn, IDepartures departures, Prng random)
    {
        (_world, _network, _churn, _departures, _random) = (world, network, churn, departures, random);
    }

    /// <summary>Whether a rolling restart brings the node back.</summary>
    public bool IsRestarting(int node) => _restarting.Contains(node);

    /// <summary>A phase begins: the faults of the last one are over.</summary>
    public void Begin(IReadOnlyList<FaultSpec> faults)
    {
        EndAll();
        _generation++;
        _faults = faults;
        for (var index = 0; index < faults.Count; index++)
        {
            _world.Plan(_world.Ticks + faults[index].At.Ticks, (int)Planned.Fault, -1, (_generation << 8) | index);
        }
    }

    /// <summary>A planned event of this driver is due.</summary>
    public void Due(Planned what, int node, int argument)
    {
        if (what == Planned.RestartBack)
        {
            if (_restarting.Remove(node))
            {
                _departures.Joined(_world.Start(node, isNew: false), node);
            }

            return;
        }

        if (argument >> 8 != _generation)
        {
            return; // Of a phase that is over.
        }

        var fault = _faults[argument & 0xff];
        switch (what)
        {
            case Planned.Fault:
                Begin(fault, argument);
                break;
            case Planned.FaultEnds:
                End(fault.Kind);
                break;
            case Planned.RestartNext:
                RestartNext(fault, argument);
                break;
        }
    }

    private void Begin(FaultSpec fault, int argument)
    {
        switch (fault.Kind)
        {
            case FaultKind.MassFailure:
                foreach (var victim in Draw(fault))
                {
                    _departures.Crashed(_world.Crash(victim));
                }

                return;
            case FaultKind.RootFailure:
                CrashRoots();
                return;
            case FaultKind.FlashCrowd:
                var count = CountOf(fault);
                for (var at = 0; at < count; at++)
                {
                    _world.Plan(_world.Ticks + (long)(fault.Over.Ticks * (double)at / count), (int)Planned.Arrival);
                }

                return;
            case FaultKind.RollingRestart:
                _toRestart = new(Draw(fault));
                RestartNext(fault, argument);
                return;
            case FaultKind.Partition:
                Part(fault);
                _departures.Paused(begins: true);
                break;
            case FaultKind.Suspend:
                foreach (var victim in Draw(fault))
                {
                    if (_world.Suspend(victim))
                    {
                        _suspended.Add(victim);
                    }
                }

                _departures.Paused(begins: true);
                break;
            case FaultKind.HubDown:
                _world.StopHub();
                break;
        }

        if (fault.For is { } duration)
        {
            _world.Plan(_world.Ticks + duration.Ticks, (int)Planned.FaultEnds, -1, argument);
        }
    }

    private void CrashRoots()
    {
        for (var node = 0; node < _world.Numbers; node++)
        {
            if (_world.IsAlive(node) && _world[node]?.Tree is { IsRoot: true })
            {
                _departures.Crashed(_world.Crash(node));
            }
        }
    }

    private void End(FaultKind kind)
    {
        switch (kind)
        {
            case FaultKind.Partition:
                if (_partition is not null)
                {
                    _network.Heal(_partition);
                    _partition = null;
                    _departures.Paused(begins: false);
                }

                break;
            case FaultKind.Suspend when _suspended.Count > 0:
                foreach (var node in _suspended)
                {
                    _world.Resume(node);
                }

                _suspended.Clear();
                _departures.Paused(begins: false);
                break;
            case FaultKind.HubDown:
                _world.StartHub();
                break;
        }
    }

    private void EndAll()
    {
        End(FaultKind.Partition);
        End(FaultKind.Suspend);
        End(FaultKind.HubDown);
        _toRestart.Clear();
    }

    private void RestartNext(FaultSpec fault, int argument)
    {
        if (!_toRestart.TryDequeue(out var node))
        {
            return;
        }

        if (_world.IsAlive(node) && !_world.IsSuspended(node))
        {
            _restarting.Add(node);
            _departures.Crashed(_world.Crash(node));
            _world.Plan(_world.Ticks + (fault.For ?? TimeSpan.FromSeconds(1)).Ticks, (int)Planned.RestartBack, node);
        }

        _world.Plan(_world.Ticks + (fault.Every ?? TimeSpan.FromSeconds(1)).Ticks, (int)Planned.RestartNext, -1, argument);
    }

    private void Part(FaultSpec fault)
    {
        IReadOnlyList<double> shares = fault.Parts.Count > 0 ? fault.Parts : [1 - (fault.Share ?? 0.5), fault.Share ?? 0.5];
        _partition = Partition.Deal(_world.Capacity, shares, _random.Next(), fault.OneWay);
        _network.Begin(_partition);
    }

    private int CountOf(FaultSpec fault) => fault.Count ?? (int)Math.Round((fault.Share ?? 0) * _world.LiveCount);

    /// <summary>So many living nodes, each as likely as any other.</summary>
    private List<int> Draw(FaultSpec fault)
    {
        var living = new List<int>();
        for (var node = 0; node < _world.Numbers; node++)
        {
            if (_world.IsAlive(node) && !_world.IsSuspended(node))
            {
                living.Add(node);
            }
        }

        var count = Math.Min(CountOf(fault), living.Count);
        for (var at = 0; at < count; at++)
        {
            var other = at + _random.Next(living.Count - at);
            (living[at], living[other]) = (living[other], living[at]);
        }

        living.RemoveRange(count, living.Count - count);
        return living;
    }
}
