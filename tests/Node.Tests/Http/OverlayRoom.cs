using System.Net.WebSockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Overlay.Nodes.Http;
using Overlay.Nodes.Tests.Storage;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests.Http;

/// <summary>The two rooms that the tests of a class share: many nodes are slow to set up.</summary>
public sealed class OverlayRooms : IAsyncDisposable
{
    private readonly Dictionary<bool, OverlayRoom> _rooms = [];

    internal async Task<OverlayRoom> OfAsync(bool isFar)
    {
        if (!_rooms.TryGetValue(isFar, out var room))
        {
            _rooms[isFar] = room = await OverlayRoom.StartAsync(isFar);
        }

        return room;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var room in _rooms.Values)
        {
            await room.DisposeAsync();
        }
    }
}

/// <summary>A stock web application on a real node, and another real node that asks it: next door with a direct way, or three and more hops away without one.</summary>
internal sealed class OverlayRoom : IAsyncDisposable
{
    private readonly TestHub _hub;
    private readonly StoreFolder _folder = new();
    private readonly Signal _changed = new();
    private WebApplication? _application;

    private OverlayRoom(TestHub hub) => _hub = hub;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public Node Server { get; private set; } = null!;

    public Node Client { get; private set; } = null!;

    /// <summary>Links on the way from the client to the server.</summary>
    public int Hops { get; private set; }

    public static async Task<OverlayRoom> StartAsync(bool isFar)
    {
        var room = new OverlayRoom(await TestHub.StartAsync());
        if (isFar)
        {
            await room.StartFarAsync();
        }
        else
        {
            room.Server = await room._hub.StartNodeAsync("alice");
            room.Client = await room._hub.StartNodeAsync();
        }

        await room.ServeAsync();
        await room._hub.StopHubAsync(); // It was needed for the introductions, and for nothing that comes now.
        return room;
    }

    public HttpClient CreateClient(Version? version = null) => new(new OverlayHttpHandler(Client))
    {
        BaseAddress = new Uri($"http://{Server.Id}.overlay/"),
        DefaultRequestVersion = version ?? System.Net.HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TestHub.Patience,
    };

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.DisposeAsync();
        }

        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    // Only ring neighbours are linked, so the other side of a ring of eight is four links away.
    private async Task StartFarAsync()
    {
        var nodes = new List<Node>();
        for (var i = 0; i < 8; i++)
        {
            nodes.Add(await _hub.StartNodeAsync(channels: ChannelPolicy.OverlayOnly, change: options =>
            {
                options.Protocol = OverlayOptions.Default with { SuccessorListLength = 2, LinkedSuccessors = 1, MaxFingers = 0 };
                options.OnObserved = _ => _changed.Set();
            }));
        }

        nodes.Sort((a, b) => a.Id.Value.CompareTo(b.Id.Value));
        (Client, Server) = (nodes[0], nodes[4]);
        await _changed.UntilAsync(async () =>
        {
            try
            {
                Hops = (await Client.SendAsync(Server.Id, "how far?", Cancelled)).Hops;
            }
            catch (Runtime.OverlayException)
            {
                // The ring is still closing.
            }

            return Hops >= 3; // Links from the founding are given up by and by.
        });
    }

    private async Task ServeAsync()
    {
        await File.WriteAllTextAsync(_folder.File("page.html"), "<h1>hello</h1>", Cancelled);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseOverlay(Server);
        builder.Services.AddRoutingCore();
        builder.Services.AddSignalR();
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.UseWebSockets();
        _application.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(_folder.Path) });
        _application.MapGet("/who", (ClaimsPrincipal user) => user.FindFirstValue(OverlayClaims.Id));
        _application.MapPost("/chat", async context =>
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            using var questions = new StreamReader(context.Request.Body);
            while (await questions.ReadLineAsync(context.RequestAborted) is { } question)
            {
                await context.Response.WriteAsync($"answer to {question}\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        });
        _application.Map("/socket", async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer.AsMemory(), Cancelled) is { MessageType: not WebSocketMessageType.Close } result)
            {
                await socket.SendAsync(buffer.AsMemory(0, result.Count), result.MessageType, result.EndOfMessage, Cancelled);
            }
        });
        _application.MapHub<Chat>("/hub");
        GrpcByHand.Map(_application);
        await _application.StartAsync(Cancelled);
    }

    internal sealed class Chat : Microsoft.AspNetCore.SignalR.Hub
    {
        public Task Say(string text) => Clients.All.SendAsync("said", Context.User!.FindFirstValue(OverlayClaims.Id), text);

        public async IAsyncEnumerable<int> Count(int to)
        {
            for (var i = 1; i <= to; i++)
            {
                await Task.Yield();
                yield return i;
            }
        }
    }
}
