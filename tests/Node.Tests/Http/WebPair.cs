using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Overlay.Nodes.Http;

namespace Overlay.Nodes.Tests.Http;

/// <summary>A web application on one node, and a client on another; the channels between them run through memory.</summary>
internal sealed class WebPair : IAsyncDisposable
{
    private readonly List<IDisposable> _clients = [];

    /// <summary>A pair on the system's clock, as Kestrel and HttpClient are, or on one that stands still.</summary>
    public WebPair(bool standsStill = false)
    {
        Network = new() { Clock = standsStill ? null : TimeProvider.System, Options = new() { PageDelay = TimeSpan.Zero } };
        (Server, Client) = (Network.Add(), Network.Add());
        Network.Names["alice"] = Server.Address;
        Builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Builder.WebHost.UseKestrelCore();
        Builder.Services.AddRoutingCore();
        Builder.Logging.ClearProviders();
    }

    public MemoryNetwork Network { get; }

    public MemoryNode Server { get; }

    public MemoryNode Client { get; }

    public WebApplicationBuilder Builder { get; }

    public WebApplication? Application { get; private set; }

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts the application on port 80 of the server's node.</summary>
    public async Task StartAsync(Action<WebApplication> map, Action<ListenOptions>? listen = null)
    {
        Builder.WebHost.UseOverlay(HttpNode(Server, "alice"), OverlayEndPoint.DefaultPort, listen);
        Application = Builder.Build();
        map(Application);
        await Application.StartAsync(Cancelled);
    }

    public HttpClient CreateClient(OverlayHttpOptions? options = null, Version? version = null)
    {
        var client = new HttpClient(CreateHandler(options))
        {
            BaseAddress = new Uri("http://alice.overlay/"),
            DefaultRequestVersion = version ?? System.Net.HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TestHub.Patience,
        };
        _clients.Add(client);
        return client;
    }

    public OverlayHttpHandler CreateHandler(OverlayHttpOptions? options = null) => new(HttpNode(Client, "bob"), options);

    public static HttpNode HttpNode(MemoryNode node, string host) => new(node.Sockets, host);

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        if (Application is not null)
        {
            await Application.DisposeAsync();
        }

        await Network.DisposeAsync();
    }
}
