using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

// What happens in the world, counted in the sample, the phase and the whole run at once.
internal sealed partial class RunDriver
{
    private static readonly long DeathMemory = TimeSpan.FromMinutes(1).Ticks;

    private readonly Dictionary<RingId, Death> _deaths = [];
    private readonly Dictionary<int, long> _born = [];
    private readonly Dictionary<(int Node, LinkId Link), long> _setUps = [];
    private readonly Queue<(int Node, RingId Peer)> _toDisconnect = new();
    private double _nodeSeconds;
    private long _countedAt;
    private int _countedLive;
    private long _openEnds;
    private bool _isPopulated;

    public void RingChanged(int node)
    {
        if (!_isPopulated)
        {
            return; // A ring that is being built place by place is judged when it stands: until then everybody's next neighbour is far.
        }

        Repaired(Health.Update(node));
        Checks.RingChanged(node);
    }

    public void Ended(int node)
    {
        var ended = World[node]!;
        CountNodes();
        _openEnds -= ended.OpenLinks;
        _requests.Forget(node);
        _born.Remove(node);
        _arriving.Remove(node);
        if (ended.Phase != NodePhase.Left)
        {
            _deaths[ended.Self.Id] = ended.Tree is { } tree
                ? new(World.Ticks, -1, -1, [.. tree.Children, .. tree.Parent is { } parent ? [parent.Id] : Array.Empty<RingId>()])
                : new(World.Ticks, World.Directory.LastBefore(ended.Self.Id, World.IsMember), World.Directory.FirstFrom(ended.Self.Id, World.IsMember), []);
        }

        _tree?.Changed(node);
        Repaired(Health.Ended(node, ended.Self.Id));
        Checks.Ended(node, ended.Self.Id);
        _churn.Ended(node);
        NamesAndBroadcastsEnded(node);
    }

    public void Delivered(int node, in Message message)
    {
        Checks.Delivered(node, message);
        GreetingArrived(message);
    }

    public void Completed(int node, in Effect effect)
    {
        if (!_requests.TryTake(node, effect.Request, out var request))
        {
            return;
        }

        switch (request.Kind)
        {
            case WorkloadKind.Lookups:
                LookupEnded(request, effect);
                break;
            case WorkloadKind.Messages when effect.Outcome == Outcome.Done:
                Each(static window => window.MessagesDelivered++);
                break;
            case WorkloadKind.Messages:
                Each(effect.Outcome.ToString(), static (window, why) => window.MessageFailed(why));
                break;
            case WorkloadKind.Register or WorkloadKind.Resolve or WorkloadKind.Broadcast:
                OverlayWorkEnded(node, request, effect);
                break;
            case WorkloadKind.Links:
                _toDisconnect.Enqueue((node, request.Key)); // Not now: the node is in the middle of its step.
                World.Plan(World.Ticks, (int)Planned.Disconnect);
                break;
        }
    }

    public void Observed(int node, in Effect effect)
    {
        Checks.Observed(node, effect);
        if (effect.Observation is Observation.NeighboursChanged or Observation.PhaseChanged)
        {
            _tree?.Changed(node);
        }

        switch (effect.Observation)
        {
            case Observation.LinkPhase when effect.LinkPhase == LinkPhase.Gather && effect.Purpose != LinkPurpose.None:
                _setUps[(node, effect.Link)] = World.Ticks;
                break;
            case Observation.LinkPhase when effect.LinkPhase == LinkPhase.Open:
                LinkOpened(node, effect.Link);
                break;
            case Observation.LinkEnded when effect.LinkPhase == LinkPhase.Open:
                _openEnds--;
                break;
            case Observation.LinkEnded:
                if (_setUps.Remove((node, effect.Link)))
                {
                    Each(effect.Failure.ToString(), static (window, why) => window.LinkFailed(why));
                }

                break;
            case Observation.PhaseChanged when effect.Phase is NodePhase.Member or NodePhase.Founding && _born.Remove(node, out var born):
                Each(World.Ticks - born, static (window, took) => window.Join.Add(took / TimeSpan.TicksPerMicrosecond));
                BecameMember(node);
                break;
            case Observation.Admitted when effect.Detail is Admitted { Mode: AdmitMode.Introduce }:
                CanGreet(node);
                break;
            case Observation.PhaseChanged when effect.Phase == NodePhase.Rejoin:
                _workloads.Broadcasts.Rejoins(node);
                break;
            case Observation.Evicted:
                Evicted(node, effect.Peer);
                break;
            case Observation.NameLost when effect.Detail is NameRecord lost:
                Yielded(_workloads.Names.Lost(node, lost.Name));
                break;
            case Observation.ParentConnected when World.IsMember(node):
                _tree?.Reattached();
                break;
            case Observation.AssumptionBroken:
                Each(static window => window.BrokenAssumptions++);
                break;
        }
    }

    public void Joined(bool hasStarted, int node)
    {
        if (hasStarted)
        {
            CountNodes();
            _born[node] = World.Ticks;
            if (_watchesArrivals)
            {
                _arriving[node] = World.Ticks;
            }

            Each(static window => window.Joins++);
        }
    }

    public void Crashed(bool hasCrashed)
    {
        if (hasCrashed)
        {
            Each(static window => window.Crashes++);
        }
    }

    public void Left(bool hasLeft)
    {
        if (hasLeft)
        {
            Each(static window => window.Leaves++);
        }
    }

    public void Paused(bool begins) => Checks.Paused(begins);

    private void Disconnect()
    {
        var (node, peer) = _toDisconnect.Dequeue();
        World.Command(node, (linked, now, outbox) => linked.Disconnect(now, peer, outbox));
    }

    private void LookupEnded(in Request request, in Effect effect)
    {
        if (effect.Outcome != Outcome.Done || effect.Detail is not Owner answer)
        {
            Each(effect.Outcome.ToString(), static (window, why) => window.LookupFailed(why));
            return;
        }

        if (!Checks.JudgeAnswer(request.Key, request.Owner, answer))
        {
            Each("WrongOwner", static (window, why) => window.LookupFailed(why));
            return;
        }

        var took = World.Ticks - request.Since;
        var isFirstTry = took < _scenario.Options.SecondTryAfter.Ticks;
        Each((answer.Hops, took, isFirstTry), static (window, what) =>
        {
            window.LookupsOk++;
            window.LookupsFirstTry += what.isFirstTry ? 1 : 0;
            window.Hops.Add(what.Hops);
            window.Latency.Add(what.took / TimeSpan.TicksPerMicrosecond);
        });
    }

    private void LinkOpened(int node, LinkId link)
    {
        _openEnds++;
        if (_setUps.Remove((node, link), out var since))
        {
            Each(World.Ticks - since, static (window, took) =>
            {
                window.LinksMade++;
                window.SetUp.Add(took / TimeSpan.TicksPerMicrosecond);
            });
        }
    }

    private void Evicted(int node, RingId peer)
    {
        if (_deaths.TryGetValue(peer, out var death))
        {
            var took = World.Ticks - death.At;
            Each(took, static (window, took) => window.Detection.Add(took / TimeSpan.TicksPerMicrosecond));
            if (node == death.Before || node == death.After || death.InTree.Contains(World[node]!.Self.Id))
            {
                Each(took, static (window, took) => window.NeighbourDetection.Add(took / TimeSpan.TicksPerMicrosecond));
            }
        }
        else if (World.Directory.Find(peer) is >= 0 and var alive && World.IsAlive(alive) && !World.IsSuspended(alive))
        {
            Each(static window => window.FalseEvictions++);
        }
    }

    private void Repaired(long took)
    {
        if (took >= 0)
        {
            Each(took, static (window, ticks) => window.Repair.Add(ticks / TimeSpan.TicksPerMicrosecond));
        }
    }

    private void Each(Action<Window> count)
    {
        count(_sample);
        count(_phase);
        count(Whole);
    }

    private void Each<T>(T what, Action<Window, T> count)
    {
        count(_sample, what);
        count(_phase, what);
        count(Whole, what);
    }

    private void CountNodes()
    {
        _nodeSeconds += (World.Ticks - _countedAt) / (double)TimeSpan.TicksPerSecond * _countedLive;
        (_countedAt, _countedLive) = (World.Ticks, World.LiveCount);
    }

    /// <summary>The nodes of the beginning, in the order of their numbers: scattered over the ring, so that each finds its neighbours near.</summary>
    private void LookAtAll()
    {
        _isPopulated = true;
        for (var node = 0; node < World.Numbers; node++)
        {
            if (World.IsAlive(node))
            {
                _openEnds += World[node]!.OpenLinks;
                Health.Update(node);
                Checks.RingChanged(node);
            }
        }
    }

    private void ForgetOldDeaths()
    {
        foreach (var (id, death) in _deaths)
        {
            if (death.At + DeathMemory < World.Ticks)
            {
                _deaths.Remove(id);
            }
        }
    }

    /// <summary>When a node crashed, and who stood next to it.</summary>
    private readonly record struct Death(long At, int Before, int After, List<RingId> InTree);
}
