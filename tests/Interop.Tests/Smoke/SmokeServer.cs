using System.Collections.Concurrent;
using System.Text;
using Overlay.Nodes;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Sockets;
using Overlay.Runtime;

namespace Overlay.Interop.Tests.Smoke;

/// <summary>The ports and routes of smoke-page.js's <c>serve</c>, on a node.</summary>
internal static class SmokeServer
{
    public static RestServer Serve(Node node)
    {
        var heard = new ConcurrentDictionary<string, Heard>(StringComparer.Ordinal);
        Listen(node, 101, socket => SendAllAsync(socket, ["hello"u8.ToArray()]));
        Listen(node, 103, socket => RecordAsync(socket, heard));
        Listen(node, 104, socket => SendAllAsync(socket, [SmokeBytes.Pattern(1024, 4)]));
        Listen(node, 105, socket => RecordAsync(socket, heard));
        Listen(node, 106, async socket => await socket.SendAsync((await socket.ReceiveAsync())!.Value));
        Listen(node, 107, async socket =>
        {
            await socket.SendAsync(SmokeBytes.Pattern(1024, 7));
            await RecordAsync(socket, heard, closeAfter: 1);
        });
        Listen(node, 109, socket => SendAllAsync(socket, Enumerable.Range(0, 128).Select(i => SmokeBytes.Pattern(1024, i))));
        Listen(node, 110, socket => RecordAsync(socket, heard));
        Listen(node, 111, async socket =>
        {
            await foreach (var message in socket.ReadAllAsync())
            {
                await socket.SendAsync(message);
            }
        });
        Listen(node, 113, socket => SendAllAsync(socket, ["one"u8.ToArray()]));
        return ServeRoutes(node, heard);
    }

    private static RestServer ServeRoutes(Node node, ConcurrentDictionary<string, Heard> heard)
    {
        var server = node.Rest.CreateServer();
        server.MapGet("/text", _ => "hello world");
        server.MapGet("/json", _ => RestResult.Json(new { a = 1, b = new object?[] { true, null, "ä" } }));
        server.MapGet("/buffer", _ => RestResult.Bytes(SmokeBytes.Pattern(128, 3)));
        server.MapGet("/readable", _ => RestResult.Stream(new MemoryStream(SmokeBytes.Pattern(1_000_000, 4))));
        server.MapGet("/echo", async context => RestResult.Bytes(await context.Request.Body.ReadBytesAsync()));
        foreach (var verb in (string[])["get", "post", "put", "patch", "delete", "foo"])
        {
            server.Map(verb, "/verb", _ => RestResult.Text(verb));
        }

        server.MapGet("/header", context => RestResult.Text(context.Request.Headers["x-in"]) with { Headers = new Dictionary<string, string> { ["x-out"] = "out" } });
        server.Map("get", "/added", [Add("a"), Add("b")], context => context.Response.TextAsync((string)context.Items["marks"]!));
        server.Map("get", "/blocked", [(context, _) => context.Response.TextAsync("no", 403)], context => context.Response.TextAsync("yes"));
        server.MapGet("/users/:id/orders/:order", context => RestResult.Json(new
        {
            id = context.Request.Params["id"],
            order = context.Request.Params["order"],
            a = context.Request.Query["a"].ToString(),
            b = context.Request.Query["b"].ToString(),
        }));
        server.MapPost("/stream", context => RestResult.Stream(context.Request.Body.AsStream()));
        server.MapPost("/unread", _ => "unread");
        server.MapPost("/three", async context =>
        {
            var body = context.Request.Body.AsStream();
            var chunk = new byte[16_384];
            for (var i = 0; i < 3; i++)
            {
                await body.ReadExactlyAsync(chunk);
            }

            return "three";
        });
        server.MapGet("/rows", _ => RestResult.Query(RowsAsync()));
        server.MapGet("/throws", RestResult (_) => throw new InvalidOperationException("on purpose"));
        server.MapGet("/heard/:port", context => RestResult.Json(heard.GetValueOrDefault(context.Request.Params["port"], new Heard([], []))));
        return server.Listen();
    }

    private static RestMiddleware Add(string mark) => (context, next) =>
    {
        context.Items["marks"] = context.Items.TryGetValue("marks", out var marks) ? marks + mark : mark;
        return next();
    };

    private static async IAsyncEnumerable<object> RowsAsync()
    {
        for (var i = 0; i < 5; i++)
        {
            yield return new { i };
            await Task.Yield();
        }
    }

    private static void Listen(Node node, int port, Func<MessageSocket, Task> serve)
    {
        var server = node.Sockets.Listen(port);
        _ = server.ServeAsync((socket, _) => serve(socket), CancellationToken.None);
    }

    private static async Task SendAllAsync(MessageSocket socket, IEnumerable<byte[]> messages)
    {
        foreach (var message in messages)
        {
            await socket.SendAsync(message);
        }
    }

    private static async Task RecordAsync(MessageSocket socket, ConcurrentDictionary<string, Heard> heard, int closeAfter = int.MaxValue)
    {
        var entry = heard[socket.Port] = new Heard([], []);
        while (entry.Messages.Count < closeAfter && await socket.ReceiveAsync() is { } message)
        {
            entry.Events.Enqueue("message");
            entry.Messages.Enqueue(SmokeBytes.Describe(message.Span));
        }

        entry.Events.Enqueue("close");
    }
}

/// <summary>What a port has lived through.</summary>
internal sealed record Heard(ConcurrentQueue<string> Events, ConcurrentQueue<BytesSeen> Messages);

/// <summary>Length and checksum, as smoke-page.js counts them.</summary>
internal readonly record struct BytesSeen(int Length, uint Sum);

/// <summary>The bytes of all rows.</summary>
internal static class SmokeBytes
{
    public static byte[] Pattern(int length, int seed)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)((i * 31) + ((i >> 8) * 7) + seed);
        }

        return bytes;
    }

    public static BytesSeen Describe(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        foreach (var one in bytes)
        {
            sum = unchecked((sum * 31) + one);
        }

        return new(bytes.Length, sum);
    }

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
