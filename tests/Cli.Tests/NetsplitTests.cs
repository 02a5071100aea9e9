namespace Overlay.Cli.Tests;

/// <summary>Sixteen real processes, eight on each side of a network that is cut in two and healed.</summary>
public sealed class NetsplitTests : CommandTest
{
    private const int EachSide = 8;

    [SlowFact]
    public async Task Sixteen_nodes_cut_in_two_for_thirty_seconds_are_two_rings_meanwhile_and_one_afterwards()
    {
        using var rooms = TwoRooms.Enter();
        var hub = StartIn(rooms.Left, "hub", "--json", "--port", "5001", "--listen", TwoRooms.LeftAddress, "--open", "--data", Folder("hub"));
        var uri = (await hub.NextAsync("listening")).GetProperty("uri").GetString()!;
        var nodes = new List<(OverlayProcess Process, string Id)>();
        for (var i = 0; i < 2 * EachSide; i++)
        {
            var isLeft = i % 2 == 0;
            var process = StartIn(
                isLeft ? rooms.Left : rooms.Right,
                "node", "--json", "--hub", uri, "--listen", isLeft ? TwoRooms.LeftAddress : TwoRooms.RightAddress, "--name", $"node{i}");
            nodes.Add((process, (await process.NextAsync("joined")).GetProperty("id").GetString()!));
        }

        await UntilRingAsync(rooms.Left, uri, nodes);
        await ExchangeAsync(nodes, "before");

        rooms.Cut();
        await Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken); // What is asked for is a cut of thirty seconds; nothing is judged by this wait.
        var left = nodes.Where((_, i) => i % 2 == 0).ToList();
        var right = nodes.Where((_, i) => i % 2 == 1).ToList();
        await UntilRingAsync(rooms.Left, uri, left);
        await ExchangeAsync(left, "left alone");
        await ExchangeAsync(right, "right alone");

        rooms.Heal();
        await UntilRingAsync(rooms.Left, uri, nodes);
        await ExchangeAsync(nodes, "together");
        await left[0].Process.WriteAsync("node1 by name");
        Assert.True((await left[0].Process.NextAsync("sent")).GetProperty("delivered").GetBoolean());
    }
}
