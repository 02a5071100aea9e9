using Overlay.Ring;

namespace Overlay.Checks;

/// <summary>What a tree must be.</summary>
public enum TreeRule
{
    /// <summary>At any moment: nobody is its own ancestor.</summary>
    NoCycle,

    /// <summary>At any moment: children ≤ degree, foster children ≤ twice the degree.</summary>
    Degree,

    /// <summary>At any moment: no parent's clock is behind its child's.</summary>
    Clocks,

    /// <summary>When all is settled: one root.</summary>
    OneRoot,

    /// <summary>When all is settled: every other node has a living parent, that has it as a child.</summary>
    Parents,

    /// <summary>When all is settled: every child has this node as its parent; nobody is fostered.</summary>
    Children,

    /// <summary>When all is settled: the root knows the way to everybody.</summary>
    Tables,
}

/// <summary>A rule that does not hold at a node.</summary>
public readonly record struct TreeFinding(TreeRule Rule, RingId Node, string What)
{
    public override string ToString() => $"{Rule} at {Node}: {What}";
}

/// <summary>The verdict over a tree: what is wrong, and how deep it is.</summary>
public sealed record TreeVerdict
{
    /// <summary>At most <see cref="TreeChecker.MaxFindings"/>.</summary>
    public required IReadOnlyList<TreeFinding> Findings { get; init; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsClean => Findings.Count == 0;

    /// <summary>Nodes at each depth, the root's first; of those that are connected to a root.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    public override string ToString() => IsClean ? "clean" : string.Join("; ", Findings);
}

/// <summary>Looks at all parents and children at once; knows nothing of the protocol.</summary>
public static class TreeChecker
{
    /// <summary>Findings of one verdict.</summary>
    public const int MaxFindings = 8;

    /// <summary>What must hold at any moment, whatever fails.</summary>
    public static TreeVerdict CheckSafety(TreeSnapshot tree) => Check(tree, isSettled: false);

    /// <summary>What must hold when everything had time: one tree of all members.</summary>
    public static TreeVerdict CheckIdeal(TreeSnapshot tree) => Check(tree, isSettled: true);

    /// <summary>The least depth that <paramref name="count"/> nodes of a degree need.</summary>
    public static int OptimalDepth(int count, int maxDegree)
    {
        var (depth, room, level) = (0, 1L, 1L);
        while (room < count)
        {
            level *= maxDegree;
            room += level;
            depth++;
        }

        return depth;
    }

    private static TreeVerdict Check(TreeSnapshot tree, bool isSettled)
    {
        ArgumentNullException.ThrowIfNull(tree);
        var nodes = new Dictionary<RingId, TreeNodeState>(tree.Nodes.Count);
        foreach (var node in tree.Nodes)
        {
            nodes[node.Id] = node;
        }

        var findings = new List<TreeFinding>();
        var depths = CheckCycles(tree, nodes, findings);
        foreach (var node in tree.Nodes)
        {
            CheckNode(tree.MaxDegree, node, nodes, findings);
            if (isSettled)
            {
                CheckSettled(node, nodes, findings);
            }
        }

        if (isSettled)
        {
            CheckRoot(tree, findings);
        }

        return new() { Findings = findings, Depths = depths };
    }

    private static List<int> CheckCycles(TreeSnapshot tree, Dictionary<RingId, TreeNodeState> nodes, List<TreeFinding> findings)
    {
        var depthOf = new Dictionary<RingId, int>(tree.Nodes.Count); // −1: leads to no root.
        var depths = new List<int>();
        var way = new List<RingId>();
        var onWay = new HashSet<RingId>();
        foreach (var start in tree.Nodes)
        {
            way.Clear();
            onWay.Clear();
            var at = start;
            var end = -1;
            while (!depthOf.TryGetValue(at.Id, out end))
            {
                if (!onWay.Add(at.Id))
                {
                    Add(findings, TreeRule.NoCycle, at.Id, "is its own ancestor");
                    end = -1;
                    break;
                }

                way.Add(at.Id);
                if (at.Parent is not { } parent || !nodes.TryGetValue(parent, out var above))
                {
                    end = at.IsRoot ? -2 : -1;
                    break;
                }

                at = above;
            }

            end = end == -2 ? -1 : end < 0 ? int.MinValue : end;
            for (var i = way.Count - 1; i >= 0; i--)
            {
                end = end == int.MinValue ? end : end + 1;
                depthOf[way[i]] = end == int.MinValue ? -1 : end;
                Count(depths, end);
            }
        }

        return depths;
    }

    private static void Count(List<int> depths, int depth)
    {
        if (depth < 0)
        {
            return;
        }

        while (depths.Count <= depth)
        {
            depths.Add(0);
        }

        depths[depth]++;
    }

    private static void CheckNode(int maxDegree, TreeNodeState node, Dictionary<RingId, TreeNodeState> nodes, List<TreeFinding> findings)
    {
        if (node.Children.Count - node.FosterCount > maxDegree || node.FosterCount > 2 * maxDegree)
        {
            Add(findings, TreeRule.Degree, node.Id, $"{node.Children.Count - node.FosterCount} children and {node.FosterCount} foster children");
        }

        if (node.Parent is { } parent && nodes.TryGetValue(parent, out var above) && above.Clock < node.Clock)
        {
            Add(findings, TreeRule.Clocks, node.Id, $"{node.Clock}, its parent {parent} {above.Clock}");
        }
    }

    private static void CheckSettled(TreeNodeState node, Dictionary<RingId, TreeNodeState> nodes, List<TreeFinding> findings)
    {
        if (!node.IsMember)
        {
            Add(findings, TreeRule.Parents, node.Id, "has no place");
        }
        else if (!node.IsRoot && (node.Parent is not { } parent || !nodes.TryGetValue(parent, out var above) || !Has(above.Children, node.Id)))
        {
            Add(findings, TreeRule.Parents, node.Id, node.Parent is null ? "has no parent" : $"is no child of {node.Parent}");
        }

        foreach (var child in node.Children)
        {
            if (!nodes.TryGetValue(child, out var below) || below.Parent != node.Id)
            {
                Add(findings, TreeRule.Children, node.Id, $"is not the parent of {child}");
            }
        }

        if (node.FosterCount > 0)
        {
            Add(findings, TreeRule.Children, node.Id, $"fosters {node.FosterCount}");
        }
    }

    private static void CheckRoot(TreeSnapshot tree, List<TreeFinding> findings)
    {
        var roots = 0;
        foreach (var node in tree.Nodes)
        {
            if (node.IsRoot)
            {
                roots++;
                if (node.TableCount != tree.Nodes.Count - 1)
                {
                    Add(findings, TreeRule.Tables, node.Id, $"knows {node.TableCount} of {tree.Nodes.Count - 1}");
                }
            }
        }

        if (roots != 1 && tree.Nodes.Count > 0)
        {
            Add(findings, TreeRule.OneRoot, default, $"{roots} roots");
        }
    }

    private static bool Has(IReadOnlyList<RingId> ids, RingId id)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids[i] == id)
            {
                return true;
            }
        }

        return false;
    }

    private static void Add(List<TreeFinding> findings, TreeRule rule, RingId node, string what)
    {
        if (findings.Count < MaxFindings)
        {
            findings.Add(new(rule, node, what));
        }
    }
}
