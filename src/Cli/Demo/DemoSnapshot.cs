using Overlay.Checks;
using Overlay.Messages;

namespace Overlay.Cli.Demo;

/// <summary>Turns the tables that living nodes report into a snapshot for the checker.</summary>
internal static class DemoSnapshot
{
    /// <summary>What keeps the ring from being ideal: lists that are not exact, predecessors that are not inverse, degrees over the cap.</summary>
    /// <remarks>Reports say nothing of arcs, so who owns which key is not judged here; the simulator's checks do that.</remarks>
    public static List<RingFinding> Check(IReadOnlyList<DemoNode> living, IReadOnlyList<State> states)
    {
        var options = OverlayOptions.Default;
        var nodes = new List<RingNodeState>(states.Count);
        for (var i = 0; i < states.Count; i++)
        {
            var state = states[i];
            nodes.Add(new(living[i].Node.Id, state.Phase, state.Predecessor?.Id, [.. state.Successors.Select(static s => s.Id)], Arc: null, state.Links.Count));
        }

        var verdict = new RingChecker().CheckIdeal(new(options.SuccessorListLength, options.MaxLinks, nodes));
        return [.. verdict.Findings.Where(static finding => finding.Rule != RingRule.NoGap)];
    }
}
