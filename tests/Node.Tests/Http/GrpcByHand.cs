using System.Buffers.Binary;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Overlay.Nodes.Tests.Http;

/// <summary>A service that speaks gRPC's framing by hand: messages behind a flag and a length, the status in trailers.</summary>
internal static class GrpcByHand
{
    public static void Map(WebApplication app)
    {
        app.MapPost("/test.Echo/Once", context => ServeAsync(context, message => $"you said {message}"));
        app.MapPost("/test.Echo/Chat", context => ServeAsync(context, message => $"answer to {message}"));
        app.MapPost("/test.Echo/Fail", context =>
        {
            Begin(context);
            context.Response.AppendTrailer("grpc-status", "5");
            context.Response.AppendTrailer("grpc-message", "nothing of the kind");
            return Task.CompletedTask;
        });
    }

    private static async Task ServeAsync(HttpContext context, Func<string, string> answer)
    {
        Begin(context);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        while (await ReadAsync(context) is { } message)
        {
            await WriteAsync(context, answer(message));
        }

        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static void Begin(HttpContext context)
    {
        Assert.Equal(HttpProtocol.Http2, context.Request.Protocol);
        context.Response.ContentType = "application/grpc";
    }

    // 1 byte: compressed or not; 4 bytes: length, big-endian; the message.
    private static async Task<string?> ReadAsync(HttpContext context)
    {
        var head = new byte[5];
        if (await context.Request.Body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, context.RequestAborted) < head.Length)
        {
            return null;
        }

        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        await context.Request.Body.ReadExactlyAsync(message, context.RequestAborted);
        return Encoding.UTF8.GetString(message);
    }

    private static async Task WriteAsync(HttpContext context, string text)
    {
        var message = Encoding.UTF8.GetBytes(text);
        var head = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), message.Length);
        await context.Response.Body.WriteAsync((byte[])[.. head, .. message], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
