using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Simulator.Checkers;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Runs;

// Names and broadcasts: what became of them, counted and judged.
internal sealed partial class RunDriver
{
    public void Broadcast(int node, in Effect effect) => _workloads.Broadcasts.Delivered(node, (BroadcastMessage)effect.Detail!);

    private void BroadcastBegins(int targets) => Each(targets, static (window, count) =>
    {
        window.Broadcasts++;
        window.BroadcastTargets += count;
    });

    private void BroadcastOver(int number) => Each(_workloads.Broadcasts.Judge(number), static (window, judged) =>
    {
        window.BroadcastsDue += judged.Due;
        window.BroadcastsReached += judged.Reached;
    });

    private void NamesAndBroadcastsEnded(int node)
    {
        _workloads.Broadcasts.Ended(node);
        if (_workloads.Names.Ended(node) is > 0 and var lost)
        {
            Each(lost, static (window, count) => window.NamesLost += count);
        }
    }

    private void Yielded(bool wasFirst) => Each(wasFirst, static (window, first) =>
    {
        window.NamesYielded++;
        window.FirstYielded += first ? 1 : 0;
    });

    private void OverlayWorkEnded(int node, in Request request, in Effect effect)
    {
        switch (request.Kind)
        {
            case WorkloadKind.Register when _workloads.Names.Registered(request.Owner, node, effect.Outcome, effect.Detail as NameEntry):
                Each(static window => window.NamesRegistered++);
                break;
            case WorkloadKind.Register when effect.Outcome == Outcome.NameTaken:
                Each(static window => window.NamesDefended++);
                break;
            case WorkloadKind.Resolve:
                ResolveEnded(node, request, effect);
                break;
            case WorkloadKind.Broadcast when effect.Outcome == Outcome.Done:
                _workloads.Broadcasts.Completed(request.Owner);
                break;
        }
    }

    private void ResolveEnded(int node, in Request request, in Effect effect)
    {
        switch (_workloads.Names.Resolved(request.Owner, node, request.Since, effect.Detail as NameEntry))
        {
            case NameJudgement.Right:
                Each(static window => window.ResolvesOk++);
                break;
            case NameJudgement.Wrong:
                Each(effect.Outcome.ToString(), static (window, why) => window.ResolveFailed(why));
                break;
        }
    }
}
