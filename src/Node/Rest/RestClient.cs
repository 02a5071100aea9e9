using Overlay.Nodes.Network;
using Overlay.Nodes.Sockets;
using Overlay.Nodes.Streams;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Rest;

/// <summary>Asks REST servers.</summary>
internal sealed class RestClient(NodeSockets sockets, TimeProvider time, RestTelemetry telemetry)
{
    private const string Scheme = "rest:";

    public async Task<FetchResponse> FetchAsync(RestUrl url, FetchOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Method);
        var (host, port) = Target(url);
        using var exchange = telemetry.Ask(options.Method, host, port, url.Path);
        try
        {
            var response = await FetchAsync(host, port, url, options, exchange, cancellationToken).ConfigureAwait(false);
            exchange?.Answered(response.Status);
            return response;
        }
        catch (Exception e)
        {
            exchange?.Failed(e);
            throw;
        }
    }

    private async Task<FetchResponse> FetchAsync(
        string host, string port, RestUrl url, FetchOptions options, RestExchange? exchange, CancellationToken cancellationToken)
    {
        var socket = await sockets.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        var stream = new CreditStream(socket, new CreditStreamOptions { InactivityTimeout = options.Timeout, InitialWindow = RestServerOptions.InitialWindow }, time);
        var upload = new Upload();
        try
        {
            _ = upload.SendAsync(stream, url, options, exchange);
            if (await stream.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } head)
            {
                throw new OverlayException(OverlayError.InvalidMessage, $"{host} ended the exchange before it had answered.");
            }

            return RestHeads.TryReadResponse(head, out var status, out var headers)
                ? new FetchResponse(stream, status, headers, options.MaxBodyBytes)
                : throw new OverlayException(OverlayError.InvalidMessage, $"{host} answered with something that is no head of a response.");
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (e is OverlayException && upload.Failure is { } failure)
            {
                failure.Throw(); // The body could not be made: that is why nothing was answered.
            }

            throw;
        }
    }

    private static (string Host, string Port) Target(RestUrl url)
    {
        if (url.Protocol is null)
        {
            return (PeerAddress.LoopbackName, RestServer.DefaultPort);
        }

        return url.Protocol == Scheme && url.Host is { Length: > 0 } host
            ? (host, url.Port ?? RestServer.DefaultPort)
            : throw new ArgumentException($"'{url.Href}' is no address of a REST server: rest://HOST[:PORT]/PATH, or a path alone for this node itself.", nameof(url));
    }

    /// <summary>The request on its way, beside the response that may begin before its body has ended.</summary>
    private sealed class Upload
    {
        public System.Runtime.ExceptionServices.ExceptionDispatchInfo? Failure { get; private set; }

        public async Task SendAsync(CreditStream stream, RestUrl url, FetchOptions options, RestExchange? exchange)
        {
            using var over = new CancellationTokenSource();
            var watching = CancelAsync(stream, over);
            try
            {
                var headers = RestHeads.NoHeaders();
                foreach (var (name, value) in options.Headers)
                {
                    headers[name] = value;
                }

                if (options.Body.ContentType is { } type)
                {
                    headers.TryAdd("content-type", type);
                }

                RestTelemetry.Inject(exchange, headers);
                await stream.WriteAsync(RestHeads.Request(url.Path.StartsWith('/') ? url.Path : "/" + url.Path, options.Method, headers), over.Token).ConfigureAwait(false);
                await options.Body.SendAsync(stream, over.Token).ConfigureAwait(false);
                await stream.WriteAsync(ReadOnlyMemory<byte>.Empty, over.Token).ConfigureAwait(false);
            }
            catch (Exception) when (stream.Completion.IsCompleted)
            {
                // The server has answered without waiting for the rest, or is gone: whoever reads hears which.
            }
            catch (Exception e)
            {
                Failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e);
                await stream.CancelAsync().ConfigureAwait(false); // Half a body must not look whole.
            }
        }

        private static async Task CancelAsync(CreditStream stream, CancellationTokenSource over)
        {
            await stream.Completion.ConfigureAwait(false);
            try
            {
                await over.CancelAsync().ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                // All of it has left long ago.
            }
        }
    }
}
