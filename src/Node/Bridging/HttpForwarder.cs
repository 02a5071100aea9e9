using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Overlay.Nodes.Bridging;

/// <summary>Passes a request that Kestrel has read on to another server, and its response back: heads, bodies as they come, trailers, and switches to other protocols.</summary>
/// <remarks>Bodies are not kept: whoever does not read holds the other side back. A request that its client gives up is given up towards the server too.</remarks>
internal sealed class HttpForwarder(HttpMessageInvoker server)
{
    /// <summary>A handler fit for forwarding: it changes nothing on the way.</summary>
    public static void Configure(SocketsHttpHandler handler)
    {
        handler.AllowAutoRedirect = false;
        handler.AutomaticDecompression = DecompressionMethods.None;
        handler.UseCookies = false;
        handler.UseProxy = false;
        handler.EnableMultipleHttp2Connections = true;
        handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8;
        handler.ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8;
    }

    /// <summary>Forwards, and returns when the response has been passed back.</summary>
    /// <param name="context">The request.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="adjust">Changes the request's head, which is the client's as far as it goes on.</param>
    /// <exception cref="HttpRequestException">The server cannot be reached, or does not speak HTTP; nothing was passed back.</exception>
    public async Task ForwardAsync(HttpContext context, Uri destination, Action<HttpRequestMessage> adjust)
    {
        var upgrade = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } feature ? feature : null;
        using var request = RequestOf(context, destination, upgrade is not null);
        adjust(request);
        try
        {
            using var response = await server.SendAsync(request, context.RequestAborted).ConfigureAwait(false);
            CopyHead(response, context.Response);
            if (response.StatusCode == HttpStatusCode.SwitchingProtocols && upgrade is not null)
            {
                await SwitchAsync(context, upgrade, response).ConfigureAwait(false);
                return;
            }

            await CopyBodyAsync(response, context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
        catch (Exception e) when (e is HttpRequestException or IOException && context.Response.HasStarted)
        {
            context.Abort(); // Half a response must not look whole.
        }
    }

    private static HttpRequestMessage RequestOf(HttpContext context, Uri destination, bool isUpgrade)
    {
        var isHttp2 = HttpProtocol.IsHttp2(context.Request.Protocol) && context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
        var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), destination)
        {
            // Trailers and both directions at once need HTTP/2; all else goes as HTTP/1.1, which every server speaks.
            Version = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (!isUpgrade && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            request.Content = new ForwardedContent(context.Request.Body, context.RequestAborted);
        }

        foreach (var (name, values) in context.Request.Headers)
        {
            if (ForwardedHeaders.Passes(name, context.Request.Headers) && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        if (isUpgrade)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", (IEnumerable<string?>)context.Request.Headers.Upgrade);
        }

        return request;
    }

    private static void CopyHead(HttpResponseMessage from, HttpResponse to)
    {
        to.StatusCode = (int)from.StatusCode;
        if (HttpProtocol.IsHttp11(to.HttpContext.Request.Protocol) && to.HttpContext.Features.Get<IHttpResponseFeature>() is { } head)
        {
            head.ReasonPhrase = from.ReasonPhrase;
        }

        Copy(from.Headers.NonValidated);
        Copy(from.Content.Headers.NonValidated);

        void Copy(System.Net.Http.Headers.HttpHeadersNonValidated headers)
        {
            foreach (var (name, values) in headers)
            {
                if (ForwardedHeaders.Passes(name, from.Headers))
                {
                    to.Headers.Append(name, values.ToArray());
                }
            }
        }
    }

    private static async Task CopyBodyAsync(HttpResponseMessage response, HttpContext context)
    {
        var writer = context.Response.BodyWriter;
        var hasBody = response.Content.Headers.ContentLength != 0 && !HttpMethods.IsHead(context.Request.Method);
        if (hasBody)
        {
            await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false); // Whoever waits for the head may wait for it to say more.
        }

        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted).ConfigureAwait(false);
        while (await body.ReadAsync(writer.GetMemory(4_096), context.RequestAborted).ConfigureAwait(false) is > 0 and var count)
        {
            writer.Advance(count);
            await writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }

        if (context.Response.SupportsTrailers())
        {
            foreach (var (name, values) in response.TrailingHeaders.NonValidated)
            {
                context.Response.AppendTrailer(name, values.ToArray());
            }
        }
    }

    private static async Task SwitchAsync(HttpContext context, IHttpUpgradeFeature upgrade, HttpResponseMessage response)
    {
        if (response.Headers.NonValidated.TryGetValues("Upgrade", out var protocols))
        {
            context.Response.Headers.Upgrade = protocols.ToArray();
        }

        var far = new StreamEnd(await response.Content.ReadAsStreamAsync(context.RequestAborted).ConfigureAwait(false));
        var near = new StreamEnd(await upgrade.UpgradeAsync().ConfigureAwait(false));
        await BytePump.RunAsync(near, far, context.RequestAborted).ConfigureAwait(false);
    }
}

/// <summary>A request's body, passed on as it comes.</summary>
internal sealed class ForwardedContent(Stream body, CancellationToken aborted) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, cancellationToken);
        var buffer = new byte[16_384];
        await stream.FlushAsync(either.Token).ConfigureAwait(false);
        while (await body.ReadAsync(buffer, either.Token).ConfigureAwait(false) is > 0 and var count)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), either.Token).ConfigureAwait(false);
            await stream.FlushAsync(either.Token).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false; // Where the client has said it, the header says it.
    }
}
