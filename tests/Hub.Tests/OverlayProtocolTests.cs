using System.Net;
using System.Net.WebSockets;
using System.Text;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Hub.Tests;

public sealed class OverlayProtocolTests
{
    private static readonly HubOptions FreePort = new() { Port = 0 };

    [Fact]
    public async Task The_first_node_founds_and_the_second_is_introduced_and_they_signal_through_the_hub()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var founder = await Member.ConnectAsync(hub.Uri);

        var first = await founder.AdmitAsync();
        var attached = await founder.AttachAsync();
        await using var newcomer = await Member.ConnectAsync(hub.Uri);
        var second = await newcomer.AdmitAsync();
        await newcomer.SendToAsync(RingId.From(99), new FindOwner(1, LookupPurpose.Join));
        var (asked, _) = await founder.ReceiveMessageAsync();
        await founder.SendToAsync(newcomer.Id, new Candidates(5, ["candidate:1"]));
        var answer = await newcomer.ReceiveAsync<Candidates>();

        Assert.Equal(AdmitMode.Found, first.Mode);
        Assert.Equal(8, attached.Slots.Count);
        Assert.Equal((AdmitMode.Introduce, founder.Id), (second.Mode, second.Gateway!.Value.Id));
        Assert.Equal((newcomer.Id, RingId.From(99)), (asked.Source, asked.Destination));
        Assert.Equal(["candidate:1"], answer.Lines);
        var status = hub.Status;
        Assert.Equal((1, 1, 2, 2L, 1L), (status.Gateways, status.Joiners, status.Members, status.Messages, status.Signals));
        Assert.Equal(first.Certificate.Audience.ToString(), status.Network);
    }

    [Fact]
    public async Task The_certificate_is_really_signed_by_the_key_that_the_hub_shows()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var node = await Member.ConnectAsync(hub.Uri);

        var certificate = (await node.AdmitAsync()).Certificate;

        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.True(certificate.IsValid(node.Key, node.Hello.HubKey.Span, now));
        Assert.False(certificate.IsValid(node.Key, node.Key.PublicKey, now));
    }

    [Fact]
    public async Task A_node_that_lies_about_its_key_is_refused_and_closed()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var node = await Member.ConnectAsync(hub.Uri);
        using var other = HubKey.Create();

        await node.SendAsync(HubProofs.SignAdmit(node.Key, node.Hello, 1, isGuest: false, "") with { PublicKey = other.PublicKey.ToArray() });

        Assert.Equal(AdmitRefusal.BadSignature, (await node.ReceiveAsync<AdmitRefused>()).Reason);
        Assert.Equal((1008, "refused"), await node.ReceiveCloseAsync());
    }

    [Fact]
    public async Task A_key_that_is_no_point_of_the_curve_is_refused_like_any_other()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var node = await Member.ConnectAsync(hub.Uri);

        await node.SendAsync(new Admit(Enumerable.Repeat((byte)255, 64).ToArray(), 1, IsGuest: false, "", new byte[64]));

        Assert.Equal(AdmitRefusal.BadSignature, (await node.ReceiveAsync<AdmitRefused>()).Reason);
    }

    [Fact]
    public async Task Garbage_closes_with_1003_and_others_notice_nothing()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var good = await Member.ConnectAsync(hub.Uri);
        await using var bad = await Member.ConnectAsync(hub.Uri);
        await using var texter = await Member.ConnectAsync(hub.Uri);

        await bad.SendAsync(Encoding.UTF8.GetBytes("this is no message"), WebSocketMessageType.Binary);
        await texter.SendAsync(Encoding.UTF8.GetBytes("{}"), WebSocketMessageType.Text);

        Assert.Equal((1003, "protocol violation"), await bad.ReceiveCloseAsync());
        Assert.Equal((1003, "protocol violation"), await texter.ReceiveCloseAsync());
        Assert.Equal(AdmitMode.Found, (await good.AdmitAsync()).Mode);
    }

    [Fact]
    public async Task A_frame_of_10_megabytes_closes_with_1009_and_others_notice_nothing()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var good = await Member.ConnectAsync(hub.Uri);
        await using var bad = await Member.ConnectAsync(hub.Uri);

        var sending = bad.SendAsync(new byte[10_000_000], WebSocketMessageType.Binary);
        var close = await bad.ReceiveCloseAsync();
        var admitted = await good.AdmitAsync();
        try
        {
            await sending;
        }
        catch (WebSocketException)
        {
            // The hub need not read all of it.
        }

        Assert.Equal(1009, close.Code);
        Assert.Equal(AdmitMode.Found, admitted.Mode);
        await Eventually.IsTrueAsync(() => hub.Status.Sockets.Now == 1, "the offender's socket stays open");
    }

    [Fact]
    public async Task Another_subprotocol_is_refused_with_an_answer_that_says_which_one_is_meant()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, HttpUri(hub, "/"));
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        request.Headers.Add("Sec-WebSocket-Protocol", "graphql-ws");

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("graphql-ws", text, StringComparison.Ordinal);
        Assert.Contains("overlay.v1", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/any/path/at/all")]
    [InlineData("/status")]
    public async Task An_upgrade_is_taken_on_any_path(string path)
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);

        await using var node = await Member.ConnectAsync(new(hub.Uri, path));

        Assert.Equal(64, node.Hello.HubKey.Length);
    }

    [Fact]
    public async Task A_newer_session_of_the_same_node_closes_the_older_one()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var older = await Member.ConnectAsync(hub.Uri);
        await older.AdmitAsync();

        await using var newer = await Member.ConnectAsync(hub.Uri, older.Key);
        await newer.AdmitAsync();

        Assert.Equal((1000, "superseded by a newer session"), await older.ReceiveCloseAsync());
    }

    [Fact]
    public async Task However_many_members_attach_the_hub_holds_8_gateway_sockets_at_most()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        var members = new List<Member>();
        var leaving = new List<Task>();
        for (var i = 0; i < 24; i++)
        {
            members.Add(await Member.ConnectGatewayAsync(hub.Uri, key: null, i % 8));
            if (i >= 8)
            {
                leaving.Add(members[i - 8].LeaveWhenToldAsync()); // It has just lost its slot.
            }
        }

        await Task.WhenAll(leaving);

        await Eventually.IsTrueAsync(() => hub.Status.Sockets.Now == 8, "sockets without a slot stay open");

        Assert.Equal(8, hub.Status.Gateways);
        Assert.InRange(hub.Status.Sockets.Max, 8, 12);
        foreach (var member in members)
        {
            await member.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_aborted_and_nobody_else_is_affected()
    {
        var options = FreePort with { MaxQueuedBytes = HubOptions.MaxFrameBytes };
        await using var hub = await HubServer.StartAsync(options, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var deaf = await Member.ConnectAsync(hub.Uri);
        await deaf.AdmitAsync();
        await using var other = await Member.ConnectAsync(hub.Uri);
        await other.AdmitAsync();

        var hearing = gateway.ReceiveCloseAsync(); // The gateway does read: it hears that the deaf one is gone.

        // Socket buffers take some megabytes before the queue begins to fill.
        var flood = new Data(new byte[60_000], default);
        for (var i = 0; i < 2_000 && hub.Status.Sockets.TooSlow == 0; i++)
        {
            await gateway.SendToAsync(deaf.Id, flood);
        }

        await gateway.SendToAsync(other.Id, new Ping(3));

        await Eventually.IsTrueAsync(() => hub.Status.Sockets.TooSlow == 1, "the deaf client was not noticed");
        Assert.Equal(3UL, (await other.ReceiveAsync<Ping>()).Nonce);
        Assert.False(hearing.IsCompleted);
        await hub.StopAsync();
        Assert.Equal(1001, (await hearing).Code);
    }

    [Fact]
    public async Task A_hub_that_stops_says_so_to_everybody()
    {
        var hub = await HubServer.StartAsync(FreePort, default);
        await using var node = await Member.ConnectAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);

        var closes = Task.WhenAll(node.ReceiveCloseAsync(), page.ReceiveCloseAsync());
        await hub.StopAsync();

        Assert.All(await closes, close => Assert.Equal(1001, close.Code));
        Assert.Equal(2, hub.Status.Sockets.Max);
        await hub.DisposeAsync();
        await hub.DisposeAsync();
    }

    private static Uri HttpUri(HubServer hub, string path) => new UriBuilder(hub.Uri) { Scheme = "http", Path = path }.Uri;
}
