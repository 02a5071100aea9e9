using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Hub.Tests;

/// <summary>A raw WebSocket towards a hub; every wait ends after half a minute at the latest, so a test never hangs.</summary>
internal class Client(ClientWebSocket socket) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly byte[] _buffer = new byte[512 * 1024];

    public ClientWebSocket Socket => socket;

    public static async Task<ClientWebSocket> OpenAsync(Uri uri, params string[] subprotocols)
    {
        var socket = new ClientWebSocket();
        foreach (var subprotocol in subprotocols)
        {
            socket.Options.AddSubProtocol(subprotocol);
        }

        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            await socket.ConnectAsync(uri, limit.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The next message, or null where the hub closed.</summary>
    public async Task<byte[]?> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            length += part.Count;
            if (part.EndOfMessage)
            {
                return _buffer.AsSpan(0, length).ToArray();
            }
        }
    }

    public async Task<(int Code, string? Reason)> ReceiveCloseAsync()
    {
        while (await ReceiveAsync() is not null)
        {
        }

        return ((int)socket.CloseStatus!.Value, socket.CloseStatusDescription);
    }

    public async Task SendAsync(byte[] bytes, WebSocketMessageType type)
    {
        using var limit = new CancellationTokenSource(Patience);
        await socket.SendAsync(bytes, type, endOfMessage: true, limit.Token);
    }

    public async Task CloseAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A page that speaks Smoke's JSON.</summary>
internal sealed class Page(ClientWebSocket socket) : Client(socket)
{
    public string Address { get; private set; } = "";

    public JsonElement Binding { get; private set; }

    public static async Task<Page> ConnectAsync(Uri uri)
    {
        var page = new Page(await OpenAsync(uri));
        page.Binding = await page.ReceiveJsonAsync();
        page.Address = page.Binding.GetProperty("address").GetString()!;
        return page;
    }

    public async Task<JsonElement> ReceiveJsonAsync() => JsonDocument.Parse((await ReceiveAsync())!).RootElement;

    public Task SendTextAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public async Task<JsonElement> AskAsync(string text)
    {
        await SendTextAsync(text);
        return await ReceiveJsonAsync();
    }
}

/// <summary>A node that speaks the binary protocol, with a real key.</summary>
internal sealed class Member(ClientWebSocket socket, HubKey key) : Client(socket)
{
    public HubHello Hello { get; private set; } = null!;

    public NodeCertificate Certificate { get; set; } = null!;

    public HubKey Key => key;

    public RingId Id => Certificate.Id;

    public static async Task<Member> ConnectAsync(Uri uri, HubKey? key = null)
    {
        var member = new Member(await OpenAsync(uri, "overlay.v1"), key ?? HubKey.Create());
        member.Hello = await member.ReceiveAsync<HubHello>();
        return member;
    }

    public static async Task<Member> ConnectGatewayAsync(Uri uri, HubKey? key = null, params int[] slots)
    {
        var member = await ConnectAsync(uri, key);
        await member.AdmitAsync();
        await member.AttachAsync(slots);
        return member;
    }

    public async Task<Admitted> AdmitAsync(string token = "")
    {
        await SendAsync(HubProofs.SignAdmit(key, Hello, 1, isGuest: false, token));
        var admitted = await ReceiveAsync<Admitted>();
        Certificate = admitted.Certificate;
        return admitted;
    }

    public async Task<Attached> AttachAsync(params int[] slots)
    {
        await SendAsync(HubProofs.SignAttach(key, Hello, Certificate, 1, slots.Length == 0 ? [0, 1, 2, 3, 4, 5, 6, 7] : slots));
        return await ReceiveAsync<Attached>();
    }

    public Task SendAsync(Payload payload) => SendAsync(new Message { Kind = payload.Kind, HopsLeft = 1, Body = Body(payload) });

    public Task SendToAsync(RingId destination, Payload payload) => SendAsync(
        new Message { Kind = payload.Kind, HopsLeft = Message.HopBudget, Source = Id, Destination = destination, MessageId = 7, Body = Body(payload) });

    public Task SendAsync(Message message) => SendAsync(MessageCodec.Encode(message), WebSocketMessageType.Binary);

    /// <summary>Reads until the slots are lost, and closes: it does not want to speak with who has them now.</summary>
    public async Task LeaveWhenToldAsync()
    {
        await ReceiveAsync<OtherGateway>();
        Assert.Empty((await ReceiveAsync<Attached>()).Slots);
        await CloseAsync();
    }

    /// <summary>The next message; where hubs can be dialled is told at any time, and passed over unless that is what is waited for.</summary>
    public async Task<T> ReceiveAsync<T>()
        where T : Payload
    {
        var payload = (await ReceiveMessageAsync()).Payload;
        while (payload is KnownHubs and not T)
        {
            payload = (await ReceiveMessageAsync()).Payload;
        }

        return Assert.IsType<T>(payload);
    }

    public async Task<(Message Message, Payload Payload)> ReceiveMessageAsync()
    {
        var bytes = await ReceiveAsync();
        Assert.NotNull(bytes);
        Assert.True(MessageCodec.TryRead(bytes, null, out var message));
        Assert.True(MessageCodec.TryOpen(message, out var body, out _));
        return (message, body.Payload);
    }

    private static SignedBody Body(Payload payload) => new() { Instance = 1, ExpiresAt = long.MaxValue, Payload = payload };
}
