using System.Text.Json.Nodes;
using Overlay.Interop.Tests.Peers;

namespace Overlay.Interop.Tests;

/// <summary>The line protocol of tests/InteropPeer, spoken to two of them; needs nothing but the SDK.</summary>
public sealed class InteropPeerTests
{
    [Fact]
    public async Task Two_of_ours_connect_over_loopback_and_describe_their_channels()
    {
        await using var offerer = ProcessPeer.Ours(["--loopback", "offerer"]);
        await using var answerer = ProcessPeer.Ours(["--loopback", "answerer"]);

        LinePeer.Connect(offerer, answerer);
        await Task.WhenAll(offerer.StateAsync("connecting"), answerer.StateAsync("connecting"));
        await Task.WhenAll(offerer.StateAsync("connected"), answerer.StateAsync("connected"));
        var ours = await offerer.ChannelOpenAsync("echo");
        var theirs = await answerer.ChannelOpenAsync("echo");

        Assert.Equal("local", ours["origin"]!.GetValue<string>());
        Assert.Equal("remote", theirs["origin"]!.GetValue<string>());
        Assert.Equal(1, theirs["streamId"]!.GetValue<int>()); // The answerer is the DTLS client, so odd streams are the offerer's.
        Assert.True(theirs["ordered"]!.GetValue<bool>());
        Assert.Null(theirs["maxRetransmits"]);
    }

    [Fact]
    public async Task A_negotiated_channel_opens_on_both_sides_without_an_announcement()
    {
        await using var offerer = ProcessPeer.Ours(["--loopback", "offerer"]);
        await using var answerer = ProcessPeer.Ours(["--loopback", "answerer"]);
        var args = new JsonObject { ["label"] = "agreed", ["negotiated"] = true, ["streamId"] = 42 };
        await offerer.CommandAsync("create-channel", args.DeepClone().AsObject());
        await answerer.CommandAsync("create-channel", args);

        LinePeer.Connect(offerer, answerer);

        foreach (var peer in new[] { offerer, answerer })
        {
            var opened = await peer.ChannelOpenAsync("agreed");
            Assert.Equal(42, opened["streamId"]!.GetValue<int>());
            Assert.Equal("local", opened["origin"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Bulk_arrives_and_a_close_is_seen()
    {
        await using var offerer = ProcessPeer.Ours(["--loopback", "offerer"]);
        await using var answerer = ProcessPeer.Ours(["--loopback", "answerer"]);
        LinePeer.Connect(offerer, answerer);
        await offerer.CommandAsync("create-channel", new JsonObject { ["label"] = "sink" });
        await offerer.ChannelOpenAsync("sink");

        var sent = await offerer.CommandAsync("send-bulk", new JsonObject { ["label"] = "sink", ["bytes"] = 5_000_000, ["messageSize"] = 100_000 });
        Assert.Equal(50, sent["messages"]!.GetValue<int>());
        await offerer.CommandAsync("close");

        await Task.WhenAll(offerer.StateAsync("closed"), answerer.StateAsync("closed"));
        await Task.WhenAll(answerer.ChannelClosedAsync("sink"), offerer.ChannelClosedAsync("sink"));
    }

    [Fact]
    public async Task A_restart_of_ice_between_two_of_ours_keeps_them_connected()
    {
        await using var offerer = ProcessPeer.Ours(["--loopback", "offerer"]);
        await using var answerer = ProcessPeer.Ours(["--loopback", "answerer"]);
        Assert.False((await offerer.TryCommandAsync("restart-ice"))["ok"]!.GetValue<bool>());
        LinePeer.Connect(offerer, answerer);
        await Task.WhenAll(offerer.StateAsync("connected"), answerer.StateAsync("connected"));
        Assert.True((await offerer.CommandAsync("capabilities"))["iceRestart"]!.GetValue<bool>());

        await answerer.CommandAsync("restart-ice");

        await answerer.CommandAsync("create-channel", new JsonObject { ["label"] = "close-me" });
        await Task.WhenAll(answerer.ChannelClosedAsync("close-me"), offerer.ChannelClosedAsync("close-me"));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("[1, 2]")]
    [InlineData("{}")]
    [InlineData("{\"type\":7}")]
    [InlineData("{\"type\":\"song\"}")]
    [InlineData("{\"type\":\"offer\"}")]
    [InlineData("{\"type\":\"offer\",\"sdp\":\"v=0\"}")]
    [InlineData("{\"type\":\"answer\",\"sdp\":7}")]
    [InlineData("{\"type\":\"candidate\",\"candidate\":\"candidate:nothing\"}")]
    [InlineData("{\"type\":\"candidate\",\"candidate\":[]}")]
    public async Task A_bad_line_is_an_error_event_and_the_peer_goes_on(string line)
    {
        await using var peer = ProcessPeer.Ours(["--loopback", "answerer"]);

        peer.SayText(line);

        Assert.NotEqual("", (await peer.EventAsync("error"))["message"]!.GetValue<string>());
        await peer.CommandAsync("capabilities");
        Assert.Equal(0, await peer.EndAsync());
    }

    [Fact]
    public async Task A_command_that_cannot_be_done_says_so()
    {
        await using var peer = ProcessPeer.Ours(["--loopback", "offerer"]);

        var unknown = await peer.TryCommandAsync("sing");
        var missing = await peer.TryCommandAsync("close-channel", new JsonObject { ["label"] = "nowhere" });
        var contradiction = await peer.TryCommandAsync(
            "create-channel", new JsonObject { ["label"] = "x", ["maxRetransmits"] = 1, ["maxPacketLifeTime"] = 1 });
        var wrongKind = await peer.TryCommandAsync("create-channel", new JsonObject { ["label"] = 5 });

        Assert.Equal("unsupported", unknown["error"]!.GetValue<string>());
        foreach (var refused in new[] { unknown, missing, contradiction, wrongKind })
        {
            Assert.False(refused["ok"]!.GetValue<bool>());
            Assert.NotEqual("", refused["error"]!.GetValue<string>());
        }

        await peer.CommandAsync("exit");
        Assert.Equal(0, await peer.EndAsync());
    }

    [Theory]
    [InlineData()]
    [InlineData("spectator")]
    [InlineData("--quietly", "offerer")]
    public async Task A_command_line_that_makes_no_sense_ends_with_exit_code_2(params string[] arguments)
    {
        await using var peer = ProcessPeer.Ours(arguments);

        Assert.Equal(2, await peer.EndAsync());
    }
}
