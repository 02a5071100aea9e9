using Overlay.Simulator.Churn;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Workloads;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

/// <summary>Brings nodes and takes them: the beginning of a run, and the churn of each phase.</summary>
internal sealed class ChurnDriver
{
    private readonly World _world;
    private readonly Scenario _scenario;
    private readonly IDepartures _departures;
    private readonly TraceBook _traces;
    private Prng _random;
    private ChurnSpec _spec = ChurnSpec.None;
    private DurationModel? _session;
    private DurationModel? _downtime;
    private IReadOnlyList<TraceEntry> _trace = [];
    private long _phaseBegan;
    private int _generation;

    public ChurnDriver(World world, Scenario scenario, TraceBook traces, Prng random, IDepartures departures)
    {
        (_world, _scenario, _traces, _random, _departures) = (world, scenario, traces, random, departures);
    }

    /// <summary>The nodes of the beginning.</summary>
    /// <param name="progress">Told now and then how many stand.</param>
    /// <param name="cancellation">Ends the building.</param>
    /// <exception cref="OperationCanceledException">The building was ended.</exception>
    public void Populate(Action<int>? progress, CancellationToken cancellation)
    {
        var isTraced = _scenario.ChurnOf(_scenario.Phases[0]).Renewal == RenewalKind.Trace;
        if (isTraced)
        {
            return; // The file says who comes, and when.
        }

        var founders = _scenario.Start switch
        {
            StartState.Ideal => _scenario.Nodes,
            StartState.Join => Math.Min(_scenario.Nodes, _scenario.Options.SuccessorListLength + 2),
            _ => 0,
        };
        if (founders >= _scenario.Options.SuccessorListLength + 2)
        {
            _world.StartIdeal(founders, progress, cancellation);
        }
        else
        {
            founders = 0; // Too few for a ring: they found the network, as any few nodes do.
        }

        var others = _scenario.Nodes - founders;
        for (var at = 0; at < others; at++)
        {
            var wait = others == 1 ? 0 : (long)(_scenario.JoinOver.Ticks * (double)at / others);
            _world.Plan(_world.Ticks + wait, (int)Planned.Arrival);
        }
    }

    /// <summary>A phase begins: its churn takes the place of the one before.</summary>
    public void Begin(ChurnSpec spec)
    {
        if (spec.Renewal == RenewalKind.Trace && spec == _spec)
        {
            return; // The same file goes on.
        }

        _generation++;
        _phaseBegan = _world.Ticks;
        _spec = spec;
        _session = spec.Session is { } session ? ModelBuilder.Durations(session) : null;
        _downtime = spec.Downtime is { } downtime ? ModelBuilder.Durations(downtime) : null;
        switch (spec.Renewal)
        {
            case RenewalKind.Fixed or RenewalKind.Alternating:
                for (var node = 0; node < _world.Numbers; node++)
                {
                    if (_world.IsAlive(node))
                    {
                        PlanEnd(node, _session!.Residual(ref _random)); // Whoever is there already is met in the middle of its life.
                    }
                }

                break;
            case RenewalKind.Poisson:
                PlanNext();
                break;
            case RenewalKind.Trace:
                _trace = _traces[spec];
                PlanTraced(0);
                break;
        }
    }

    /// <summary>A planned event of this driver is due.</summary>
    public void Due(Planned what, int node, int argument)
    {
        switch (what)
        {
            case Planned.Arrival:
                Arrive();
                break;
            case Planned.Back:
                _departures.Joined(_world.Start(node, isNew: false), node);
                PlanEndOfNew(node);
                break;
            case Planned.SessionEnds when argument == _generation:
                End(node);
                break;
            case Planned.PoissonStep when argument == _generation:
                if (_world.Draw(ref _random, isMember: false) is >= 0 and var victim)
                {
                    End(victim);
                }

                Arrive();
                PlanNext();
                break;
            case Planned.TraceStep when node == _generation:
                Follow(_trace[argument]);
                PlanTraced(argument + 1);
                break;
        }
    }

    /// <summary>A node that has ended comes back after a while, or its number is free for another.</summary>
    public void Ended(int node)
    {
        if (_spec.Renewal == RenewalKind.Alternating && _downtime is { } downtime)
        {
            _world.Plan(_world.Ticks + downtime.Ticks(ref _random), (int)Planned.Back, node);
        }
        else if (_world.IsIntroducer(node))
        {
            _world.Plan(_world.Ticks + _scenario.Introducers!.Downtime.Ticks, (int)Planned.Back, node); // Its address is known: whoever runs it starts it again.
        }
        else if (_spec.Renewal is not RenewalKind.Trace && !_departures.ComesBack(node))
        {
            _world.Recycle(node);
        }
    }

    /// <summary>A newcomer with a new key. Where the world is full it stays away.</summary>
    public void Arrive()
    {
        var node = _world.TakeNumber();
        if (node >= 0)
        {
            _departures.Joined(_world.Start(node, isNew: true), node);
            PlanEndOfNew(node);
        }
    }

    private void End(int node)
    {
        if (!_world.IsAlive(node))
        {
            return;
        }

        var isGraceful = _spec.Graceful > 0 && _random.Next(1_000_000) < _spec.Graceful * 1_000_000;
        if (isGraceful)
        {
            _departures.Left(_world.Leave(node));
        }
        else
        {
            _departures.Crashed(_world.Crash(node));
        }

        if (_spec.Renewal == RenewalKind.Fixed && !_world.IsIntroducer(node))
        {
            Arrive();
        }
    }

    private void Follow(in TraceEntry entry)
    {
        if (entry.IsUp)
        {
            _world.Reserve(entry.Node);
            _departures.Joined(_world.Start(entry.Node, isNew: false), entry.Node);
        }
        else if (_world.IsAlive(entry.Node))
        {
            End(entry.Node);
        }
    }

    private void PlanEndOfNew(int node)
    {
        if (_spec.Renewal is RenewalKind.Fixed or RenewalKind.Alternating)
        {
            PlanEnd(node, _session!.Ticks(ref _random));
        }
    }

    private void PlanEnd(int node, long wait)
    {
        var at = _world.Ticks + Math.Max(1, wait);
        if (at <= _scenario.Duration.Ticks)
        {
            _world.Plan(at, (int)Planned.SessionEnds, node, _generation); // What lies beyond the run's end needs no entry in the queue.
        }
    }

    private void PlanNext() =>
        _world.Plan(_world.Ticks + ArrivalProcess.ExponentialTicks(_spec.Rate!.Value, ref _random), (int)Planned.PoissonStep, -1, _generation);

    private void PlanTraced(int index)
    {
        if (index < _trace.Count)
        {
            _world.Plan(_phaseBegan + _trace[index].Ticks, (int)Planned.TraceStep, _generation, index);
        }
    }
}

/// <summary>Who counts arrivals and departures, and knows of those that come back by other means.</summary>
internal interface IDepartures
{
    /// <summary>A node started, or could not.</summary>
    void Joined(bool hasStarted, int node);

    /// <summary>A node crashed, or was gone already.</summary>
    void Crashed(bool hasCrashed);

    /// <summary>A node said good-bye, or could not.</summary>
    void Left(bool hasLeft);

    /// <summary>Nodes froze or the network parted; or all that is over.</summary>
    void Paused(bool begins);

    /// <summary>Whether the node will be started again by somebody else.</summary>
    bool ComesBack(int node);
}
