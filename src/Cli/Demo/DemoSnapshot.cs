using Overlay.Checks;
using Overlay.Messages;

namespace Overlay.Cli.Demo;

/// <summary>Turns the tables that living nodes report into a snapshot for the checker.</summary>
internal static class DemoSnapshot
{
    /// <summary>What keeps the network from being ideal: lists that are not exact, predecessors or parents that are not inverse, degrees over the cap.</summary>
    public static List<string> Check(OverlayOptions options, IReadOnlyList<DemoNode> living, IReadOnlyList<State> states) =>
        options.Topology == Topology.Tree ? CheckTree(options, living, states) : CheckRing(options, living, states);

    /// <summary>Reports say nothing of arcs, so who owns which key is not judged here; the simulator's checks do that.</summary>
    private static List<string> CheckRing(OverlayOptions options, IReadOnlyList<DemoNode> living, IReadOnlyList<State> states)
    {
        var nodes = new List<RingNodeState>(states.Count);
        for (var i = 0; i < states.Count; i++)
        {
            var state = states[i];
            nodes.Add(new(living[i].Node.Id, state.Phase, state.Predecessor?.Id, [.. state.Successors.Select(static s => s.Id)], Arc: null, state.Links.Count));
        }

        var verdict = new RingChecker().CheckIdeal(new(options.SuccessorListLength, options.MaxLinks, nodes));
        return [.. verdict.Findings.Where(static finding => finding.Rule != RingRule.NoGap).Select(static finding => finding.ToString())];
    }

    /// <summary>Reports name parent and children; of clocks and of the root's table they say nothing, and messages between all pairs show the tables.</summary>
    private static List<string> CheckTree(OverlayOptions options, IReadOnlyList<DemoNode> living, IReadOnlyList<State> states)
    {
        var nodes = new List<TreeNodeState>(states.Count);
        for (var i = 0; i < states.Count; i++)
        {
            var state = states[i];
            var isMember = state.Phase == NodePhase.Member;
            var isRoot = isMember && state.Predecessor is null;
            nodes.Add(new(living[i].Node.Id, isMember, isRoot, state.Predecessor?.Id, default, [.. state.Successors.Select(static s => s.Id)], FosterCount: 0, TableCount: states.Count - 1));
        }

        var problems = TreeChecker.CheckIdeal(new(options.MaxDegree, nodes)).Findings.Select(static finding => finding.ToString()).ToList();
        problems.AddRange(nodes.Where((node, i) => !node.IsRoot && states[i].Links.Count < node.Children.Count + 2).Select(static node => $"{node.Id} has no spare link yet")); // It could not do without its parent.
        problems.AddRange(states.Where(state => state.Links.Count > options.DegreeCap).Select(static state => $"{state.Links.Count} links"));
        return problems;
    }
}
