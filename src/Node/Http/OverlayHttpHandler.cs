using System.Net;
using System.Net.Sockets;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Http;

/// <summary>For <see cref="HttpClient"/>: dials <c>http://NAME.overlay[:PORT]/</c> and <c>http://ID.overlay[:PORT]/</c> over the overlay.</summary>
/// <remarks>
/// <para>HTTP/1.1, and HTTP/2 where the request says so (<see cref="HttpVersionPolicy.RequestVersionExact"/>: there is no TLS that could agree on it). WebSockets too, by
/// <c>ClientWebSocket.ConnectAsync(uri, invoker, …)</c>.</para>
/// <para>What fails on the way is an <see cref="HttpRequestException"/> around an <see cref="OverlayException"/> that names the cause.</para>
/// </remarks>
/// <example>
/// <code>
/// using var http = new HttpClient(new OverlayHttpHandler(node));
/// Console.WriteLine(await http.GetStringAsync("http://alice.overlay/"));
/// </code>
/// </example>
public sealed class OverlayHttpHandler : HttpMessageHandler
{
    private readonly Func<CancellationToken, Task<HttpNode>> _node;
    private readonly bool _allowsOthers;
    private readonly HttpMessageInvoker _http;

    /// <summary>Dials from a node that runs.</summary>
    /// <param name="node">The node.</param>
    /// <param name="options">Null: nodes only.</param>
    public OverlayHttpHandler(Node node, OverlayHttpOptions? options = null)
        : this(HttpNode.Of(node ?? throw new ArgumentNullException(nameof(node))), options)
    {
    }

    internal OverlayHttpHandler(HttpNode node, OverlayHttpOptions? options)
        : this(_ => Task.FromResult(node), options)
    {
    }

    internal OverlayHttpHandler(Func<CancellationToken, Task<HttpNode>> node, OverlayHttpOptions? options)
    {
        _node = node;
        _allowsOthers = options?.AllowOtherHosts ?? false;
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = DialAsync };
        options?.ConfigureHandler?.Invoke(handler);
        _http = new HttpMessageInvoker(handler);
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            return await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.InnerException is OverlayException cause)
        {
            throw HttpErrors.Of(cause);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _http.Dispose();
        }

        base.Dispose(disposing);
    }

    // Asked for each new connection, so also where a redirect leads: nothing gets past it.
    private async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        if (!OverlayHosts.TryRead(host, out var name))
        {
            return _allowsOthers
                ? await DialTcpAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false)
                : throw new OverlayException(
                    OverlayError.NotAnOverlayHost,
                    $"'{host}' is no node: write http://NAME.overlay/ or http://ID.overlay/, or allow other hosts (AllowOtherHosts).");
        }

        var node = await _node(cancellationToken).ConfigureAwait(false);
        try
        {
            var socket = await node.Sockets.ConnectAsync(name, OverlayEndPoint.LabelOf(port), cancellationToken).ConfigureAwait(false);

            // Whoever gives a connection up has all that was to come, or wants no more: the server hears of it at once, however much is on its way to it.
            return new ByteStream(new CreditStream(socket, CreditStreamOptions.Pipe, node.Sockets.Time), endsInGoodOrder: false);
        }
        catch (ArgumentException e)
        {
            throw new OverlayException(OverlayError.NotAnOverlayHost, $"'{host}' is no node's: {e.Message}", e);
        }
    }

    private static async Task<Stream> DialTcpAsync(DnsEndPoint where, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(where, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
