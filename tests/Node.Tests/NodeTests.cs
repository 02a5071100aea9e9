using System.Text;
using Overlay.Ring;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests;

public sealed class NodeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nodes_meet_at_a_hub_and_send_to_ids_and_names()
    {
        await using var hub = await TestHub.StartAsync();
        var alice = await hub.StartNodeAsync("alice");
        var bob = await hub.StartNodeAsync();

        var byId = await bob.SendAsync(alice.Id, "one", Cancelled);
        var byName = await bob.SendAsync("alice", "two", Cancelled);
        var byText = await bob.SendAsync(alice.Id.ToString(), "three", Cancelled);
        var bytes = await bob.SendAsync(alice.Id, new byte[] { 0xff, 0x00 }, Cancelled);

        Assert.All([byId, byName, byText, bytes], report => Assert.Equal(alice.Id, report.Destination));
        var arrived = await TakeAsync(alice, 4);
        Assert.All(arrived, message => Assert.Equal(bob.Id, message.From));
        Assert.Equal(["one", "two", "three"], arrived.Take(3).Select(message => message.Text));
        Assert.Equal([0xff, 0x00], arrived[3].Bytes.ToArray());
    }

    [Fact]
    public async Task A_name_belongs_to_the_first_who_registered_it()
    {
        await using var hub = await TestHub.StartAsync();
        var alice = await hub.StartNodeAsync("alice");

        var error = await Assert.ThrowsAsync<OverlayException>(() => hub.StartNodeAsync("alice"));

        Assert.Equal(Outcome.NameTaken, error.Outcome);
        Assert.Contains("'alice'", error.Message, StringComparison.Ordinal);
        Assert.Contains("another name", error.Message, StringComparison.Ordinal);
        Assert.Equal(alice.Id, await alice.ResolveAsync("alice", Cancelled));
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_unknown()
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();

        var error = await Assert.ThrowsAsync<OverlayException>(() => node.SendAsync("nobody", "hello", Cancelled));

        Assert.Equal(Outcome.NameUnknown, error.Outcome);
        Assert.Contains("'nobody'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a name")]
    [InlineData("straße")]
    public async Task What_is_neither_id_nor_name_is_refused_at_the_door(string to)
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => node.SendAsync(to, "hello", Cancelled));

        Assert.Contains($"'{to}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("12 hexadecimal digits", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_too_large()
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();

        var error = await Assert.ThrowsAsync<OverlayException>(() => node.SendAsync(node.Id, new string('x', 65_536), Cancelled));

        Assert.Equal(Outcome.TooLarge, error.Outcome);
    }

    [Fact]
    public async Task Messages_end_when_the_node_leaves()
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();
        await node.SendAsync(node.Id, "last words", Cancelled);
        var reading = node.Messages.ToListAsync(Cancelled).AsTask();

        await node.LeaveAsync(Cancelled);

        Assert.Equal(["last words"], (await reading.WaitAsync(TestHub.Patience, Cancelled)).Select(message => message.Text));
        Assert.True(node.Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task On_a_tree_a_node_knows_its_parent_and_its_children_and_talks_with_them()
    {
        await using var hub = await TestHub.StartAsync();
        var root = await hub.StartNodeAsync(topology: Topology.Tree);
        var child = await hub.StartNodeAsync(topology: Topology.Tree);
        var arrived = new TaskCompletionSource<(RingId, string, bool)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var below = root.OpenTree(tree => tree.Data += (_, args) => arrived.TrySetResult((args.Channel.Id, args.Text, args.IsParent)));
        await using var above = child.OpenTree();

        await above.SendToParentAsync("hello"u8.ToArray(), Cancelled);

        Assert.Equal((child.Id, "hello", false), await arrived.Task.WaitAsync(TestHub.Patience, Cancelled));
        Assert.Equal(root.Id, above.Parent?.Id);
    }

    [Fact]
    public async Task Who_knows_the_roots_secret_becomes_the_root_and_who_knows_another_hears_so()
    {
        await using var hub = await TestHub.StartAsync("open sesame");

        var wrong = await Assert.ThrowsAsync<OverlayException>(() => hub.StartNodeAsync(topology: Topology.Tree, rootSecret: "open simsim"));
        var first = await hub.StartNodeAsync(topology: Topology.Tree, rootSecret: "open sesame");
        var child = await hub.StartNodeAsync(topology: Topology.Tree);
        var steppedDown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var tree = first.OpenTree(one => one.SteppedDown += (_, _) => steppedDown.TrySetResult());
        Assert.True(tree.IsRoot);
        var second = await hub.StartNodeAsync(topology: Topology.Tree, rootSecret: "open sesame");

        Assert.Equal(OverlayError.RootSecretWrong, wrong.Reason);
        Assert.Contains("secret", wrong.Message, StringComparison.Ordinal);
        await steppedDown.Task.WaitAsync(TestHub.Patience, Cancelled);
        await using var above = second.OpenTree();
        Assert.True(above.IsRoot);
        Assert.Equal(second.Id, (await child.SendAsync(second.Id, "hello", Cancelled)).Destination);
    }

    [Fact]
    public async Task Options_are_checked_before_anything_is_opened()
    {
        var options = new NodeOptions { Name = "not a name", Port = -1 };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Node.StartAsync(options, Cancelled));

        Assert.Contains("Name: 'not a name'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Port: -1", error.Message, StringComparison.Ordinal);
    }

    private static async Task<List<OverlayMessage>> TakeAsync(Node node, int count)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(TestHub.Patience);
        return await node.Messages.Take(count).ToListAsync(patience.Token);
    }
}
