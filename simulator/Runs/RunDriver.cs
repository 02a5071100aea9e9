using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Checkers;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

/// <summary>Plays one scenario on a world: churn, workloads and faults by the clock, and measures and checks what comes of it.</summary>
internal sealed partial class RunDriver : IWorldObserver, IDepartures
{
    private readonly Scenario _scenario;
    private readonly RequestBook _requests = new();
    private readonly Window _sample = new();
    private readonly Window _phase = new();
    private readonly List<Sample> _samples = [];
    private readonly List<PhaseResult> _phases = [];
    private readonly WorkloadDriver _workloads;
    private readonly ChurnDriver _churn;
    private readonly FaultDriver _faults;
    private readonly TreeWatch? _tree;
    private long _phaseBegan;
    private int _phaseIndex = -1;

    /// <param name="scenario">What is played.</param>
    /// <param name="seed">Decides everything.</param>
    /// <exception cref="ArgumentException">The nodes' options cannot work: not a scenario that was read, but one that a program made.</exception>
    public RunDriver(Scenario scenario, ulong seed)
    {
        foreach (var error in scenario.Options.Errors())
        {
            throw new ArgumentException(error, nameof(scenario));
        }

        _scenario = scenario;
        var traces = TraceBook.Read(scenario);
        var capacity = ModelBuilder.CapacityOf(scenario, traces);
        var random = new Prng(seed ^ 0x5DEECE66DUL);
        var network = ModelBuilder.Network(scenario.Network, capacity, random.Next());
        World = new World(ModelBuilder.World(scenario, seed, capacity, network), this);
        Health = new RingHealth(World, capacity, scenario.Topology);
        _tree = scenario.Topology == Topology.Tree ? new TreeWatch(World, scenario.Options.MaxDegree) : null;
        Checks = new RunChecks(scenario, World, Health, seed);
        _workloads = new WorkloadDriver(scenario, World, _requests, Checks, random.Split()) { BroadcastBegins = BroadcastBegins };
        _churn = new ChurnDriver(World, scenario, traces, random.Split(), this);
        _faults = new FaultDriver(World, network, _churn, this, random.Split());
        (_watchesArrivals, _greetings) = (AsksForArrivals(scenario), random.Split());
    }

    public World World { get; }

    public RunChecks Checks { get; }

    public RingHealth Health { get; }

    /// <summary>The whole run so far.</summary>
    public Window Whole { get; } = new();

    public IReadOnlyList<Sample> Samples => _samples;

    public IReadOnlyList<PhaseResult> Phases => _phases;

    /// <summary>Events in a second of real time since it was asked last; whoever knows real time sets it.</summary>
    public Func<double> Speed { get; set; } = static () => 0;

    /// <summary>Whether the last phase is over, or something ended the run before.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether the run ended before its last phase did.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>What only ever grows, now.</summary>
    public Meter Meter
    {
        get
        {
            CountNodes();
            return Meter.Read(World, _nodeSeconds);
        }
    }

    /// <summary>Builds the network, and begins the first phase.</summary>
    /// <param name="progress">Told now and then how many nodes stand.</param>
    /// <param name="cancellation">Ends the building.</param>
    /// <exception cref="OperationCanceledException">The building was ended: nothing ran, and nothing will.</exception>
    public void Begin(Action<int>? progress = null, CancellationToken cancellation = default)
    {
        _churn.Populate(progress, cancellation);
        LookAtAll();
        Checks.Begin();
        var meter = Meter;
        _sample.Begin(meter);
        Whole.Begin(meter);
        BeginPhase();
        World.Plan(World.Ticks + _scenario.SampleEvery.Ticks, (int)Planned.Sample);
    }

    /// <summary>Ends the run where it stands; a phase that is under way is not complete, and of a network that was never built there is nothing to tell.</summary>
    public void Stop()
    {
        if (_phaseIndex < 0)
        {
            (IsOver, IsPartial) = (true, true);
            return;
        }

        if (!IsOver)
        {
            (IsOver, IsPartial) = (true, true);
            EndPhase(isComplete: false);
        }

        TakeLastSample();
    }

    public void Due(int kind, int node, int argument)
    {
        switch ((Planned)kind)
        {
            case Planned.Workload:
                _workloads.Next(argument);
                break;
            case Planned.Disconnect:
                Disconnect();
                break;
            case Planned.BroadcastOver:
                BroadcastOver(argument);
                break;
            case Planned.FirstMessage:
                Greet(node);
                break;
            case Planned.LookAtFingers:
                LookAtFingers(node);
                break;
            case <= Planned.TraceStep:
                _churn.Due((Planned)kind, node, argument);
                break;
            case <= Planned.RestartBack:
                _faults.Due((Planned)kind, node, argument);
                break;
            case Planned.Sample when !IsOver:
                TakeSample();
                World.Plan(World.Ticks + _scenario.SampleEvery.Ticks, (int)Planned.Sample);
                break;
            case Planned.PhaseEnds when argument == _phaseIndex && !IsOver:
                EndPhase(isComplete: true);
                BeginPhase();
                break;
        }
    }

    public bool ComesBack(int node) => _faults.IsRestarting(node);

    private void BeginPhase()
    {
        if (++_phaseIndex == _scenario.Phases.Count)
        {
            IsOver = true;
            World.Halt();
            return;
        }

        var phase = _scenario.Phases[_phaseIndex];
        _phaseBegan = World.Ticks;
        _phase.Begin(Meter);
        _tree?.Begin();
        foreach (var fault in phase.Faults)
        {
            if (fault.Kind is FaultKind.Partition or FaultKind.Suspend)
            {
                Checks.PausesHappen();
            }
        }

        _churn.Begin(_scenario.ChurnOf(phase));
        _workloads.Begin(_scenario.WorkloadsOf(phase));
        _faults.Begin(phase.Faults);
        World.Plan(_phaseBegan + phase.Duration.Ticks, (int)Planned.PhaseEnds, -1, _phaseIndex);
    }

    /// <summary>The sums of a window up to now, and what is so at this moment.</summary>
    public Totals TotalsOf(Window window) => window.ToTotals(Meter, _tree?.Look().IsWhole ?? Health.IsCorrect) with
    {
        NamesContested = _workloads.Names.Contested(),
        GatewaysAtEnd = World.IsHubUp ? World.HubStatistics.Gateways : 0,
    };

    private void EndPhase(bool isComplete)
    {
        var phase = _scenario.Phases[_phaseIndex];
        var totals = TotalsOf(_phase) with { Tree = _tree?.Look() };
        _phases.Add(new()
        {
            Name = phase.Name,
            From = new TimeSpan(_phaseBegan),
            To = World.Elapsed,
            IsComplete = isComplete,
            Totals = totals,
            Requirements = isComplete ? RequirementCheck.Check(phase.Require, totals) : [],
        });
    }

    private void TakeLastSample()
    {
        if (_samples.Count == 0 || _samples[^1].T < World.Elapsed)
        {
            TakeSample();
        }
    }

    private void TakeSample()
    {
        var meter = Meter;
        var tree = _tree?.Look();
        var state = new SampleState(
            World.LiveCount,
            Health.Members,
            (double)_openEnds / Math.Max(1, World.LiveCount),
            tree?.Attached ?? Health.Share,
            Checks.BrokenAssumptions,
            Checks.ViolationCount,
            Speed(),
            tree);
        _samples.Add(_sample.ToSample(meter, state));
        _sample.Begin(meter);
        ForgetOldDeaths();
    }
}
