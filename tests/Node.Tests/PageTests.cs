using System.Text;
using Overlay.Ring;
using Overlay.Runtime;

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
            await page.ForwardAsync(node.GuestSignals.Address, """{"type":"offer","sdp":{"type":"offer","sdp":"v=0\r\n"},"loopback":0}""");
            var offer = await TakeAsync(node);
            await node.GuestSignals.SendAsync(offer.From, """{"type":"answer","x":"ä"}"""u8.ToArray(), Cancelled);
            var answer = await page.ReceiveAsync();

            Assert.True(offer.IsVouched);
            Assert.Equal("""{"type":"offer","sdp":{"type":"offer","sdp":"v=0\r\n"},"loopback":0}""", Encoding.UTF8.GetString(offer.Json.Span));
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
