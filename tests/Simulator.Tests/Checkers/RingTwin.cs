using Overlay.Checks;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Checkers;
using Overlay.Simulator.Network;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Tests.Checkers;

/// <summary>A network with wild churn, in which every change is judged twice.</summary>
internal sealed class RingTwin : IWorldObserver
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(4);

    private readonly World _world;
    private readonly RingInvariant _invariant;
    private readonly RingChecker _checker = new();
    private readonly int _nodes;
    private readonly int _successors;
    private readonly bool _founds;
    private Prng _random;

    public RingTwin(ulong seed, int nodes, int successors, bool founds)
    {
        (_nodes, _successors, _founds, _random) = (nodes, successors, founds, new Prng(~seed));
        var options = OverlayOptions.Default with { SuccessorListLength = successors };
        var network = new NetworkModel(new NetworkOptions { Delay = PlaneDelay.WideArea(0.1, seed, 1), Loss = 0.01 }, seed);
        _world = new World(new() { Seed = seed, Capacity = nodes * 2, Overlay = options, Network = network }, this);
        _invariant = new RingInvariant(_world, successors);
    }

    public long Changes { get; private set; }

    public long SeenCut { get; private set; }

    public long SeenSkipped { get; private set; }

    public long SeenBroken { get; private set; }

    /// <summary>Newcomers, crashes by ones and by handfuls, good-byes and the frozen, all at random.</summary>
    public void Run()
    {
        if (_founds)
        {
            for (var count = 0; count < _nodes; count++)
            {
                _world.Plan(_random.Next(60) * TimeSpan.TicksPerSecond, 1);
            }
        }
        else
        {
            _world.StartIdeal(_nodes);
        }

        _invariant.Load();
        _world.Plan(0, 0);
        _world.RunUntil(Length.Ticks);
    }

    public void RingChanged(int node)
    {
        _invariant.Update(node);
        Compare();
    }

    public void Ended(int node)
    {
        _invariant.Ended(node, _world[node]!.Self.Id);
        Compare();
        _world.Recycle(node);
    }

    public void Due(int kind, int node, int argument)
    {
        if (kind == 1 || _world.LiveCount < _nodes / 2)
        {
            Arrive();
        }
        else
        {
            Disturb(_random.Next(20));
        }

        if (kind == 0)
        {
            _world.Plan(_world.Ticks + _random.Between(TimeSpan.Zero, TimeSpan.FromSeconds(4)).Ticks, 0);
        }
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

    private void Disturb(int kind)
    {
        switch (kind)
        {
            case < 8:
                Arrive();
                break;
            case < 11:
                _world.Leave(Any());
                break;
            case < 17:
                _world.Crash(Any());
                break;
            case 17:
                var first = Any();
                for (var count = 0; first >= 0 && count < _successors + 1; count++)
                {
                    var id = _world[first]!.Self.Id;
                    _world.Crash(first);
                    first = _world.Directory.FirstFrom(id, static _ => true);
                }

                break;
            case 18:
                _world.Suspend(Any());
                break;
            default:
                for (var node = 0; node < _world.Numbers; node++)
                {
                    _world.Resume(node);
                }

                break;
        }
    }

    private void Arrive()
    {
        if (_world.TakeNumber() is >= 0 and var number)
        {
            _world.Start(number, isNew: true);
        }
    }

    private int Any() => _world.Directory.FirstFrom(RingId.From(_random.Next()), static _ => true) is >= 0 and var node ? node : 0;

    private void Compare()
    {
        var nodes = new List<RingNodeState>();
        for (var node = 0; node < _world.Numbers; node++)
        {
            if (_world.IsAlive(node) && _world[node] is { Self.Certificate: not null } known)
            {
                nodes.Add(new(known.Self.Id, known.Phase, known.Predecessor?.Id, [.. Ids(known)], known.OwnedArc));
            }
        }

        Changes++;
        var verdict = _checker.CheckInvariant(new RingSnapshot(_successors, 0, nodes));
        var runs = nodes.Exists(static node => node.Phase == NodePhase.Member) && _invariant.RunsChord;
        Assert.Equal(verdict.Breaks(RingRule.ListOrder), _invariant.DisorderedLists > 0);
        Assert.Equal(verdict.Findings.Count(static finding => finding.Rule == RingRule.OneOwner), _invariant.Overlaps);
        if (runs)
        {
            Compare(verdict);
        }
        else
        {
            Assert.Equal(0, verdict.PrincipalCount);
            Assert.False(verdict.Breaks(RingRule.Principals));
        }
    }

    private void Compare(RingVerdict verdict)
    {
        Assert.Equal(verdict.MemberCount, _invariant.Members);
        Assert.Equal(verdict.PrincipalCount, _invariant.Principals);
        Assert.Equal(verdict.Findings.Count(static finding => finding.Rule == RingRule.LivingEntry), _invariant.CutMembers);
        Assert.Equal(verdict.Breaks(RingRule.Principals), _invariant.Principals <= _successors);
        if (_invariant.CutMembers == 0 && _invariant.Principals > 0 && _invariant.DisorderedLists == 0)
        {
            Assert.False(verdict.Breaks(RingRule.OneCycle) || verdict.Breaks(RingRule.OrderedCycle) || verdict.Breaks(RingRule.PrincipalOnCycle), verdict.ToString());
        }

        SeenCut += _invariant.CutMembers > 0 ? 1 : 0;
        SeenSkipped += _invariant.Principals < _invariant.Members ? 1 : 0;
        SeenBroken += verdict.Breaks(RingRule.Principals) ? 1 : 0;
    }

    private static List<RingId> Ids(OverlayNode node)
    {
        var ids = new List<RingId>();
        foreach (ref readonly var entry in node.Successors)
        {
            ids.Add(entry.Id);
        }

        return ids;
    }
}
