// A REST server on one node, asked by another: by address, and by the name that it registered.
using Overlay.Nodes;
using Overlay.Nodes.Rest;

await using var alice = await Node.StartAsync(new NodeOptions { Name = "alice" });
await using var bob = await Node.StartAsync();

await using var server = alice.Rest.CreateServer();
server.MapGet("/", _ => "hello world");
server.MapGet("/users/:id", context => RestResult.Json(new { id = context.Request.Params["id"], asked = context.Request.Query["as"].ToString() }));
server.MapPost("/shout", async context => (await context.Request.Body.ReadTextAsync()).ToUpperInvariant());
server.Listen(); // Port 80, as for every rest:// address without one.

var address = await alice.GetAddressAsync();
Console.WriteLine(await TextAsync($"rest://{address}/"));
Console.WriteLine(await TextAsync("rest://alice/users/7?as=bob"));
Console.WriteLine(await TextAsync("rest://alice/shout", new FetchOptions { Method = "post", Body = RestContent.Text("by name") }));

await using (var missing = await bob.Rest.FetchAsync("rest://alice/nowhere"))
{
    Console.WriteLine($"{missing.Status} {await missing.ReadTextAsync()}");
}

async Task<string> TextAsync(string url, FetchOptions? options = null)
{
    await using var response = await bob.Rest.FetchAsync(url, options);
    return await response.ReadTextAsync();
}
