using System.Net;
using Overlay.Nodes.Http;
using Overlay.Runtime;

namespace Overlay.Nodes.Rest;

/// <summary>REST for <see cref="HttpClient"/>.</summary>
internal sealed class RestMessageHandler(RestClient client) : HttpMessageHandler
{
    private const string Suffix = ".smoke";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var options = new FetchOptions
        {
            Method = request.Method.Method.ToLowerInvariant(),
            Headers = HeadersOf(request),
            Body = request.Content is { } content ? RestContent.Write((stream, token) => content.CopyToAsync(stream, token)) : RestContent.None,
            Timeout = FetchTimeout,
        };
        try
        {
            var response = await client.FetchAsync(UrlOf(request), options, cancellationToken).ConfigureAwait(false);
            return MessageOf(request, response);
        }
        catch (OverlayException e)
        {
            throw HttpErrors.Of(e);
        }
    }

    private static readonly TimeSpan FetchTimeout = new FetchOptions().Timeout;

    private static RestUrl UrlOf(HttpRequestMessage request)
    {
        var uri = request.RequestUri ?? throw new ArgumentException("The request has no address.");
        if (uri.Scheme == Uri.UriSchemeHttp)
        {
            return uri.Host.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)
                ? RestUrl.Parse($"rest://{uri.Host[..^Suffix.Length]}:{uri.Port}{uri.PathAndQuery}")
                : throw new ArgumentException($"'{uri}' is no address of a REST server: http://HOST{Suffix}/PATH or rest://HOST/PATH.");
        }

        // The original text keeps the case of names, which Uri does not.
        var text = uri.OriginalString.StartsWith(uri.Scheme + "://", StringComparison.OrdinalIgnoreCase) ? uri.OriginalString : uri.AbsoluteUri;
        var fragment = text.IndexOf('#', StringComparison.Ordinal);
        return RestUrl.Parse(fragment < 0 ? text : text[..fragment]);
    }

    private static Dictionary<string, string> HeadersOf(HttpRequestMessage request)
    {
        var headers = RestHeads.NoHeaders();
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            headers[name] = string.Join(", ", values);
        }

        foreach (var (name, values) in request.Content?.Headers.NonValidated ?? default)
        {
            headers[name] = string.Join(", ", values);
        }

        return headers;
    }

    private static HttpResponseMessage MessageOf(HttpRequestMessage request, FetchResponse response)
    {
        var message = new HttpResponseMessage((HttpStatusCode)response.Status)
        {
            RequestMessage = request,
            Content = new System.Net.Http.StreamContent(response.Body.AsStream()),
        };
        foreach (var (name, value) in response.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return message;
    }
}
