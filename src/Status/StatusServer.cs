using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Overlay.Status;

/// <summary>A status page on an address and port of its own, in this process.</summary>
public sealed class StatusServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private StatusServer(WebApplication application, StatusAddress address)
    {
        _application = application;
        var listening = new Uri(application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        var isAny = IPAddress.Any.Equals(address.Address) || IPAddress.IPv6Any.Equals(address.Address);
        var host = address.Address is null || isAny ? "localhost" : new IPEndPoint(address.Address, 0).ToString()[..^2];
        Uri = new($"http://{host}:{listening.Port}/");
    }

    /// <summary>Where a browser of this machine finds the page.</summary>
    public Uri Uri { get; }

    /// <summary>Serves the page and returns when it listens.</summary>
    /// <param name="address">Where. On loopback only requests that name this machine are answered, so no page of the web can have a browser ask in its name (DNS rebinding).</param>
    /// <param name="source">The network.</param>
    /// <param name="options">Limits; null: the defaults.</param>
    /// <param name="more">Maps what else is to be found there.</param>
    /// <param name="services">Adds what that needs.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="StatusException">It cannot listen there; the message names the cure.</exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public static async Task<StatusServer> StartAsync(
        StatusAddress address,
        IStatusSource source,
        StatusOptions? options = null,
        Action<IEndpointRouteBuilder>? more = null,
        Action<IServiceCollection>? services = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(source);
        var application = Build(address, services);
        try
        {
            application.MapOverlayStatus(source, "", options);
            more?.Invoke(application);
            await application.StartAsync(cancellationToken);
            return new(application, address);
        }
        catch (Exception e) when (e is IOException or SocketException or AddressInUseException)
        {
            await application.DisposeAsync();
            throw Explain(e, address);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the feeds of all viewers and frees the port.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private static WebApplication Build(StatusAddress address, Action<IServiceCollection>? services)
    {
        // The empty builder reads no appsettings, no environment and no command line: where the page is served is said here alone.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Overlay.Status" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            Listen(kestrel, address);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(3));
        services?.Invoke(builder.Services);
        var application = builder.Build();
        if (address.IsLoopback)
        {
            application.Use(OnlyThisMachineAsync);
        }

        application.UseRouting();
        return application;
    }

    private static void Listen(KestrelServerOptions kestrel, StatusAddress address)
    {
        if (address.Address is { } one)
        {
            kestrel.Listen(one, address.Port);
        }
        else if (address.Port == 0)
        {
            kestrel.Listen(IPAddress.Loopback, 0); // Two families would get two ports.
        }
        else
        {
            kestrel.ListenLocalhost(address.Port);
        }
    }

    /// <summary>A name of the web that leads to 127.0.0.1 makes a browser let that name's page read what is here: such a request still says the name it was made for.</summary>
    private static Task OnlyThisMachineAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host.Host;
        if (host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("This status page is for this machine: open it as localhost. To serve others, give the address to listen on.\n", context.RequestAborted);
    }

    private static StatusException Explain(Exception failure, StatusAddress address)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                return new(StatusError.AddressInUse, $"--status: {address} is in use: another program listens there. Stop it, or choose another port (:0 takes a free one).", failure);
            }
        }

        return new(StatusError.AddressNotAvailable, $"--status: {address} cannot be listened on: {failure.Message} {StatusAddress.Form}", failure);
    }
}
