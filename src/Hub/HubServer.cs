using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Overlay.Hub;

/// <summary>A hub on an address and port of its own, in this process.</summary>
/// <example>
/// <code>
/// await using var hub = await HubServer.StartAsync(new HubOptions { Port = 0 }, ct);
/// Console.WriteLine(hub.Uri);
/// </code>
/// </example>
public sealed class HubServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HubService _service;
    private HubStatus _last;

    private HubServer(WebApplication application, HubOptions options)
    {
        _application = application;
        _service = application.Services.GetRequiredService<HubService>();
        _last = _service.Status!;
        var address = application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        EndPoint = new(options.Listen, new Uri(address).Port);
        Uri = UriOf("ws", EndPoint);
        StunEndPoint = _service.StunEndPoint;
        var isOneAddress = !options.Listen.Equals(IPAddress.Any) && !options.Listen.Equals(IPAddress.IPv6Any);
        if (options.ToAdmission().Address.Length == 0 && options.Delegate is null && isOneAddress)
        {
            _service.Announce(Uri.ToString());
        }
    }

    /// <summary>Where nodes and pages of this machine connect: <c>ws://127.0.0.1:5000/</c>.</summary>
    public Uri Uri { get; }

    /// <summary>The address and port that are listened on.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Where the STUN responder listens, if there is one.</summary>
    public IPEndPoint? StunEndPoint { get; }

    /// <summary>The hub in numbers; after the stop, its last ones.</summary>
    public HubStatus Status => _last = _service.Status ?? _last;

    /// <summary>Completes when the hub has stopped, for whatever reason.</summary>
    public Task Stopped => _application.WaitForShutdownAsync();

    /// <summary>Starts a hub and returns when it listens.</summary>
    /// <param name="options">Address, port, data, admission.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <param name="configureLogging">Where its log goes; null: nowhere.</param>
    /// <exception cref="HubException">It cannot listen there, its data is damaged or in use, or an option is wrong; the message names the cure.</exception>
    public static async Task<HubServer> StartAsync(
        HubOptions options, CancellationToken cancellationToken, Action<ILoggingBuilder>? configureLogging = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!options.AdmitsNewcomers && options.Admission is null)
        {
            throw new HubException(
                HubError.InvalidOptions,
                $"A hub on {options.Listen} can be reached by strangers: admit anybody (Open, on the command line --open), or give join tokens.");
        }

        var application = Build(options, configureLogging);
        try
        {
            await application.StartAsync(cancellationToken);
            return new(application, options);
        }
        catch (Exception e) when (e is IOException or SocketException or AddressInUseException)
        {
            await application.DisposeAsync();
            throw ListenFailure.Explain(e, "tcp", options.Listen, options.Port);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }
    }

    /// <summary>The member that introduces here (<see cref="HubOptions.Delegate"/>) was granted a newer delegation, or heard of other places where one is admitted.</summary>
    /// <param name="delegation">What the hub granted last.</param>
    /// <param name="seeds">Where else one is admitted.</param>
    /// <param name="hubs">Where hubs can be dialled.</param>
    /// <exception cref="InvalidOperationException">This is a hub of its own, or the delegation is for another key.</exception>
    public void Redelegate(Identity.Delegation delegation, IReadOnlyList<string> seeds, IReadOnlyList<Identity.HubPlace> hubs) => _service.Redelegate(delegation, seeds, hubs);

    /// <summary>Says good-bye to all clients and frees the port. May be called more than once.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        _ = Status;
        await _application.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _application.DisposeAsync();
    }

    private static WebApplication Build(HubOptions options, Action<ILoggingBuilder>? configureLogging)
    {
        // The empty builder reads no appsettings, no environment and no command line: what a hub does is in its options alone.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Overlay.Hub" });
        configureLogging?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Listen, options.Port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.CloseTimeout + TimeSpan.FromSeconds(3));
        builder.Services.AddHub(options);
        var application = builder.Build();
        application.UseRouting();
        application.MapOverlayHub();
        application.MapOverlayHubStatus();
        application.MapGet("/", () => Results.Text("This is an Overlay hub. Nodes connect by WebSocket; /status says how it is.\n"));
        return application;
    }

    private static Uri UriOf(string scheme, IPEndPoint listening)
    {
        var isAny = listening.Address.Equals(IPAddress.Any) || listening.Address.Equals(IPAddress.IPv6Any);
        var loopback = listening.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        return new($"{scheme}://{new IPEndPoint(isAny ? loopback : listening.Address, listening.Port)}/");
    }
}
