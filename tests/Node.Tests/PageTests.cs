using System.Text;
using Overlay.Ring;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests;

/// <summary>A real hub, real nodes, and pages that speak Smoke's JSON to the hub.</summary>
public sealed class PageTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_and_every_node_of_a_network_signal_each_other()
    {
        await using var hub = await TestHub.StartAsync();
        var nodes = new[] { await hub.StartNodeAsync(), await hub.StartNodeAsync(), await hub.StartNodeAsync() };
        await using var page = await SmokePage.ConnectAsync(hub.Uri);

        foreach (var node in nodes)
        {
            await page.ForwardAsync(node.GuestSignals.Address, """{"type":"ask","text":"a\r\nb"}""");
            var asked = await TakeAsync(node);
            await node.GuestSignals.SendAsync(asked.From, """{"type":"answer","x":"ä"}"""u8.ToArray(), Cancelled);
            var answer = await page.ReceiveAsync();

            Assert.True(asked.IsVouched);
            Assert.Equal("""{"type":"ask","text":"a\r\nb"}""", Encoding.UTF8.GetString(asked.Json.Span));
            Assert.Equal((node.Id.ToString(), page.Address), (answer.GetProperty("from").GetString(), answer.GetProperty("to").GetString()));
            Assert.Equal("""{"type":"answer","x":"ä"}""", answer.GetProperty("data").GetRawText());
        }
    }

    [Fact]
    public async Task A_node_reaches_a_page_of_its_hub_by_the_address_that_the_page_was_given()
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();
        await using var page = await SmokePage.ConnectAsync(hub.Uri);

        Assert.True(node.GuestSignals.TryReadAddress(page.Address, out var id));
        Assert.Equal(id, await node.ResolveAsync(page.Address, Cancelled));
        await node.GuestSignals.SendAsync(id, "[1]"u8.ToArray(), Cancelled);

        Assert.Equal("[1]", (await page.ReceiveAsync()).GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task A_page_that_is_away_and_what_is_no_JSON_are_typed_errors()
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();
        Assert.True(node.GuestSignals.TryReadAddress("0.0.0.9", out var nobody));

        var away = await Assert.ThrowsAsync<OverlayException>(() => node.GuestSignals.SendAsync(nobody, "1"u8.ToArray(), Cancelled));
        var unread = await Assert.ThrowsAsync<ArgumentException>(() => node.GuestSignals.SendAsync(nobody, "{"u8.ToArray(), Cancelled));

        Assert.Equal((Outcome.Unreachable, DropReason.GuestGone), (away.Outcome, away.Drop));
        Assert.Contains("JSON", unread.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dialling_a_page_that_is_away_or_says_nothing_fails_for_that_reason()
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();
        await using var silent = await SmokePage.ConnectAsync(hub.Uri);

        var away = await Assert.ThrowsAsync<OverlayException>(async () => await node.Sockets.ConnectAsync("0.0.0.9", 80, Cancelled));
        var dialling = node.Sockets.ConnectAsync(silent.Address, 80, Cancelled).AsTask();
        var offer = (await silent.ReceiveAsync()).GetProperty("data");
        var unanswered = await Assert.ThrowsAsync<OverlayException>(() => dialling);

        Assert.Equal(OverlayError.HostUnreachable, away.Reason);
        Assert.Contains("no page 0.0.0.9", away.Message, StringComparison.Ordinal);
        Assert.Equal(("offer", "offer", 0), (offer.GetProperty("type").GetString(), offer.GetProperty("sdp").GetProperty("type").GetString(), offer.GetProperty("loopback").GetInt32()));
        Assert.Contains("webrtc-datachannel", offer.GetProperty("sdp").GetProperty("sdp").GetString(), StringComparison.Ordinal);
        Assert.Equal(OverlayError.TimedOut, unanswered.Reason);
    }

    [Theory]
    [InlineData(ChannelPolicy.OverlayOnly, 256, "OverlayOnly")]
    [InlineData(ChannelPolicy.Auto, 0, "MaxPages")]
    public async Task A_node_that_connects_with_no_pages_says_so_and_leaves_their_offers_to_its_application(ChannelPolicy policy, int maxPages, string why)
    {
        await using var hub = await TestHub.StartAsync();
        var options = hub.Options;
        options.Channels = new() { Policy = policy, MaxPages = maxPages };
        await using var node = await Node.StartAsync(options, Cancelled);
        await using var page = await SmokePage.ConnectAsync(hub.Uri);
        await MeetAsync(node, page);

        var error = await Assert.ThrowsAsync<OverlayException>(async () => await node.Sockets.ConnectAsync(page.Address, 80, Cancelled));
        await page.ForwardAsync(node.Id.ToString(), Offer("v=0"));

        Assert.Equal(OverlayError.HostUnreachable, error.Reason);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(Offer("v=0"), Encoding.UTF8.GetString((await TakeAsync(node)).Json.Span));
    }

    [Fact]
    public async Task Signals_that_are_none_are_dropped_and_counted_and_the_node_goes_on()
    {
        await using var hub = await TestHub.StartAsync();
        var node = await hub.StartNodeAsync();
        await using var page = await SmokePage.ConnectAsync(hub.Uri);
        await MeetAsync(node, page);
        var dropped = node.Counters.Dropped;
        string[] signals =
        [
            Offer(""), Offer("v=0"), Offer(new string('x', 50_000)), Offer("""\ud800"""),
            Offer("v=0").Replace("\"offer\"", "\"answer\"", StringComparison.Ordinal),
            """{"type":"candidate","candidate":{"candidate":"candidate:nonsense"},"loopback":0}""",
            .. Enumerable.Range(0, 100).Select(i => $$"""{"type":"candidate","candidate":{"candidate":"candidate:1 1 udp {{i + 1}} 192.0.2.1 {{i + 1}} typ host","usernameFragment":"abcd"},"loopback":0}"""),
        ];

        foreach (var signal in signals)
        {
            await page.ForwardAsync(node.Id.ToString(), signal);
        }

        await page.ForwardAsync(node.Id.ToString(), "1");

        // What is no signal at all, half a surrogate pair among them, is JSON for the application.
        var left = new List<string>();
        while (left is not [.., "1"])
        {
            left.Add(Encoding.UTF8.GetString((await TakeAsync(node)).Json.Span));
        }

        Assert.Equal([Offer("""\ud800"""), "1"], left);
        Assert.Equal(5, node.Counters.Dropped - dropped);
    }


    [Fact]
    public async Task After_the_death_of_the_gateway_the_others_serve_the_page()
    {
        await using var hub = await TestHub.StartAsync();
        var nodes = new[] { await hub.StartNodeAsync(), await hub.StartNodeAsync(), await hub.StartNodeAsync() };
        await using var page = await SmokePage.ConnectAsync(hub.Uri);
        Assert.True(nodes[0].GuestSignals.TryReadAddress(page.Address, out var id));

        await nodes[0].KillAsync();
        await nodes[1].GuestSignals.SendAsync(id, "1"u8.ToArray(), Cancelled);
        await page.ForwardAsync(nodes[2].Id.ToString(), "2");

        Assert.Equal("1", (await page.ReceiveAsync()).GetProperty("data").GetRawText());
        Assert.Equal("2", Encoding.UTF8.GetString((await TakeAsync(nodes[2])).Json.Span));
    }

    [Fact]
    public async Task Pages_and_nodes_find_each_other_by_name_through_the_overlays_directory()
    {
        await using var hub = await TestHub.StartAsync();
        var nodes = new[] { await hub.StartNodeAsync(), await hub.StartNodeAsync("member"), await hub.StartNodeAsync() };
        var page = await SmokePage.ConnectAsync(hub.Uri);
        await using var other = await SmokePage.ConnectAsync(hub.Uri);

        var registered = await page.AskAsync("""{"type":"register","request_id":0,"hostname":"page"}""");
        var taken = await other.AskAsync("""{"type":"register","request_id":0,"hostname":"member"}""");
        var member = await other.AskAsync("""{"type":"lookup","request_id":1,"hostname":"member"}""");
        var nobody = await other.AskAsync("""{"type":"lookup","request_id":2,"hostname":"nobody"}""");
        var found = await nodes[2].ResolveAsync("page", Cancelled);
        await nodes[2].GuestSignals.SendAsync(found, "1"u8.ToArray(), Cancelled);
        var signal = await page.ReceiveAsync();

        Assert.Equal("register-ok", registered.GetProperty("type").GetString());
        Assert.Equal("hostname 'member' already registered", taken.GetProperty("reason").GetString());
        Assert.Equal(nodes[1].Id.ToString(), member.GetProperty("addresses")[0].GetString());
        Assert.Equal(0, nobody.GetProperty("addresses").GetArrayLength());
        Assert.True(nodes[2].GuestSignals.TryReadAddress(page.Address, out var address));
        Assert.Equal(address, found);
        Assert.Equal("1", signal.GetProperty("data").GetRawText());

        await page.CloseAsync();
        await page.DisposeAsync();
        var gone = await UnknownAsync(nodes[0], "page");
        Assert.Equal(Outcome.NameUnknown, gone.Outcome);
    }

    /// <summary>The hub has a gateway from here on: before that, what a page says ends at the hub.</summary>
    private static async Task MeetAsync(Node node, SmokePage page)
    {
        Assert.True(node.GuestSignals.TryReadAddress(page.Address, out var id));
        await node.GuestSignals.SendAsync(id, "0"u8.ToArray(), Cancelled);
        await page.ReceiveAsync();
    }

    private static string Offer(string sdp) => $$$"""{"type":"offer","sdp":{"type":"offer","sdp":"{{{sdp}}}"},"loopback":0}""";

    /// <summary>A page's name goes a moment after its socket.</summary>
    private static async Task<OverlayException> UnknownAsync(Node node, string name)
    {
        while (true)
        {
            try
            {
                await node.ResolveAsync(name, Cancelled);
            }
            catch (OverlayException error)
            {
                return error;
            }
        }
    }

    private static async Task<SmokeSignal> TakeAsync(Node node)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TestHub.Patience);
        await foreach (var signal in node.GuestSignals.ReadAllAsync(limit.Token))
        {
            return signal;
        }

        throw new InvalidOperationException("The node stopped.");
    }
}
