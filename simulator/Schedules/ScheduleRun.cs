using System.Globalization;
using Overlay.Checks;
using Overlay.Simulator.Rings;

namespace Overlay.Simulator.Schedules;

/// <summary>Runs one schedule: founding and growth, churn, quiet. Checks the invariant after every change of ring state and the ideal ring at the end.</summary>
public sealed class ScheduleRun
{
    /// <summary>Violations kept of one run; the first is what matters.</summary>
    public const int MaxReported = 3;

    /// <summary>
    /// Events after which a run is stopped and counts as not converged, many times what the liveliest of ten thousand needs: a schedule that does not end must be
    /// reported with its seed, not hang.
    /// </summary>
    public const long MaxEvents = 2_000_000;

    /// <summary>Joins in progress at a time while the network grows.</summary>
    private const int MaxJoining = 6;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan GrowthLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMinutes(10);

    private readonly Schedule _schedule;
    private readonly IRingWorld _world;
    private readonly RingChecker _checker = new();
    private readonly AssumptionGuard _guard = new();
    private readonly List<string> _violations = [];
    private IReadOnlyList<string> _lastEvents = [];
    private Prng _random;
    private long _changes;
    private long _brokenAssumptions;
    private bool _isTorn;
    private (int Joins, int Leaves, int Crashes, int Forbidden) _operations;

    private ScheduleRun(Schedule schedule, IRingWorld world, long maxEvents)
    {
        (_schedule, _world, _random) = (schedule, world, new Prng(schedule.Seed ^ 0xC4A0_5000));
        world.RingChanged = CheckChange;
        world.EventLimit = maxEvents;
    }

    /// <summary>Runs <paramref name="schedule"/> in <paramref name="world"/>, which must be fresh.</summary>
    /// <param name="schedule">What to do.</param>
    /// <param name="world">Where.</param>
    /// <param name="maxEvents">Events after which the run is stopped.</param>
    public static ScheduleResult Perform(Schedule schedule, IRingWorld world, long maxEvents = MaxEvents)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(world);
        var run = new ScheduleRun(schedule, world, maxEvents);
        run.Grow();
        run.Churn();
        return run.Settle();
    }

    private void Grow()
    {
        for (var started = 0; started < _schedule.Nodes && _world.Elapsed < GrowthLimit && !IsStopped;)
        {
            if (JoiningCount() < MaxJoining)
            {
                _world.Start();
                started++;
            }

            _world.RunFor(_random.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(400)));
        }

        while (JoiningCount() > 0 && _world.Elapsed < GrowthLimit && !IsStopped)
        {
            _world.RunFor(Tick);
        }
    }

    private void Churn()
    {
        for (var done = 0; done < _schedule.Operations && !IsStopped; done++)
        {
            var kind = _random.Next(10);
            if (kind < _schedule.JoinShare || _world.Living.Count < 2)
            {
                _world.Start();
                _operations.Joins++;
            }
            else if (kind < _schedule.JoinShare + _schedule.LeaveShare)
            {
                Remove(_world.Leave, ref _operations.Leaves);
            }
            else
            {
                for (var count = 1 + _random.Next(_schedule.MaxCrashesAtOnce); count > 0; count--)
                {
                    Remove(_world.Crash, ref _operations.Crashes);
                }
            }

            _world.RunFor(_random.Between(TimeSpan.Zero, _schedule.Pause * 2));
        }
    }

    /// <summary>Removes a random node, where the schedule may.</summary>
    private void Remove(Action<int> remove, ref int counter)
    {
        // One node always stays: a network with nobody in it is another story.
        if (_world.Living.Count < 2)
        {
            return;
        }

        var victim = _world.Living[_random.Next(_world.Living.Count)];
        if (_schedule.KeepsAssumptions && !MayVanish(victim))
        {
            _operations.Forbidden++;
            return;
        }

        counter++;
        remove(victim);
    }

    private bool MayVanish(int victim)
    {
        var snapshot = _world.Snapshot();
        var index = 0;
        while (_world.Living[index] != victim)
        {
            index++;
        }

        return _guard.AllowsDeathOf(snapshot.Nodes[index].Id, snapshot, _world.Pending());
    }

    private ScheduleResult Settle()
    {
        var from = _world.Elapsed;
        var verdict = _checker.CheckIdeal(_world.Snapshot());
        while (!IsSettled(verdict) && _world.Elapsed - from < QuietLimit && !IsStopped)
        {
            _world.RunFor(Tick);
            verdict = _checker.CheckIdeal(_world.Snapshot());
        }

        var converged = IsSettled(verdict) && !IsStopped;
        return new()
        {
            Schedule = _schedule,
            ChangesChecked = _changes,
            Violations = _violations,
            BrokenAssumptions = _brokenAssumptions,
            Rejoins = _world.AssumptionsBroken,
            Converged = converged,
            FinalVerdict = converged ? "" : string.Create(CultureInfo.InvariantCulture, $"{(IsStopped ? $"stopped after {_world.EventCount} events; " : "")}{JoiningCount()} without a place; {verdict}"),
            QuietTime = _world.Elapsed - from,
            FinalNodes = _world.Living.Count,
            Operations = _operations,
            Events = _world.EventCount,
            Hash = _world.Hash,
            LastEvents = converged || _lastEvents.Count > 0 ? _lastEvents : _world.LastEvents(),
        };
    }

    private bool IsSettled(RingVerdict verdict) => verdict.IsClean && JoiningCount() == 0;

    private bool IsStopped => _world.EventCount >= _world.EventLimit;

    private int JoiningCount()
    {
        var count = 0;
        foreach (var node in _world.Living)
        {
            count += _world.IsMember(node) ? 0 : 1;
        }

        return count;
    }

    private void CheckChange()
    {
        _changes++;
        var verdict = _checker.CheckInvariant(_world.Snapshot());
        if (verdict.IsClean)
        {
            _isTorn = _isTorn && !_checker.CheckIdeal(_world.Snapshot()).IsClean;
            return;
        }

        _brokenAssumptions += verdict.BrokenAssumptionCount > 0 ? 1 : 0;
        _isTorn |= verdict.BrokenAssumptionCount > 0;
        if (_schedule.KeepsAssumptions || IsFault(verdict))
        {
            if (_violations.Count == 0)
            {
                _lastEvents = _world.LastEvents();
            }

            if (_violations.Count < MaxReported)
            {
                _violations.Add(string.Create(CultureInfo.InvariantCulture, $"{_world.Elapsed.TotalSeconds:F4} s: {verdict}"));
            }
        }
    }

    /// <summary>What goes wrong while both assumptions hold is a bug; but who owns what in a ring that was torn stays unclear until it is whole again.</summary>
    private bool IsFault(RingVerdict verdict)
    {
        foreach (var finding in verdict.Findings)
        {
            if (!finding.IsAssumption && !(_isTorn && finding.Rule == RingRule.OneOwner))
            {
                return true;
            }
        }

        return false;
    }
}
