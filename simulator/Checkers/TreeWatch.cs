using Overlay.Checks;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Checkers;

/// <summary>Looks at a whole tree now and then: its shape, and for how long it was not whole. Each look costs one walk over all nodes.</summary>
internal sealed class TreeWatch(World world, int maxDegree)
{
    private const int NoWay = -1;
    private const int NotSeen = -2;

    private readonly List<int> _way = [];
    private int[] _depths = [];
    private long _brokenSince = -1;
    private long _longest;
    private long _loadFrom;
    private int _loadRoot = -1;
    private long _rootForwards;
    private long _rootBytes;
    private long _allForwards;
    private readonly HashSet<int> _orphans = [];
    private long _reattachments;
    private int _mostOrphans;

    /// <summary>A member has another parent.</summary>
    public void Reattached() => _reattachments++;

    /// <summary>Something has changed about a node's place, or the node has ended.</summary>
    public void Changed(int node)
    {
        if (!world.IsAlive(node) || world[node]?.Tree is not { IsOrphan: true })
        {
            _orphans.Remove(node);
        }
        else if (_orphans.Add(node))
        {
            _mostOrphans = Math.Max(_mostOrphans, _orphans.Count);
        }
    }

    /// <summary>The tree as it is now.</summary>
    public TreeFigures Look()
    {
        var (root, roots, members, fosters) = FindRoot();
        var (attached, depthCounts) = Measure(root);
        var living = world.LiveCount;
        var figures = new TreeFigures
        {
            Members = members,
            Roots = roots,
            Fosters = fosters,
            Attached = living == 0 ? 1 : (double)attached / living,
            OptimalDepth = TreeChecker.OptimalDepth(Math.Max(1, living), maxDegree),
            Depth = Math.Max(0, depthCounts.Count - 1),
            Reattachments = _reattachments,
            MostOrphans = _mostOrphans,
            RootTable = root < 0 ? 0 : world[root]!.Tree!.TableCount,
        };
        if (figures.IsWhole)
        {
            NoteWhole();
        }
        else if (_brokenSince < 0)
        {
            _brokenSince = world.Ticks;
        }

        return WithDepths(figures, attached, depthCounts, root) with { BrokenFor = new TimeSpan(Math.Max(_longest, _brokenSince < 0 ? 0 : world.Ticks - _brokenSince)) };
    }

    /// <summary>A phase begins: its load, and for how long the tree is broken in it.</summary>
    public void Begin()
    {
        var (root, _, _, _) = FindRoot();
        (_longest, _loadFrom, _loadRoot, _reattachments, _mostOrphans) = (0, world.Ticks, root, 0, _orphans.Count);
        _brokenSince = _brokenSince < 0 ? -1 : world.Ticks;
        (_rootForwards, _rootBytes) = root < 0 ? (0, 0) : world.LoadOf(root);
        _allForwards = world.Counters.Forwarded;
    }

    private void NoteWhole()
    {
        if (_brokenSince >= 0)
        {
            _longest = Math.Max(_longest, world.Ticks - _brokenSince);
            _brokenSince = -1;
        }
    }

    /// <summary>The root of the latest reign, and how many there are.</summary>
    private (int Root, int Roots, int Members, int Fosters) FindRoot()
    {
        var (found, roots, members, fosters) = (-1, 0, 0, 0);
        for (var node = 0; node < world.Numbers; node++)
        {
            if (!world.IsAlive(node) || world[node]?.Tree is not { IsMember: true } tree)
            {
                continue;
            }

            members++;
            fosters += tree.FosterCount;
            if (tree.IsRoot)
            {
                roots++;
                found = found < 0 || tree.Clock > world[found]!.Tree!.Clock ? node : found;
            }
        }

        return (found, roots, members, fosters);
    }

    private (int Attached, List<int> Depths) Measure(int root)
    {
        if (_depths.Length < world.Numbers)
        {
            _depths = new int[world.Capacity];
        }

        Array.Fill(_depths, NotSeen, 0, world.Numbers);
        var (attached, counts) = (0, new List<int>());
        for (var node = 0; node < world.Numbers; node++)
        {
            if (world.IsAlive(node) && DepthOf(node, root) is >= 0 and var depth)
            {
                attached++;
                while (counts.Count <= depth)
                {
                    counts.Add(0);
                }

                counts[depth]++;
            }
        }

        return (attached, counts);
    }

    /// <summary>Up to a node whose depth is known, and down again; −1 where the way does not lead to the root, or a parent does not know its child.</summary>
    private int DepthOf(int node, int root)
    {
        _way.Clear();
        var at = node;
        while (_depths[at] == NotSeen)
        {
            _way.Add(at);
            _depths[at] = at == root ? 0 : NoWay; // A cycle leads nowhere.
            if (at == root || world[at]?.Tree?.Parent is not { } parent || world.Directory.Find(parent.Id) is not (>= 0 and var above) || !world.IsAlive(above)
                || world[above]?.Tree?.IsNeighbour(world[at]!.Self.Id) != true)
            {
                break;
            }

            at = above;
        }

        var depth = _depths[at];
        for (var i = _way.Count - 1; i >= 0; i--)
        {
            if (_way[i] != at)
            {
                depth = depth < 0 ? NoWay : depth + 1;
                _depths[_way[i]] = depth;
            }
        }

        return _depths[node];
    }

    private TreeFigures WithDepths(TreeFigures figures, int attached, List<int> counts, int root)
    {
        var (optimal, next) = (0, 0);
        for (var depth = 0; depth < counts.Count; depth++)
        {
            optimal += depth <= figures.OptimalDepth ? counts[depth] : 0;
            next += depth <= figures.OptimalDepth + 1 ? counts[depth] : 0;
        }

        var seconds = new TimeSpan(world.Ticks - _loadFrom).TotalSeconds;
        var (forwards, bytes) = root >= 0 && root == _loadRoot ? world.LoadOf(root) : (_rootForwards, _rootBytes);
        return figures with
        {
            AtOptimalDepth = attached == 0 ? 0 : (double)optimal / attached,
            WithinOneOfOptimal = attached == 0 ? 0 : (double)next / attached,
            LongestPath = figures.OptimalDepth == 0 ? 1 : (double)LongestPath(root) / (2 * figures.OptimalDepth),
            RootForwardsPerSecond = seconds > 0 ? (forwards - _rootForwards) / seconds : 0,
            RootBytesPerSecond = seconds > 0 ? (bytes - _rootBytes) / seconds : 0,
            MeanForwardsPerSecond = seconds > 0 && world.LiveCount > 0 ? (world.Counters.Forwarded - _allForwards) / seconds / world.LiveCount : 0,
        };
    }

    /// <summary>The two deepest nodes below two children of the root: no way is longer, unless all depth is below one child.</summary>
    private int LongestPath(int root)
    {
        if (root < 0)
        {
            return 0;
        }

        var arms = new Dictionary<int, int>();
        for (var node = 0; node < world.Numbers; node++)
        {
            if (_depths[node] > 0 && world[node]?.Tree is { } tree && tree.Ancestors.Length > 0)
            {
                var arm = world.Directory.Find(tree.Ancestors.Length > 1 ? tree.Ancestors[1].Node.Id : world[node]!.Self.Id);
                arms[arm] = Math.Max(arms.GetValueOrDefault(arm), _depths[node]);
            }
        }

        var (first, second) = (0, 0);
        foreach (var depth in arms.Values)
        {
            (first, second) = depth > first ? (depth, first) : (first, Math.Max(second, depth));
        }

        return first + second;
    }
}
