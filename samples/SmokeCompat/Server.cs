using System.Text.Json;
using Overlay.Nodes;
using Overlay.Nodes.Rest;

namespace Overlay.Samples.SmokeCompat;

/// <summary>What <c>serve</c> answers: REST on port 80, echoed socket messages on port 7000.</summary>
internal static class Server
{
    /// <summary>Prints the address when all ports are open, and serves until cancelled.</summary>
    public static async Task RunAsync(Node node, CancellationToken cancellationToken)
    {
        await using var sockets = node.Sockets.Listen(7000);
        var echoing = sockets.ServeAsync(async (socket, ct) =>
        {
            await foreach (var message in socket.ReadAllAsync(ct))
            {
                await socket.SendAsync(message, ct);
            }
        }, CancellationToken.None);

        await using var rest = node.Rest.CreateServer();
        rest.MapGet("/", _ => "hello world");
        rest.MapGet("/json/:id", context => RestResult.Json(new { id = context.Request.Params["id"], q = Plain(context.Request.Query) }));
        rest.MapPost("/echo", context => RestResult.Stream(context.Request.Body.AsStream()));
        rest.MapGet("/rows", _ => RestResult.Query(RowsAsync()));
        rest.Listen();

        Console.WriteLine(JsonSerializer.Serialize(new { address = await node.GetAddressAsync(cancellationToken) }));
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await sockets.DisposeAsync();
        await echoing;
    }

    /// <summary>As pages know a query: one value is text, several are an array.</summary>
    private static Dictionary<string, object> Plain(QueryParameterCollection query) =>
        query.ToDictionary(pair => pair.Key, pair => pair.Value.Count > 1 ? pair.Value.ToArray() : (object)pair.Value.ToString());

    private static async IAsyncEnumerable<object> RowsAsync()
    {
        for (var i = 0; i < 5; i++)
        {
            yield return new { i };
            await Task.Yield();
        }
    }
}
