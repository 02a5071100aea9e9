using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Overlay.Runtime.Tests.Hubs;

/// <summary>A web server on a free loopback port that does to each request what the test says.</summary>
internal sealed class TinyServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TinyServer(WebApplication application, Uri uri) => (_application, Uri) = (application, uri);

    /// <summary>Where it listens, as a hub's address.</summary>
    public Uri Uri { get; }

    public static async Task<TinyServer> StartAsync(RequestDelegate serve)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(serve);
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new TinyServer(application, new UriBuilder(application.Urls.Single()) { Scheme = "ws" }.Uri);
    }

    /// <summary>A server that speaks the hub's subprotocol and gives the socket to <paramref name="talk"/>.</summary>
    public static Task<TinyServer> StartHubAsync(Func<WebSocket, Task> talk) => StartSocketAsync(WebSocketHubProtocol, talk);

    /// <summary>A server that speaks <paramref name="subprotocol"/>, or none.</summary>
    public static Task<TinyServer> StartSocketAsync(string? subprotocol, Func<WebSocket, Task> talk) => StartAsync(async context =>
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(subprotocol);
        await talk(socket);
    });

    /// <summary>A loopback port where nobody listens.</summary>
    public static Uri Nobody()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return new Uri($"ws://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}");
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        try
        {
            await _application.StopAsync(atOnce.Token);
        }
        catch (OperationCanceledException)
        {
            // Sockets that were still open are cut.
        }

        await _application.DisposeAsync();
    }

    private const string WebSocketHubProtocol = Runtime.Hubs.WebSocketHub.Subprotocol;
}
