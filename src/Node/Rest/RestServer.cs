using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Overlay.Nodes.Network;
using Overlay.Nodes.Sockets;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Rest;

/// <summary>Routes that answer requests on a port.</summary>
/// <remarks>
/// No route: 404. A handler that throws, at once or later: 500 and a log entry, or where the response had begun, an error instead of its end. One that answers nothing: its status
/// and no body. Disposing unbinds the port and breaks off what is being served.
/// </remarks>
public sealed partial class RestServer : RestRouter, IAsyncDisposable
{
    /// <summary>The port of <c>rest://</c> where none is given.</summary>
    public const string DefaultPort = "80";

    private readonly NodeSockets _sockets;
    private readonly RestServerOptions _options;
    private readonly TimeProvider _time;
    private readonly RestTelemetry _telemetry;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<CreditStream, byte> _serving = new();
    private readonly SemaphoreSlim _places;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private SocketServer? _server;
    private int _isDisposed;

    internal RestServer(NodeSockets sockets, RestServerOptions options, TimeProvider time, RestTelemetry telemetry, ILogger log)
    {
        options.Validate();
        (_sockets, _options, _time, _telemetry, _log) = (sockets, options, time, telemetry, log);
        _places = new SemaphoreSlim(options.MaxConcurrentRequests);
        _ended = _ending.Token; // Good also after the source was disposed.
    }

    /// <summary>The port; null until it listens.</summary>
    public string? Port => _server?.Port;

    /// <summary>Requests that are being served now.</summary>
    public int Serving => _serving.Count;

    /// <summary>Listens on a numbered port and serves from here on.</summary>
    public RestServer Listen(int port) => Listen(Ports.Of(port));

    /// <summary>Listens on a port and serves from here on.</summary>
    /// <exception cref="OverlayException">Somebody listens there already (<see cref="OverlayError.PortInUse"/>), or the node or this server has stopped.</exception>
    /// <exception cref="InvalidOperationException">It listens already.</exception>
    public RestServer Listen(string port = DefaultPort)
    {
        if (_isDisposed == 1)
        {
            throw new OverlayException(OverlayError.Stopped, "The server has stopped.");
        }

        if (_server is not null)
        {
            throw new InvalidOperationException($"The server listens on port {_server.Port} already.");
        }

        _server = _sockets.Listen(port, _options.Port);
        _ = AcceptAsync(_server);
        return this;
    }

    /// <summary>Unbinds the port and waits until what is being served is finished.</summary>
    /// <param name="cancellationToken">Waits no longer.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await UnbindAsync().ConfigureAwait(false);
        await Task.WhenAll(_serving.Keys.Select(static stream => stream.Completion)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Unbinds the port and breaks off what is being served. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        await UnbindAsync().ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        foreach (var stream in _serving.Keys)
        {
            stream.Abort();
        }

        _ending.Dispose();
    }

    private ValueTask UnbindAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task AcceptAsync(SocketServer server)
    {
        try
        {
            while (true)
            {
                await _places.WaitAsync(_ended).ConfigureAwait(false);
                var socket = await server.AcceptAsync(_ended).ConfigureAwait(false);
                _ = Task.Run(() => ServeAsync(socket), CancellationToken.None);
            }
        }
        catch (Exception e) when (e is OverlayException or OperationCanceledException)
        {
            // Unbound.
        }
    }

    private async Task ServeAsync(MessageSocket socket)
    {
        var stream = new CreditStream(socket, _options.Stream, _time);
        _serving[stream] = 0;
        try
        {
            if (_ended.IsCancellationRequested)
            {
                stream.Abort();
            }

            await ServeAsync(stream).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OverlayException or OperationCanceledException)
        {
            // The client is gone, or the server is.
        }
        finally
        {
            await stream.CloseAsync().ConfigureAwait(false);
            _serving.TryRemove(stream, out _);
            _places.Release();
        }
    }

    private async Task ServeAsync(CreditStream stream)
    {
        using var aborting = CancellationTokenSource.CreateLinkedTokenSource(_ended);
        _ = AbortAsync(stream, aborting);
        var response = new RestResponse(stream, aborting.Token);
        if (await ReadHeadAsync(stream, response, aborting.Token).ConfigureAwait(false) is { } context)
        {
            await AnswerObservedAsync(context).ConfigureAwait(false);
        }

        await FinishAsync(stream, response).ConfigureAwait(false);
    }

    private async Task<RestContext?> ReadHeadAsync(CreditStream stream, RestResponse response, CancellationToken aborted)
    {
        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        if (await stream.ReadAsync(either.Token).ConfigureAwait(false) is not { } item)
        {
            return null;
        }

        if (!RestHeads.TryReadRequest(item, out var url, out var method, out var headers))
        {
            await response.TextAsync("bad request", 400).ConfigureAwait(false);
            return null;
        }

        var request = new RestRequest(url, method, headers, new RestBody(stream, _options.MaxBodyBytes), stream.Local, stream.Remote);
        return new RestContext(request, response, aborted);
    }

    private async Task AnswerObservedAsync(RestContext context)
    {
        using var exchange = _telemetry.Serve(context.Request);
        try
        {
            await AnswerAsync(context).ConfigureAwait(false);
            if (context.Response.IsComplete)
            {
                exchange?.Answered(context.Response.Status, context.Request.Route);
            }
            else
            {
                exchange?.BrokeOff(context.Request.Route);
            }
        }
        catch (Exception e)
        {
            exchange?.Failed(e);
            throw;
        }
    }

    private async Task AnswerAsync(RestContext context)
    {
        var response = context.Response;
        try
        {
            await RunAsync(context, () => response.TextAsync("not found", 404)).ConfigureAwait(false);
            if (!response.HasStarted)
            {
                await response.SendAsync(RestContent.None).ConfigureAwait(false);
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
        catch (OverlayException e) when (!response.HasStarted && e.Reason is OverlayError.InvalidMessage or OverlayError.MessageTooLarge)
        {
            await response.TextAsync(e.Reason == OverlayError.InvalidMessage ? "bad request" : "body too large", e.Reason == OverlayError.InvalidMessage ? 400 : 413).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogThrew(_log, context.Request.Method, context.Request.Path, context.Request.Remote.Text, e);
            if (!response.HasStarted)
            {
                response.Headers.Clear();
                await response.TextAsync("internal server error", 500).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends what was answered in good order, and what was not with an error, so that half a response does not look whole.</summary>
    private async Task FinishAsync(CreditStream stream, RestResponse response)
    {
        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        if (response.IsComplete)
        {
            await stream.CompleteAsync(patience.Token).ConfigureAwait(false);
        }
        else
        {
            await stream.FailAsync("internal server error", patience.Token).ConfigureAwait(false);
        }
    }

    private static async Task AbortAsync(CreditStream stream, CancellationTokenSource aborting)
    {
        await stream.Completion.ConfigureAwait(false);
        try
        {
            await aborting.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It was served to its end.
        }
    }

    [LoggerMessage(EventId = 120, Level = LogLevel.Error, Message = "The handler of {Method} {Path} threw at a request of {Remote}")]
    private static partial void LogThrew(ILogger log, string method, string path, string remote, Exception exception);
}
