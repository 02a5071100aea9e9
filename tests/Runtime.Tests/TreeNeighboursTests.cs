using System.Text;
using Overlay.Effects;
using Overlay.Runtime.Trees;

namespace Overlay.Runtime.Tests;

/// <summary>Parents and children of whole nodes, over real links.</summary>
public sealed class TreeNeighboursTests
{
    private static readonly OverlayOptions Tree = OverlayOptions.Default with { Topology = Topology.Tree };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Root_and_child_see_each_other_and_talk_and_know_who_it_was()
    {
        await using var network = new TestNetwork();
        var root = await StartAsync(network);
        var child = await StartAsync(network);
        var (up, down) = (new Seen(root), new Seen(child));

        await down.Tree.SendToParentAsync("ping"u8.ToArray(), Cancelled);
        await up.UntilAsync(1, "data");
        var report = await up.Tree.Children[0].SendAsync("pong"u8.ToArray(), Cancelled);
        await down.UntilAsync(1, "data");

        Assert.Equal(["became root", $"child {child.Id} connected", $"data ping of child {child.Id}"], up.Lines);
        Assert.Equal([$"parent {root.Id} connected", $"data pong of parent {root.Id}"], down.Lines);
        Assert.Equal((child.Id, 1), (report.Destination, report.Hops));
        Assert.True(up.Tree is { IsRoot: true, Parent: null } && down.Tree is { IsRoot: false, Parent.IsParent: true });
        var none = await Assert.ThrowsAsync<OverlayException>(() => up.Tree.SendToParentAsync(default, Cancelled));
        Assert.Equal(Outcome.Unreachable, none.Outcome);
    }

    [Fact]
    public async Task Ten_nodes_below_a_root_all_have_a_parent_and_nobody_has_more_than_two_children()
    {
        await using var network = new TestNetwork();
        var most = 0;
        var seen = new List<Seen>();
        for (var i = 0; i < 11; i++)
        {
            seen.Add(new(await StartAsync(network, Tree with { MaxDegree = 2 })));
        }

        await network.Changed.UntilAsync(() =>
        {
            var children = seen.Select(one => one.Tree.Children.Count).ToList();
            most = Math.Max(most, children.Max());
            return children.Sum() == 10 && seen.Count(one => one.Tree.Parent is not null) == 10;
        });

        Assert.InRange(most, 1, 2);
        Assert.Single(seen, one => one.Tree.IsRoot);
        Assert.All(seen, one => Assert.Equal(2, one.Tree.MaxDegree));
        foreach (var one in seen.Where(one => one.Tree.Parent is not null))
        {
            await one.Tree.SendToParentAsync("here"u8.ToArray(), Cancelled);
        }

        foreach (var one in seen)
        {
            await one.UntilAsync(one.Tree.Children.Count, "data here of child");
        }
    }

    [Fact]
    public async Task Who_dies_fails_and_who_leaves_closes()
    {
        await using var network = new TestNetwork();
        var root = await StartAsync(network);
        var first = await StartAsync(network);
        var second = await StartAsync(network);
        var (up, down) = (new Seen(root), new Seen(first));

        await second.KillAsync();
        await up.UntilAsync(1, $"child {second.Id} failed");
        await first.LeaveAsync(Cancelled);
        await up.UntilAsync(1, $"child {first.Id} closed");
        await down.UntilAsync(1, $"parent {root.Id} closed");

        Assert.Empty(up.Tree.Children);
        Assert.Null(down.Tree.Parent);
        var gone = await Assert.ThrowsAsync<OverlayException>(() => down.Tree.SendToParentAsync("?"u8.ToArray(), Cancelled));
        Assert.Equal(Outcome.Unreachable, gone.Outcome);
    }

    [Fact]
    public async Task A_root_that_dies_fails_for_its_children_and_one_of_them_finds_itself_root()
    {
        await using var network = new TestNetwork();
        var hosts = new List<OverlayHost>();
        var standIns = 0;
        var options = network.Options with
        {
            Protocol = Tree,
            OnObserved = seen =>
            {
                _ = seen.What == Observation.StandsIn ? Interlocked.Increment(ref standIns) : 0;
                network.Changed.Set();
            },
        };
        for (var i = 0; i < 4; i++)
        {
            hosts.Add(await network.StartAsync(options));
        }

        var seen = hosts.Skip(1).Select(host => new Seen(host, network.Changed)).ToList();
        await network.Changed.UntilAsync(async () =>
        {
            var links = await Task.WhenAll(hosts.Select(async host => (await host.SnapshotAsync(Cancelled)).Links.Count(link => link.Phase == LinkPhase.Open)));
            return Volatile.Read(ref standIns) == 3 && links.All(count => count == 3); // Everybody is linked to everybody: no signals are needed any more.
        });
        network.Hub.Dispose();
        await hosts[0].KillAsync();

        await Task.WhenAll(seen.Select(one => one.UntilAsync(1, $"parent {hosts[0].Id} failed")));
        await network.Changed.UntilAsync(() => seen.Count(one => one.Tree.IsRoot) == 1 && seen.Count(one => one.Tree.Parent is not null) == 2);
    }

    [Fact]
    public async Task What_a_neighbour_sends_before_anybody_listens_is_kept()
    {
        await using var network = new TestNetwork();
        var root = await StartAsync(network);
        var child = await StartAsync(network);
        await using (var tree = root.OpenTree())
        {
            await network.Changed.UntilAsync(() => tree.Children.Count == 1);
            Assert.Equal(Outcome.Busy, Assert.Throws<OverlayException>(() => root.OpenTree()).Outcome);
        }

        var down = new Seen(child);
        await down.Tree.SendToParentAsync("early"u8.ToArray(), Cancelled);
        var up = new Seen(root);
        await up.UntilAsync(1, "data");

        Assert.Equal(["became root", $"child {child.Id} connected", $"data early of child {child.Id}"], up.Lines);
    }

    [Fact]
    public async Task A_child_that_is_let_go_finds_a_place_again_and_a_ring_has_no_tree()
    {
        await using var network = new TestNetwork();
        var root = await StartAsync(network);
        var child = await StartAsync(network);
        var down = new Seen(child);
        await using var up = root.OpenTree();

        await network.Changed.UntilAsync(() => up.Children.Count == 1);
        var channel = up.Children[0];
        await channel.CloseAsync(Cancelled);
        await down.UntilAsync(2, $"parent {root.Id} connected");

        Assert.Equal([$"parent {root.Id} connected", $"parent {root.Id} closed", $"parent {root.Id} connected"], down.Lines);
        await using var rings = new TestNetwork();
        var node = await rings.StartAsync();
        Assert.Contains("Topology", Assert.Throws<InvalidOperationException>(() => node.OpenTree()).Message, StringComparison.Ordinal);
    }

    private static Task<OverlayHost> StartAsync(TestNetwork network, OverlayOptions? protocol = null) =>
        network.StartAsync(network.Options with { Protocol = protocol ?? Tree });

    /// <summary>What a node's tree said, line by line.</summary>
    private sealed class Seen
    {
        private readonly List<string> _lines = [];
        private readonly Signal _changed = new();
        private readonly Signal? _also;

        public Seen(OverlayHost host, Signal? also = null)
        {
            _also = also;
            Tree = host.OpenTree(tree =>
            {
                tree.BecameRoot += (_, _) => Add("became root");
                tree.SteppedDown += (_, _) => Add("stepped down");
                tree.ParentConnected += (_, args) => Add($"{args.Channel} connected");
                tree.ParentClosed += (_, args) => Add($"{args.Channel} closed");
                tree.ParentFailed += (_, args) => Add($"{args.Channel} failed");
                tree.ChildConnected += (_, args) => Add($"{args.Channel} connected");
                tree.ChildClosed += (_, args) => Add($"{args.Channel} closed");
                tree.ChildFailed += (_, args) => Add($"{args.Channel} failed");
                tree.Data += (_, args) => Add($"data {Encoding.UTF8.GetString(args.Bytes.Span)} of {args.Channel}");
                tree.Data += (_, args) => Assert.Equal(args.IsParent, args.Channel.IsParent);
            });
        }

        public TreeNeighbours Tree { get; }

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public Task UntilAsync(int count, string beginning) =>
            _changed.UntilAsync(() => Lines.Count(line => line.StartsWith(beginning, StringComparison.Ordinal)) >= count);

        private void Add(string line)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }

            _changed.Set();
            _also?.Set();
        }
    }
}
