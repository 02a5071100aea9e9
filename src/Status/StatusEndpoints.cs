using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Overlay.Ring;

namespace Overlay.Status;

/// <summary>What the page's server answers: the page, its feed, and the same as JSON.</summary>
internal sealed class StatusEndpoints(StatusService service, IHostApplicationLifetime? lifetime)
{
    /// <summary>Nothing but this origin: no script, style, image or connection from or to elsewhere, and no frame around it.</summary>
    public const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan JsonPatience = TimeSpan.FromSeconds(20);

    /// <summary>A file of the page.</summary>
    public static Task ServeAsync(HttpContext context, PageFile file)
    {
        Protect(context.Response);
        context.Response.Headers.CacheControl = "no-cache"; // Kept, and asked for anew: a newer server has a newer page.
        context.Response.Headers.ETag = file.Tag;
        if (context.Request.Headers.IfNoneMatch == file.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = file.Bytes.Length;
        return context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted).AsTask();
    }

    /// <summary>The whole network, once a round of questions has ended.</summary>
    public async Task ServeAllAsync(HttpContext context)
    {
        using var place = await EnterAsync(context);
        if (place is not null)
        {
            using var ending = EndingOf(context);
            var isFresh = await service.IsFreshAsync(JsonPatience, ending.Token);
            await WriteJsonAsync(context, service.Feed.With(picture => Feed.MemberJson.WriteAll(picture, service.Source.Origin, isFresh)));
        }
    }

    /// <summary>One member; no content (204) where it is not in the picture: gone, never heard of, or nobody watches. That is no error, which a browser would write into its console.</summary>
    public Task ServeMemberAsync(HttpContext context)
    {
        if (!RingId.TryParse(context.Request.RouteValues["id"] as string, out var id))
        {
            return RefuseAsync(context, StatusCodes.Status400BadRequest, "An id has 12 hexadecimal digits.");
        }

        if (service.Describe(id) is { } json)
        {
            return WriteJsonAsync(context, json);
        }

        Protect(context.Response);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>The feed: the whole picture, then its changes, by server-sent events.</summary>
    public async Task ServeFeedAsync(HttpContext context)
    {
        using var place = await EnterAsync(context);
        if (place is null)
        {
            return;
        }

        Protect(context.Response);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        using var ending = EndingOf(context);
        try
        {
            await FeedAsync(context, ending.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The page was closed, or the server stops.
        }
    }

    private async Task FeedAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var writer = new Feed.EventStream(context.Response.BodyWriter, service.Feed);
        var seen = service.Feed.SeenBy(context.Request.Headers["Last-Event-ID"]);
        var frames = new List<byte[]>();
        while (!cancellationToken.IsCancellationRequested)
        {
            seen = writer.Write(seen, frames, out var news);
            await writer.FlushAsync(cancellationToken); // Waits for a reader that is slow; what it misses meanwhile, it is told in one piece.
            try
            {
                await news.WaitAsync(Heartbeat, service.Options.TimeProvider, cancellationToken);
            }
            catch (TimeoutException)
            {
                writer.WriteHeartbeat();
            }
        }
    }

    private async Task<IDisposable?> EnterAsync(HttpContext context)
    {
        // A page of another origin cannot read what it gets, but could use up the places.
        if (context.Request.Headers["Sec-Fetch-Site"] is [var site] && site is not ("same-origin" or "none"))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "This is for the status page of this origin only.");
            return null;
        }

        var place = service.TryEnter();
        if (place is null)
        {
            context.Response.Headers.RetryAfter = "10";
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, $"{service.Options.MaxViewers} viewers look at this status page already, and it takes no more. Close one, or raise MaxViewers.");
        }

        return place;
    }

    private CancellationTokenSource EndingOf(HttpContext context) =>
        CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime?.ApplicationStopping ?? default);

    private static void Protect(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = ContentPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    private static Task WriteJsonAsync(HttpContext context, byte[] json)
    {
        Protect(context.Response);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        Protect(context.Response);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(why + "\n", context.RequestAborted);
    }
}
