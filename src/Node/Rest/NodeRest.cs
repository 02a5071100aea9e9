using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Nodes.Network;
using Overlay.Nodes.Sockets;

namespace Overlay.Nodes.Rest;

/// <summary>REST between nodes: servers on ports of this one, and fetches from others and from itself.</summary>
/// <example>
/// <code>
/// await using var server = node.Rest.CreateServer();
/// server.MapGet("/users/{id}", c => RestResult.Json(new { id = c.Request.Params["id"] }));
/// server.Listen();
/// var user = await (await node.Rest.FetchAsync("rest://localhost/users/7")).ReadTextAsync();
/// </code>
/// </example>
public sealed class NodeRest : IAsyncDisposable
{
    private readonly NodeSockets _sockets;
    private readonly TimeProvider _time;
    private readonly RestTelemetry _telemetry;
    private readonly RestClient _client;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly List<RestServer> _servers = [];
    private bool _isDisposed;

    internal NodeRest(NodeNetwork network, NodeSockets sockets, ILoggerFactory? loggers = null)
    {
        (_sockets, _time) = (sockets, network.Time);
        _telemetry = new RestTelemetry(network.Telemetry, network.Local.Id, network.Time);
        _client = new RestClient(sockets, network.Time, _telemetry);
        _log = (loggers ?? NullLoggerFactory.Instance).CreateLogger<RestServer>();
    }

    /// <summary>A server without routes that does not listen yet; disposed of with the node at the latest.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public RestServer CreateServer(RestServerOptions? options = null)
    {
        var server = new RestServer(_sockets, options ?? new RestServerOptions(), _time, _telemetry, _log);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _servers.Add(server);
        }

        return server;
    }

    /// <summary>Asks a server, and returns as soon as the head of its response is here.</summary>
    /// <param name="endpoint"><c>rest://HOST[:PORT]/PATH</c>, port 80 where none is given; a path alone asks this node itself.</param>
    /// <param name="options">Null: <c>get</c>, without headers or body.</param>
    /// <param name="cancellationToken">Gives up; the server hears of it.</param>
    /// <exception cref="ArgumentException"><paramref name="endpoint"/> is no such address.</exception>
    /// <exception cref="Runtime.OverlayException">Refused, unreachable, timed out, no answer, or no answer of a REST server; the reason says which.</exception>
    public Task<FetchResponse> FetchAsync(string endpoint, FetchOptions? options = null, CancellationToken cancellationToken = default) =>
        _client.FetchAsync(RestUrl.Parse(endpoint), options ?? new FetchOptions(), cancellationToken);

    /// <summary>For <see cref="HttpClient"/>: dials <c>rest://HOST[:PORT]/</c> and <c>http://HOST.smoke[:PORT]/</c>.</summary>
    public HttpMessageHandler CreateHandler() => new RestMessageHandler(_client);

    /// <summary>Stops all servers. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        List<RestServer> servers;
        lock (_lock)
        {
            _isDisposed = true;
            servers = [.. _servers];
            _servers.Clear();
        }

        foreach (var server in servers)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }

        _telemetry.Dispose();
    }
}
