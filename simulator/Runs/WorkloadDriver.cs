using System.Buffers.Binary;
using Overlay.Effects;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Simulator.Checkers;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Workloads;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

/// <summary>What the members ask of the network, as one process for each workload: its rate follows the number of living nodes, its actor is drawn at random.</summary>
internal sealed class WorkloadDriver
{
    private readonly World _world;
    private readonly RequestBook _requests;
    private readonly RunChecks _checks;
    private readonly List<Running> _running = [];
    private Prng _random;
    private int _generation;

    public WorkloadDriver(Scenario scenario, World world, RequestBook requests, RunChecks checks, Prng random)
    {
        (_world, _requests, _checks, _random) = (world, requests, checks, random);
        (Names, Broadcasts) = (new(scenario, world, checks), new(world, checks));
    }

    /// <summary>The names that were registered.</summary>
    public NameWatch Names { get; }

    /// <summary>The broadcasts under way.</summary>
    public BroadcastWatch Broadcasts { get; }

    /// <summary>Told of each broadcast that begins: how many members it is to reach.</summary>
    public Action<int> BroadcastBegins { get; set; } = static _ => { };

    /// <summary>Stops what runs, and starts <paramref name="workloads"/>.</summary>
    public void Begin(IReadOnlyList<WorkloadSpec> workloads)
    {
        _running.Clear();
        _generation++;
        foreach (var spec in workloads)
        {
            if (spec.Rate > 0)
            {
                _running.Add(new(spec, ModelBuilder.Keys(spec.Keys, _random.Next())));
                PlanNext(_running.Count - 1);
            }
        }
    }

    /// <summary>The next act of the workload that <paramref name="argument"/> names.</summary>
    public void Next(int argument)
    {
        var (generation, index) = (argument >> 8, argument & 0xff);
        if (generation != _generation || index >= _running.Count)
        {
            return; // Of a phase that is over.
        }

        var running = _running[index];
        if (DrawMember() is >= 0 and var node)
        {
            switch (running.Spec.Kind)
            {
                case WorkloadKind.Lookups:
                    LookUp(node, running.Keys.Next(ref _random));
                    break;
                case WorkloadKind.Messages:
                    SendTo(node, DrawMember(), running.Spec.Bytes);
                    break;
                case WorkloadKind.Links:
                    LinkTo(node, DrawMember());
                    break;
                case WorkloadKind.Register:
                    Register(node, running.Spec.Names);
                    break;
                case WorkloadKind.Resolve:
                    Resolve(node);
                    break;
                case WorkloadKind.Broadcast:
                    Broadcast(node, running.Spec.Bytes);
                    break;
            }
        }

        PlanNext(index);
    }

    private void PlanNext(int index)
    {
        var spec = _running[index].Spec;
        var perSecond = spec.Rate * Math.Max(1, _world.LiveCount);
        var wait = spec.Arrivals == ArrivalKind.Periodic
            ? (long)(TimeSpan.TicksPerSecond / perSecond)
            : ArrivalProcess.ExponentialTicks(perSecond, ref _random);
        _world.Plan(_world.Ticks + Math.Max(1, wait), (int)Planned.Workload, -1, (_generation << 8) | index);
    }

    private int DrawMember() => _world.Draw(ref _random, isMember: true);

    private void LookUp(int node, RingId key)
    {
        var owner = _checks.SureOwnerOf(key);
        _world.Command(node, (asking, now, outbox) => Note(node, asking.Lookup(now, key, outbox), WorkloadKind.Lookups, key, owner));
    }

    private void SendTo(int node, int to, int bytes)
    {
        if (to < 0)
        {
            return;
        }

        var body = new byte[Math.Max(bytes, sizeof(long))];
        BinaryPrimitives.WriteInt64BigEndian(body, _checks.NextMessage(to));
        var destination = _world[to]!.Self.Id;
        _world.Command(node, (sending, now, outbox) => Note(node, sending.Send(now, destination, body, default, outbox), WorkloadKind.Messages, destination, to));
    }

    private void LinkTo(int node, int to)
    {
        if (to < 0)
        {
            return;
        }

        var destination = _world[to]!.Self.Id;
        _world.Command(node, (linking, now, outbox) => Note(node, linking.Connect(now, destination, outbox), WorkloadKind.Links, destination, to));
    }

    private void Register(int node, int most)
    {
        var name = Names.Count < most ? Names.Next() : Names.Draw(ref _random);
        if (name >= 0)
        {
            var text = Names.TextOf(name);
            _world.Command(node, (owner, now, outbox) => Note(node, owner.Register(now, text, outbox), WorkloadKind.Register, default, name));
        }
    }

    private void Resolve(int node)
    {
        if (Names.Draw(ref _random) is >= 0 and var name)
        {
            var text = Names.TextOf(name);
            _world.Command(node, (asking, now, outbox) => Note(node, asking.Resolve(now, text, outbox), WorkloadKind.Resolve, default, name));
        }
    }

    private void Broadcast(int node, int bytes)
    {
        var number = Broadcasts.Next(node, out var targets);
        var body = new byte[Math.Max(bytes, sizeof(long))];
        BinaryPrimitives.WriteInt64BigEndian(body, number);
        BroadcastBegins(targets);
        if (_world.Command(node, (origin, now, outbox) => Note(node, origin.Broadcast(now, body, outbox), WorkloadKind.Broadcast, default, (int)number)))
        {
            _world.Plan(_world.Ticks + BroadcastWatch.JudgedAfter.Ticks, (int)Planned.BroadcastOver, -1, (int)number);
        }
        else
        {
            Broadcasts.Forget(number);
        }
    }

    /// <summary>Remembers what was asked. Its end may follow from this very step, but is told only when the command has returned.</summary>
    private void Note(int node, RequestId id, WorkloadKind kind, RingId key, int owner) => _requests.Add(node, id, new Request(kind, _world.Ticks, key, owner));

    private sealed record Running(WorkloadSpec Spec, KeyDistribution Keys);
}
