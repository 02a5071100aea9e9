using System.Buffers;
using System.Text;
using Overlay.Nodes.Rest;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests;

/// <summary>Sockets, streams and REST between whole nodes: a hub, real links, channels over the overlay and directly.</summary>
public sealed class OverOverlayTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ChannelPolicy.Auto)]
    [InlineData(ChannelPolicy.OverlayOnly)]
    public async Task A_socket_echoes_a_million_bytes_by_name(ChannelPolicy policy)
    {
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = await StartPairAsync(hub, policy);
        await using var server = alice.Sockets.Listen(7000);
        var serving = server.ServeAsync(async (socket, ct) =>
        {
            await foreach (var message in socket.ReadAllAsync(ct))
            {
                await socket.SendAsync(message, ct);
            }
        }, Cancelled);

        await using var client = await bob.Sockets.ConnectAsync("alice", 7000, Cancelled);
        var sent = new byte[1_000_000];
        new Random(7).NextBytes(sent);
        await client.SendAsync(sent, Cancelled);
        var echoed = await client.ReceiveAsync(Cancelled);

        Assert.True(echoed!.Value.Span.SequenceEqual(sent));
        Assert.Equal((alice.Id, PeerProof.Key), (client.Remote.Id, client.Remote.Proof));
        await server.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task Rest_answers_by_name_and_goes_on_when_the_hub_is_gone()
    {
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = await StartPairAsync(hub, ChannelPolicy.Auto);
        await hub.StopHubAsync();
        await using var server = alice.Rest.CreateServer();
        server.MapGet("/json/:id", context => RestResult.Json(new Dictionary<string, string> { ["id"] = context.Request.Params["id"], ["from"] = context.Request.Remote.Text }));
        server.MapPost("/echo", context => RestResult.Stream(context.Request.Body.AsStream()));
        server.Listen();

        await using (var answer = await bob.Rest.FetchAsync("rest://alice/json/42", null, Cancelled))
        {
            var json = await answer.ReadJsonAsync<Dictionary<string, string>>(null, Cancelled);
            Assert.Equal((200, "42", bob.Id.ToString()), (answer.Status, json!["id"], json["from"]));
        }

        var text = string.Concat(Enumerable.Repeat("0123456789", 30_000));
        await using var echo = await bob.Rest.FetchAsync("rest://alice/echo", new FetchOptions { Method = "post", Body = RestContent.Text(text) }, Cancelled);
        Assert.Equal(text, Encoding.UTF8.GetString(await echo.ReadBytesAsync(Cancelled)));
    }

    [Fact]
    public async Task With_the_hub_gone_names_are_registered_and_found_and_sockets_pipes_and_queries_open()
    {
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = await StartPairAsync(hub, ChannelPolicy.Auto);
        await hub.StopHubAsync();

        await alice.Hub.RegisterAsync("anna", Cancelled);
        await using var sockets = alice.Sockets.Listen(7000);
        var accepting = sockets.AcceptAsync(Cancelled);
        await using var socket = await bob.Sockets.ConnectAsync("anna", 7000, Cancelled);
        await using var accepted = await accepting;
        await socket.SendAsync("ping"u8.ToArray(), Cancelled);
        Assert.Equal("ping", Encoding.UTF8.GetString((await accepted.ReceiveAsync(Cancelled))!.Value.Span));

        await using var pipes = bob.Sockets.ListenPipes("pipe");
        var taking = pipes.AcceptAsync(Cancelled);
        await using var pipe = await alice.Sockets.ConnectPipeAsync("bob", "pipe", cancellationToken: Cancelled);
        await using var taken = await taking;
        await pipe.Output.WriteAsync("pong"u8.ToArray(), Cancelled);
        Assert.Equal("pong", Encoding.UTF8.GetString((await taken.Input.ReadAtLeastAsync(4, Cancelled)).Buffer.ToArray()));

        await using var server = alice.Rest.CreateServer();
        server.MapGet("/rows", _ => RestResult.Query(Enumerable.Range(0, 5).ToAsyncEnumerable()));
        server.Listen();
        await using var answer = await bob.Rest.FetchAsync("rest://anna/rows", null, Cancelled);
        Assert.Equal([0, 1, 2, 3, 4], await answer.ReadQueryAsync<int>(null, Cancelled).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task A_port_nobody_listens_on_is_refused_and_a_name_nobody_has_is_unknown()
    {
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = await StartPairAsync(hub, ChannelPolicy.Auto);

        var refused = await Assert.ThrowsAsync<OverlayException>(async () => await bob.Sockets.ConnectAsync(alice.Id.ToString(), 9, Cancelled));
        var unknown = await Assert.ThrowsAsync<OverlayException>(async () => await bob.Sockets.ConnectAsync("nobody", 9, Cancelled));

        Assert.Equal(OverlayError.ConnectionRefused, refused.Reason);
        Assert.Contains("nobody", unknown.Message, StringComparison.Ordinal);
    }

    private static async Task<(Node Alice, Node Bob)> StartPairAsync(TestHub hub, ChannelPolicy policy)
    {
        var alice = await hub.StartNodeAsync("alice", channels: policy);
        await hub.StartNodeAsync("carol", channels: policy);
        var bob = await hub.StartNodeAsync("bob", channels: policy);
        return (alice, bob);
    }
}
