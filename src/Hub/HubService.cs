using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Overlay.Hub;

/// <summary>The hub of one application: opens its data at the start, so a damaged key stops the start and not the first newcomer, and ends with it.</summary>
internal sealed class HubService : IHostedLifecycleService, IAsyncDisposable
{
    private readonly HubOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<HubLoop> _log;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly Meter _meter;
    private HubKeyStore? _store;
    private HubLoop? _loop;
    private HubEndpoint? _endpoint;
    private StunResponder? _stun;

    public HubService(
        HubOptions options, IHostApplicationLifetime lifetime, ILogger<HubLoop> log, IMeterFactory meters, TimeProvider? time = null)
    {
        _options = options;
        _lifetime = lifetime;
        _log = log;
        _time = time ?? TimeProvider.System;
        _meter = meters.Create("Overlay.Hub");
        _meter.CreateObservableUpDownCounter("hub.sessions", () => Read(status => status.Sockets.Now), "{session}", "Open WebSockets");
        _meter.CreateObservableGauge("hub.sessions.max", () => Read(status => status.Sockets.Max), "{session}", "The most WebSockets that were open at once");
        _meter.CreateObservableUpDownCounter("hub.gateways", () => Read(status => status.Gateways), "{member}", "Members that hold gateway slots");
        _meter.CreateObservableCounter("hub.signals", () => Read(status => status.Signals), "{message}", "Signals passed between nodes");
    }

    /// <summary>The STUN responder's address, where there is one.</summary>
    public System.Net.IPEndPoint? StunEndPoint => _stun?.EndPoint;

    /// <summary>The hub in numbers; null before the start and after the end.</summary>
    public HubStatus? Status => _loop?.ReadStatus();

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _options.Validate();
        _store = HubKeyStore.Open(_options.DataDirectory, hasKey: _options.Delegate is null);
        if (_options.StunPort is { } port)
        {
            _stun = StunResponder.Start(_options.Listen, port);
        }

        try
        {
            _loop = new(_options, _store, _time, _log);
        }
        catch (ArgumentException e) when (_options.Delegate is not null)
        {
            throw new HubException(HubError.InvalidOptions, $"Delegate: {e.Message} Ask the network's hub for another.", e);
        }

        _endpoint = new(_loop, _options);

        // The server's own stop waits for its connections, so they must hear of it before.
        _lifetime.ApplicationStopping.Register(() => _loop?.BeginStop());
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _loop?.BeginStop();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _loop, null) is { } loop)
        {
            await loop.DisposeAsync();
        }

        if (Interlocked.Exchange(ref _stun, null) is { } stun)
        {
            await stun.DisposeAsync();
        }

        Interlocked.Exchange(ref _store, null)?.Dispose();
        _meter.Dispose();
    }

    /// <summary>See <see cref="HubLoop.Redelegate"/>; nothing after the end.</summary>
    public void Redelegate(Identity.Delegation delegation, IReadOnlyList<string> seeds, IReadOnlyList<Identity.HubPlace> hubs) => _loop?.Redelegate(delegation, seeds, hubs);

    /// <summary>See <see cref="HubLoop.Announce"/>.</summary>
    public void Announce(string address) => _loop?.Announce(address);

    public Task HandleAsync(HttpContext context)
    {
        if (_endpoint is { } endpoint && _loop is not null)
        {
            return endpoint.HandleAsync(context);
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    }

    /// <summary>Whether the hub takes newcomers: its loop turns.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken) =>
        _loop is { } loop && await loop.AnswersAsync(TimeSpan.FromSeconds(1), cancellationToken);

    private int Read(Func<HubStatus, int> select) => Status is { } status ? select(status) : 0;

    private long Read(Func<HubStatus, long> select) => Status is { } status ? select(status) : 0;
}
