using System.Text.Json.Nodes;
using Overlay.Interop.Tests.Peers;

namespace Overlay.Interop.Tests;

/// <summary>What must work with every other implementation, whoever of the two offers.</summary>
internal static class Scenarios
{
    private const long FiftyMebibytes = 50L << 20;

    /// <summary>Two fragments of a hello, its answer, certificates both ways, the last flight, and the first of SCTP.</summary>
    private const int DatagramsOfAHandshake = 7;

    /// <summary>Around every boundary there is: empty, one byte, one packet, SCTP's and the browsers' limits.</summary>
    private static readonly int[] Sizes = [0, 1, 2, 3, 1000, 1150, 1200, 4096, 16_384, 65_535, 65_536, 262_143, 262_144];

    /// <summary>Connects the two; the offerer's first channel says when that is done. Returns the milliseconds it took.</summary>
    public static async Task<double> ConnectAsync(LinePeer ours, LinePeer foreign, bool weOffer)
    {
        var begunAt = TimeProvider.System.GetTimestamp();
        LinePeer.Connect(ours, foreign);
        if (!weOffer)
        {
            await foreign.CommandAsync("offer");
        }

        await Task.WhenAll(ours.StateAsync("connected"), foreign.ChannelOpenAsync(weOffer ? "echo" : "first"));
        var took = TimeProvider.System.GetElapsedTime(begunAt).TotalMilliseconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"connected in {took:0} ms");
        return took;
    }

    /// <summary>
    /// Loses each datagram of the handshake in turn, one a connection. A stack that has finished answers only a Finished that is new to it, so
    /// this shows what no test among ourselves can.
    /// </summary>
    public static async Task EveryDatagramOfTheHandshakeMayBeLostAsync(Func<Task<LinePeer>> openForeign, NetworkRoom? room, bool weOffer)
    {
        for (var lost = 0; lost < DatagramsOfAHandshake; lost++)
        {
            var foreign = await openForeign();
            await using var duo = await PeerDuo.ConnectAsync(
                ProcessPeer.Ours([$"--lose={lost}", weOffer ? "offerer" : "answerer"], room), foreign, weOffer);
            await foreign.CommandAsync("create-channel", new JsonObject { ["label"] = "echo-alive" });
            await foreign.ChannelOpenAsync("echo-alive");
            await EchoesOnAsync(foreign, "echo-alive");
        }
    }

    public static async Task EchoesOfEverySizeAsync(LinePeer foreign)
    {
        await foreign.CommandAsync("create-channel", new JsonObject { ["label"] = "echo-sizes", ["protocol"] = "p1" });
        await foreign.ChannelOpenAsync("echo-sizes");

        var result = await foreign.CommandAsync("echo-all", new JsonObject
        {
            ["label"] = "echo-sizes",
            ["sizes"] = new JsonArray([.. Sizes.Select(size => JsonValue.Create(size))]),
        });

        Assert.Null(result["failed"]?.GetValue<string>());
    }

    /// <summary>A channel made before still carries messages.</summary>
    public static async Task EchoesOnAsync(LinePeer foreign, string label)
    {
        var result = await foreign.CommandAsync("echo-all", new JsonObject { ["label"] = label, ["sizes"] = new JsonArray(10, 20_000) });
        Assert.Null(result["failed"]?.GetValue<string>());
    }

    public static async Task FiftyMebibytesToUsAsync(LinePeer foreign)
    {
        await foreign.CommandAsync("create-channel", new JsonObject { ["label"] = "sink" });
        await foreign.ChannelOpenAsync("sink");

        var result = await foreign.CommandAsync("send-bulk", new JsonObject
        {
            ["label"] = "sink",
            ["bytes"] = FiftyMebibytes,
            ["messageSize"] = 65_536,
        });

        var report = result["report"]!.AsObject();
        Assert.Equal(FiftyMebibytes, report["bytes"]!.GetValue<long>());
        Assert.Equal(result["sha256"]!.GetValue<string>(), report["sha256"]!.GetValue<string>());
        Tell("to us", result["milliseconds"]!.GetValue<double>());
    }

    public static async Task FiftyMebibytesFromUsAsync(LinePeer ours, LinePeer foreign)
    {
        await ours.CommandAsync("create-channel", new JsonObject { ["label"] = "sink" });
        await ours.ChannelOpenAsync("sink");
        await foreign.ChannelOpenAsync("sink");
        var begunAt = TimeProvider.System.GetTimestamp();

        var sending = ours.CommandAsync("send-bulk", new JsonObject { ["label"] = "sink", ["bytes"] = FiftyMebibytes, ["messageSize"] = 65_536 });
        var report = await foreign.CommandAsync("sink-report", new JsonObject { ["label"] = "sink", ["bytes"] = FiftyMebibytes });

        Tell("from us", TimeProvider.System.GetElapsedTime(begunAt).TotalMilliseconds);
        var sent = await sending;
        Assert.Equal(FiftyMebibytes, report["bytes"]!.GetValue<long>());
        Assert.Equal(sent["messages"]!.GetValue<long>(), report["messages"]!.GetValue<long>());
        Assert.Equal(sent["sha256"]!.GetValue<string>(), report["sha256"]!.GetValue<string>());
    }

    public static async Task UnorderedAndUnreliableChannelsAsync(LinePeer ours, LinePeer foreign, bool tellsOptions)
    {
        // Theirs → ours: what they announced is what we see, and messages go both ways.
        await foreign.CommandAsync("create-channel", new JsonObject { ["label"] = "echo-once", ["ordered"] = false, ["maxRetransmits"] = 0 });
        var seen = await ours.ChannelOpenAsync("echo-once");
        Assert.Equal("remote", seen["origin"]!.GetValue<string>());
        Assert.False(seen["ordered"]!.GetValue<bool>());
        Assert.Equal(0, seen["maxRetransmits"]!.GetValue<int>());
        Assert.Null(seen["maxPacketLifeTime"]);
        await foreign.ChannelOpenAsync("echo-once");
        await foreign.CommandAsync("echo-until", new JsonObject { ["label"] = "echo-once", ["count"] = 50, ["size"] = 500 });

        // Ours → theirs.
        await ours.CommandAsync("create-channel", new JsonObject
        {
            ["label"] = "echo-soon",
            ["protocol"] = "p2",
            ["ordered"] = false,
            ["maxPacketLifeTime"] = 500,
        });
        var theirs = await foreign.ChannelOpenAsync("echo-soon");
        Assert.Equal("p2", theirs["protocol"]!.GetValue<string>());
        if (tellsOptions)
        {
            Assert.False(theirs["ordered"]!.GetValue<bool>());
            Assert.Equal(500, theirs["maxPacketLifeTime"]!.GetValue<int>());
        }

        await foreign.CommandAsync("echo-until", new JsonObject { ["label"] = "echo-soon", ["count"] = 50, ["size"] = 3000 });
    }

    public static async Task ChannelsCloseAndTheirStreamsAreUsedAgainAsync(LinePeer ours, LinePeer foreign)
    {
        var streams = new HashSet<int>();
        for (var round = 0; round < 4; round++)
        {
            // They open and close.
            await foreign.CommandAsync("create-channel", new JsonObject { ["label"] = "echo-short" });
            await Task.WhenAll(foreign.ChannelOpenAsync("echo-short"), ours.ChannelOpenAsync("echo-short"));
            await foreign.CommandAsync("echo-all", new JsonObject { ["label"] = "echo-short", ["sizes"] = new JsonArray(10) });
            await foreign.CommandAsync("close-channel", new JsonObject { ["label"] = "echo-short" });
            await Task.WhenAll(foreign.ChannelClosedAsync("echo-short"), ours.ChannelClosedAsync("echo-short"));

            // They open, we close at once, perhaps before their program could even ask to be told. Ours closes when both directions are reset.
            await foreign.CommandAsync("create-channel", new JsonObject { ["label"] = "close-me" });
            await ours.ChannelClosedAsync("close-me");

            // We open and close.
            await ours.CommandAsync("create-channel", new JsonObject { ["label"] = "brief" });
            var opened = await ours.ChannelOpenAsync("brief");
            streams.Add(opened["streamId"]!.GetValue<int>());
            await foreign.ChannelOpenAsync("brief");
            await ours.CommandAsync("close-channel", new JsonObject { ["label"] = "brief" });
            await Task.WhenAll(foreign.ChannelClosedAsync("brief"), ours.ChannelClosedAsync("brief"));
        }

        Assert.Single(streams);
    }

    public static async Task OurCloseClosesTheirChannelsAsync(LinePeer ours, LinePeer foreign, bool weOffer)
    {
        await ours.CommandAsync("close");

        await ours.StateAsync("closed");
        await foreign.ChannelClosedAsync(weOffer ? "echo" : "first");
    }

    public static async Task TheirCloseClosesUsAsync(LinePeer ours, LinePeer foreign)
    {
        await foreign.CommandAsync("close");

        await ours.StateAsync("closed");
    }

    private static void Tell(string direction, double milliseconds) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"50 MiB {direction}: {FiftyMebibytes / milliseconds / 1000:0.0} MB/s");
}
