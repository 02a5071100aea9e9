using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Overlay.Nodes.Tests;

/// <summary>A page that speaks Smoke's JSON to a hub, as a browser would.</summary>
internal sealed class SmokePage : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[256 * 1024];

    private SmokePage()
    {
    }

    public string Address { get; private set; } = "";

    public static async Task<SmokePage> ConnectAsync(Uri hub)
    {
        var page = new SmokePage();
        await page._socket.ConnectAsync(hub, TestContext.Current.CancellationToken);
        page.Address = (await page.ReceiveAsync()).GetProperty("address").GetString()!;
        return page;
    }

    public async Task SendAsync(string text)
    {
        using var limit = Limit();
        await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
    }

    public Task ForwardAsync(string to, string data) => SendAsync($$"""{"type":"forward","to":"{{to}}","data":{{data}}}""");

    public async Task<JsonElement> AskAsync(string text)
    {
        await SendAsync(text);
        return await ReceiveAsync();
    }

    public async Task<JsonElement> ReceiveAsync()
    {
        using var limit = Limit();
        var length = 0;
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
            length += part.Count;
        }
        while (!part.EndOfMessage);
        return JsonDocument.Parse(_buffer.AsMemory(0, length).ToArray()).RootElement;
    }

    public async Task CloseAsync()
    {
        using var limit = Limit();
        await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TestHub.Patience);
        return limit;
    }
}
