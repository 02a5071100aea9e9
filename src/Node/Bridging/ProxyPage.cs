using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Overlay.Nodes.Bridging;

/// <summary>What a person reads who asked for what cannot be had: cause and cure, as a page or as text.</summary>
internal static class ProxyPage
{
    public static Task WriteAsync(HttpContext context, int status, string title, string cause, string cure)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        var isPage = context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        context.Response.ContentType = isPage ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
        var body = Encoding.UTF8.GetBytes(isPage ? Page(status, title, cause, cure) : Text(status, title, cause, cure));
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    public static string Text(int status, string title, string cause, string cure) => $"{status} {title}\n{cause}\n{cure}\n";

    private static string Page(int status, string title, string cause, string cure) => $"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>{Safe(title)}</title>
        <style>body {"{"} font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem {"}"}</style></head>
        <body><h1>{Safe(title)}</h1><p>{Safe(cause)}</p><p>{Safe(cure)}</p><p><small>{status} · overlay</small></p></body></html>

        """;

    private static string Safe(string text) => WebUtility.HtmlEncode(text);
}
