using System.Buffers.Binary;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Checkers;

/// <summary>Watches a run from outside: what no node could know of itself. A violation is the protocol's fault; what the proof does not promise is counted apart.</summary>
public sealed class RunChecks
{
    private const int MaxReported = 20;
    private static readonly long MessageMemory = TimeSpan.FromMinutes(10).Ticks;

    private readonly World _world;
    private readonly RingHealth _health;
    private readonly Scenario _scenario;
    private readonly ulong _seed;
    private readonly Tally[] _tallies = new Tally[Enum.GetValues<CheckKind>().Length];
    private readonly Dictionary<long, (int To, bool IsDelivered)> _messages = [];
    private readonly Queue<(long At, long Message)> _inOrder = new();
    private long _lastMessage;
    private readonly InvariantWatch? _invariant;
    private bool _hadPauses;

    /// <param name="scenario">Says what is checked.</param>
    /// <param name="world">What is looked at.</param>
    /// <param name="health">Who owns what, as the world knows it.</param>
    /// <param name="seed">Named with each violation.</param>
    public RunChecks(Scenario scenario, World world, RingHealth health, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        (_scenario, _world, _health, _seed) = (scenario, world, health, seed);
        for (var at = 0; at < _tallies.Length; at++)
        {
            _tallies[at] = new Tally(scenario.Checks.Contains((CheckKind)at));
        }

        if (_tallies[(int)CheckKind.Invariant].IsOn && scenario.Topology == Topology.Chord && scenario.Nodes <= InvariantWatch.MaxNodes)
        {
            _invariant = new InvariantWatch(world, health, scenario.Options.SuccessorListLength);
        }
    }

    /// <summary>Whether something was violated.</summary>
    public bool HasViolation { get; private set; }

    /// <summary>Violations of all checks.</summary>
    public long ViolationCount { get; private set; }

    /// <summary>Times that an assumption of the proof broke; where the invariant is not looked at, what nodes noticed of it themselves.</summary>
    public long BrokenAssumptions => _invariant?.BrokenAssumptions ?? _tallies[(int)CheckKind.Invariant].BrokenAssumptions;

    /// <summary>The corrected-Chord invariant; null where it is not checked, or the network is larger than <see cref="InvariantWatch.MaxNodes"/>.</summary>
    public InvariantWatch? Invariant => _invariant;

    /// <summary>The nodes concerned by the first violation.</summary>
    public IReadOnlyList<int> Concerned { get; private set; } = [];

    /// <summary>Who owns <paramref name="key"/> beyond doubt: the next member, which also says so itself; −1 where the arc is on its way.</summary>
    public int SureOwnerOf(RingId key)
    {
        var owner = _health.OwnerOf(key);
        return owner >= 0 && _world[owner]!.OwnsKey(key) ? owner : -1;
    }

    /// <summary>Whether the answer to a look-up names the right owner: who owns the key now, or surely owned it when it was asked.</summary>
    public bool JudgeAnswer(RingId key, int sureOwner, Owner answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        _tallies[(int)CheckKind.Owners].Times++;
        if (IsBeyondBudget(answer.Hops > Message.HopBudget))
        {
            Violate(CheckKind.HopBudget, $"a look-up for {key} was answered by {answer.Self.Id} after {answer.Hops} of {Message.HopBudget} hops", _world.Directory.Find(answer.Self.Id));
        }

        var owner = _health.OwnerOf(key);
        if (owner >= 0 && _world[owner]!.Self.Id == answer.Self.Id)
        {
            return true;
        }

        if (sureOwner < 0 || !_world.IsAlive(sureOwner))
        {
            return false;
        }

        var sure = _world[sureOwner]!;
        if (sure.Self.Id == answer.Self.Id)
        {
            return true;
        }

        if (owner == sureOwner && sure.OwnsKey(key) && !_hadPauses)
        {
            Violate(CheckKind.Owners, $"{answer.Self.Id} answered for {key}, which {sure.Self.Id} owned all the time", sureOwner, _world.Directory.Find(answer.Self.Id));
        }

        return false;
    }

    /// <summary>A node was frozen or the network parted: two may own a key for a while, which is nobody's fault.</summary>
    public void PausesHappen() => _hadPauses = true;

    /// <summary>A number for the next message of a workload, to be its first 8 bytes.</summary>
    public long NextMessage(int to)
    {
        var message = ++_lastMessage;
        _messages[message] = (to, false);
        _inOrder.Enqueue((_world.Ticks, message));
        while (_inOrder.TryPeek(out var oldest) && oldest.At + MessageMemory < _world.Ticks)
        {
            _messages.Remove(_inOrder.Dequeue().Message);
        }

        return message;
    }

    /// <summary>The application at <paramref name="node"/> was given a message.</summary>
    public void Delivered(int node, in Message message)
    {
        _tallies[(int)CheckKind.Delivery].Times++;
        if (IsBeyondBudget(message.HopsLeft > Message.HopBudget)) // Used up and used on: the byte began again.
        {
            Violate(CheckKind.HopBudget, $"{_world.NameOf(node)} was given a {message.Kind} with {message.HopsLeft} hops left of {Message.HopBudget}", node);
        }

        if (message.Body is not SignedBody { Payload: Data { Bytes.Length: >= sizeof(long) } data })
        {
            return;
        }

        var number = BinaryPrimitives.ReadInt64BigEndian(data.Bytes.Span);
        if (!_messages.TryGetValue(number, out var sent))
        {
            return;
        }

        if (sent.To != node)
        {
            Violate(CheckKind.Delivery, $"message {number} for #{sent.To} was delivered to {_world.NameOf(node)}", node, sent.To);
        }
        else if (sent.IsDelivered)
        {
            Violate(CheckKind.Delivery, $"message {number} was delivered twice to {_world.NameOf(node)}", node);
        }

        _messages[number] = (node, true);
    }

    /// <summary>Looks at what a node observed.</summary>
    public void Observed(int node, in Effect effect)
    {
        switch (effect.Observation)
        {
            case Observation.Dropped when effect.Drop == DropReason.HopBudget:
                if (IsBeyondBudget(!_hadPauses && !effect.Message.Has(MessageFlags.Rerouted))) // Each link that had died cost it a hop.
                {
                    Violate(CheckKind.HopBudget, $"{_world.NameOf(node)} ended a {effect.Message.Kind} that had used up its {Message.HopBudget} hops", node);
                }

                break;
            case Observation.LinkPhase:
                CheckBounds(node);
                break;
            case Observation.AssumptionBroken:
                _tallies[(int)CheckKind.Invariant].BrokenAssumptions++;
                break;
            case Observation.Evicted:
                _invariant?.Evicted(effect.Peer);
                break;
            case Observation.ParentConnected or Observation.ChildConnected:
                CheckTree(node);
                break;
        }
    }

    /// <summary>A cycle comes to be at the node that takes a parent; more children than there may be, at the one that takes a child. Of clocks nothing is asked here.</summary>
    private void CheckTree(int node)
    {
        var tally = _tallies[(int)CheckKind.Invariant];
        if (!tally.IsOn || _world[node]?.Tree is not { } tree)
        {
            return;
        }

        tally.Times++;
        if (tree.ChildCount > _scenario.Options.MaxDegree)
        {
            Violate(CheckKind.Invariant, $"{_world.NameOf(node)} has {tree.ChildCount} children, of {_scenario.Options.MaxDegree}", node);
        }

        var at = node;
        for (var steps = 0; steps <= _world.Numbers && _world[at]?.Tree?.Parent is { } parent; steps++)
        {
            at = _world.Directory.Find(parent.Id);
            if (at == node)
            {
                Violate(CheckKind.Invariant, $"{_world.NameOf(node)} is below itself", node);
            }

            if (at < 0 || at == node)
            {
                return;
            }
        }
    }

    /// <summary>The nodes of the beginning are there.</summary>
    public void Begin() => _invariant?.Load();

    /// <summary>Nodes froze or the network parted; or all that is over.</summary>
    public void Paused(bool begins) => _invariant?.Paused(begins);

    /// <summary>The tables of a node changed.</summary>
    public void RingChanged(int node)
    {
        if (_invariant?.Changed(node) is { } fault)
        {
            Violate(CheckKind.Invariant, fault, [node, .. _invariant.Concerned]);
        }
    }

    /// <summary>A node, which sat at <paramref name="id"/>, is no more.</summary>
    public void Ended(int node, RingId id) => _invariant?.Ended(node, id);

    /// <summary>What the checkers saw.</summary>
    public IReadOnlyList<CheckResult> Results()
    {
        var results = new List<CheckResult>();
        foreach (var kind in Enum.GetValues<CheckKind>())
        {
            var tally = _tallies[(int)kind];
            if (tally.IsOn)
            {
                results.Add(new()
                {
                    Name = kind,
                    TimesChecked = kind == CheckKind.Invariant && _invariant is not null ? _invariant.Changes : tally.Times,
                    ViolationCount = tally.Violations,
                    BrokenAssumptions = kind == CheckKind.Invariant ? BrokenAssumptions : tally.BrokenAssumptions,
                    Excused = kind == CheckKind.Invariant && _invariant is not null ? _invariant.TornChanges : 0,
                    Violations = tally.Reported,
                });
            }
        }

        return results;
    }

    /// <summary>Notes a violation, if its check is on.</summary>
    public void Violate(CheckKind kind, string what, params ReadOnlySpan<int> nodes)
    {
        var tally = _tallies[(int)kind];
        if (!tally.IsOn)
        {
            return;
        }

        tally.Violations++;
        ViolationCount++;
        if (tally.Reported.Count < MaxReported)
        {
            tally.Reported.Add(new(what, _seed, _world.Elapsed));
        }

        if (!HasViolation)
        {
            (HasViolation, Concerned) = (true, [.. nodes]);
            _world.Halt();
        }
    }

    /// <summary>The same for what nothing promises while nodes are frozen or the network is parted.</summary>
    public void ViolateUnpaused(CheckKind kind, string what, params ReadOnlySpan<int> nodes)
    {
        if (!_hadPauses)
        {
            Violate(kind, what, nodes);
        }
    }

    /// <summary>A check looked once more.</summary>
    public void Looked(CheckKind kind) => _tallies[(int)kind].Times++;

    /// <summary>Judged where a message ends: with its application, as an answered look-up, or because its hops are used up.</summary>
    private bool IsBeyondBudget(bool isBeyond)
    {
        _tallies[(int)CheckKind.HopBudget].Times++;
        return isBeyond;
    }

    private void CheckBounds(int node)
    {
        _tallies[(int)CheckKind.Bounds].Times++;
        var (open, setUps) = (_world[node]!.OpenLinks, _world[node]!.SetUpsInFlight);
        var cap = (_scenario.Options with { Topology = _scenario.Topology }).DegreeCap;
        if (open > cap || setUps > _scenario.Options.MaxSetUps)
        {
            Violate(CheckKind.Bounds, $"{_world.NameOf(node)} holds {open} links and {setUps} set-ups, of {cap} and {_scenario.Options.MaxSetUps}", node);
        }
    }

    private sealed class Tally(bool isOn)
    {
        public bool IsOn { get; } = isOn;

        public long Times { get; set; }

        public long Violations { get; set; }

        public long BrokenAssumptions { get; set; }

        public List<Violation> Reported { get; } = [];
    }
}
