using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Overlay.Hub;
using Overlay.Interop.Tests.Peers;
using Overlay.Nodes;

namespace Overlay.Interop.Tests.Smoke;

/// <summary>A hub of ours and nodes of ours, where a browser can reach them; for a class of tests.</summary>
public sealed class SmokePlace : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Browser _browser = new();
    private readonly List<Node> _nodes = [];
    private readonly SemaphoreSlim _starting = new(1, 1);
    private WebApplication? _hub;
    private SmokePage? _client;
    private SmokePage? _server;
    private Node? _servingNode;

    internal Uri HubUri => new(PageUri.ToString().Replace("http://", "ws://", StringComparison.Ordinal) + "hub");

    private Uri PageUri => new(_hub!.Urls.First() + "/");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        await _browser.DisposeAsync();
        if (_hub is not null)
        {
            await _hub.DisposeAsync();
        }

        _starting.Dispose();
    }

    /// <summary>A new page.</summary>
    internal async Task<SmokePage> OpenPageAsync()
    {
        await StartAsync();
        return await SmokePage.OpenAsync(await _browser.OpenBlankAsync(), PageUri, HubUri);
    }

    /// <summary>A new node, at the address that the browser reaches.</summary>
    internal async Task<Node> StartNodeAsync(Action<NodeOptions>? configure = null)
    {
        await StartAsync();
        var options = new NodeOptions { Hubs = { HubUri }, Listen = _browser.Room!.HostAddress.ToString(), StartTimeout = Patience };
        configure?.Invoke(options);
        var node = await Node.StartAsync(options, TestContext.Current.CancellationToken);
        _nodes.Add(node);
        await MeetAsync(node);
        return node;
    }

    /// <summary>A page that asks; the same for all tests of the class.</summary>
    internal async Task<SmokePage> ClientPageAsync() => _client ??= await OpenPageAsync();

    /// <summary>As when somebody reloads the page that asks: with connections and an address of its own.</summary>
    internal async Task<SmokePage> ReloadedClientPageAsync()
    {
        if (_client is { } before)
        {
            _client = null;
            await before.DisposeAsync();
        }

        return await ClientPageAsync();
    }

    /// <summary>A page that answers; the same for all tests of the class.</summary>
    internal async Task<SmokePage> ServingPageAsync()
    {
        if (_server is null)
        {
            _server = await OpenPageAsync();
            await _server.ServeAsync();
        }

        return _server;
    }

    /// <summary>A node that answers; the same for all tests of the class.</summary>
    internal async Task<Node> ServingNodeAsync()
    {
        if (_servingNode is null)
        {
            _servingNode = await StartNodeAsync();
            SmokeServer.Serve(_servingNode);
        }

        return _servingNode;
    }

    private async Task StartAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_hub is null)
            {
                await (await _browser.OpenBlankAsync()).CloseAsync(); // Starts the browser, which decides about the room.
                _hub = await StartHubAsync(_browser.Room!.HostAddress);
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>The hub has a gateway from here on. Before, a page's offer ends at the hub, and an original never offers twice.</summary>
    private async Task MeetAsync(Node node)
    {
        using var page = new ClientWebSocket();
        await page.ConnectAsync(HubUri, TestContext.Current.CancellationToken);
        var binding = new byte[4096];
        var length = (await page.ReceiveAsync(binding, TestContext.Current.CancellationToken)).Count;
        var address = JsonDocument.Parse(binding.AsMemory(0, length)).RootElement.GetProperty("address").GetString()!;
        await node.GuestSignals.SendAsync(await node.ResolveAsync(address), "0"u8.ToArray(), TestContext.Current.CancellationToken);
    }

    private static async Task<WebApplication> StartHubAsync(IPAddress address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(address, 0));
        builder.Services.AddOverlayHub(new HubOptions { Open = true });
        var app = builder.Build();
        app.MapOverlayHub("/hub");
        app.MapGet("/", () => Results.Content("<!doctype html><title>smoke</title>", "text/html"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
