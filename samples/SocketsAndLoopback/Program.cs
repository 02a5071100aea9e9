// Sockets carry messages between ports. "localhost" is the node itself; any other node is called by its address.
using System.Text;
using Overlay.Nodes;

await using var alice = await Node.StartAsync();
await using var bob = await Node.StartAsync();

await using var server = alice.Sockets.Listen(5000);
_ = server.ServeAsync(async (socket, cancellationToken) =>
{
    await foreach (var message in socket.ReadAllAsync(cancellationToken))
    {
        await socket.SendAsync(message, cancellationToken);
    }
});

await EchoAsync(alice, "localhost", "hello, myself");
await EchoAsync(bob, await alice.GetAddressAsync(), "hello, alice");

static async Task EchoAsync(Node from, string host, string text)
{
    await using var socket = await from.Sockets.ConnectAsync(host, 5000);
    await socket.SendAsync(Encoding.UTF8.GetBytes(text));
    var echo = await socket.ReceiveAsync();
    Console.WriteLine($"{(socket.Remote.Text == "localhost" ? "loopback" : "network")}: {Encoding.UTF8.GetString(echo!.Value.Span)}");
}
