using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Admission;
using Overlay.Messages;
using Overlay.WebRtc;
using Overlay.WebRtc.Stun;

namespace Overlay.Hub.Tests;

public sealed class HubServerTests
{
    private static readonly HubOptions FreePort = new() { Port = 0 };

    [Fact]
    public async Task Health_and_status_answer_over_http()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);
        using var http = new HttpClient { BaseAddress = new UriBuilder(hub.Uri) { Scheme = "http" }.Uri };

        Assert.Equal("live\n", await http.GetStringAsync("/health/live"));
        Assert.Equal("ready\n", await http.GetStringAsync("/health/ready"));
        var status = JsonDocument.Parse(await http.GetStringAsync("/status")).RootElement;

        Assert.Equal(hub.Status.Network, status.GetProperty("network").GetString());
        Assert.Equal(16, hub.Status.Network.Length);
        Assert.False(status.GetProperty("founded").GetBoolean());
        Assert.Equal(1, status.GetProperty("sockets").GetProperty("now").GetInt32());
        Assert.Equal(1, status.GetProperty("sockets").GetProperty("max").GetInt32());
        Assert.True(status.GetProperty("uptimeSeconds").GetDouble() >= 0);
        foreach (var name in new[] { "members", "gateways", "joiners", "signals", "pages", "halfOpen", "messages" })
        {
            Assert.Equal(JsonValueKind.Number, status.GetProperty(name).ValueKind);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/nowhere", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_hub_that_comes_back_with_its_data_is_the_same_network_and_its_members_attach_again()
    {
        using var data = new TemporaryDirectory();
        var options = FreePort with { DataDirectory = data.Path };
        string network;
        HubKey key;
        Identity.NodeCertificate certificate;
        await using (var hub = await HubServer.StartAsync(options, default))
        {
            await using var founder = await Member.ConnectGatewayAsync(hub.Uri);
            (network, key, certificate) = (hub.Status.Network, founder.Key, founder.Certificate);
        }

        await using var again = await HubServer.StartAsync(options, default);
        await using var newcomer = await Member.ConnectAsync(again.Uri);
        var early = await newcomer.AdmitAsync();
        await using var member = await Member.ConnectAsync(again.Uri, key);
        member.Certificate = certificate;
        var attached = await member.AttachAsync();
        var late = await newcomer.AdmitAsync();

        Assert.Equal(network, again.Status.Network);
        Assert.True(newcomer.Hello.Founded);
        Assert.Equal(AdmitMode.Retry, early.Mode);
        Assert.Equal(8, attached.Slots.Count);
        Assert.Equal((AdmitMode.Introduce, certificate.Id), (late.Mode, late.Gateway!.Value.Id));
    }

    [Fact]
    public async Task A_hub_with_other_data_is_another_network_and_refuses_the_old_members()
    {
        using var data = new TemporaryDirectory();
        using var otherData = new TemporaryDirectory();
        await using var first = await HubServer.StartAsync(FreePort with { DataDirectory = data.Path }, default);
        await using var old = await Member.ConnectGatewayAsync(first.Uri);

        await using var second = await HubServer.StartAsync(FreePort with { DataDirectory = otherData.Path }, default);
        await using var member = await Member.ConnectAsync(second.Uri, old.Key);
        await member.SendAsync(HubProofs.SignAttach(old.Key, member.Hello, old.Certificate, 1, [0]));

        Assert.NotEqual(first.Status.Network, second.Status.Network);
        Assert.NotEqual(old.Hello.HubKey.ToArray(), member.Hello.HubKey.ToArray());
        Assert.Equal(AdmitRefusal.WrongNetwork, (await member.ReceiveAsync<AdmitRefused>()).Reason);
    }

    [Fact]
    public async Task A_port_in_use_is_said_with_the_cure()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);

        var failure = await Assert.ThrowsAsync<HubException>(() => HubServer.StartAsync(FreePort with { Port = hub.EndPoint.Port }, default));

        Assert.Equal(HubError.AddressInUse, failure.Reason);
        Assert.Contains($"127.0.0.1:{hub.EndPoint.Port}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("choose another port", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_is_free_again_after_the_stop()
    {
        var hub = await HubServer.StartAsync(FreePort, default);
        var port = hub.EndPoint.Port;
        await hub.StopAsync();

        await using var again = await HubServer.StartAsync(FreePort with { Port = port }, default);

        Assert.Equal(port, again.EndPoint.Port);
        await hub.DisposeAsync();
    }

    [Fact]
    public async Task An_address_that_is_not_this_machines_is_said()
    {
        var options = FreePort with { Listen = IPAddress.Parse("192.0.2.1"), Open = true };

        var failure = await Assert.ThrowsAsync<HubException>(() => HubServer.StartAsync(options, default));

        Assert.Equal(HubError.AddressNotAvailable, failure.Reason);
    }

    [Fact]
    public async Task A_hub_that_strangers_can_reach_must_say_whom_it_admits()
    {
        var options = FreePort with { Listen = IPAddress.Any };

        var failure = await Assert.ThrowsAsync<HubException>(() => HubServer.StartAsync(options, default));

        Assert.Equal(HubError.InvalidOptions, failure.Reason);
        Assert.Contains("--open", failure.Message, StringComparison.Ordinal);
        Assert.Throws<HubException>(() => new ServiceCollection().AddOverlayHub(FreePort));
        await using var open = await HubServer.StartAsync(options with { Open = true }, default);
        Assert.Equal("127.0.0.1", open.Uri.Host);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Assert.Contains("Port", Message(new() { Port = 70_000 }), StringComparison.Ordinal);
        Assert.Contains("HubNumber", Message(new() { HubNumber = -1 }), StringComparison.Ordinal);
        Assert.Contains("Tokens", Message(new() { Open = true, Tokens = ["x"] }), StringComparison.Ordinal);
        Assert.Contains("TurnSecret", Message(new() { Ice = new() { TurnUrls = ["turn:a"] } }), StringComparison.Ordinal);
        Assert.Contains("KeepAlivePeriod", Message(new() { KeepAlivePeriod = TimeSpan.Zero }), StringComparison.Ordinal);

        static string Message(HubOptions options)
        {
            var failure = Assert.Throws<HubException>(options.Validate);
            Assert.Equal(HubError.InvalidOptions, failure.Reason);
            return failure.Message;
        }
    }

    [Fact]
    public async Task The_stun_responder_tells_the_asker_its_address()
    {
        await using var hub = await HubServer.StartAsync(FreePort with { StunPort = 0 }, default);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));

        await socket.SendToAsync(new byte[] { 1, 2, 3 }, hub.StunEndPoint!, limit.Token); // Noise is not answered.
        await socket.SendToAsync(BindingRequest(), hub.StunEndPoint!, limit.Token);
        var answer = new byte[200];
        var received = await socket.ReceiveFromAsync(answer, hub.StunEndPoint!, limit.Token);

        Assert.True(StunMessage.TryRead(answer.AsSpan(0, received.ReceivedBytes), out var message));
        Assert.Equal(StunClass.Success, message.Class);
        Assert.Equal(((IPEndPoint)socket.LocalEndPoint!).ToString(), MappedOf(message));
    }

    [Fact]
    public async Task Any_application_becomes_a_hub_and_keeps_its_own_endpoints()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddOverlayHub(new HubOptions { Open = true });
        await using var application = builder.Build();
        application.Urls.Add("http://127.0.0.1:0");
        application.MapGet("/hello", () => "hello");
        application.MapOverlayHub();
        application.MapOverlayHubStatus("/hub");
        await application.StartAsync();
        var address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        using var http = new HttpClient { BaseAddress = address };

        await using var node = await Member.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/hello" }.Uri);
        var admitted = await node.AdmitAsync();

        Assert.Equal(AdmitMode.Found, admitted.Mode);
        Assert.Equal("hello", await http.GetStringAsync("/hello"));
        Assert.Contains("\"network\"", await http.GetStringAsync("/hub/status"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/", UriKind.Relative))).StatusCode);
        await application.StopAsync();
    }

    private static byte[] BindingRequest()
    {
        var request = new byte[20];
        request[1] = 1;
        new byte[] { 0x21, 0x12, 0xa4, 0x42 }.CopyTo(request, 4);
        request[19] = 9;
        return request;
    }

    private static string MappedOf(StunMessage message) => message.XorMappedAddress.ToString()!;
}
