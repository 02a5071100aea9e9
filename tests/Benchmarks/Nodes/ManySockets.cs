using System.Diagnostics;
using System.Security.Cryptography;

namespace Overlay.Benchmarks.Nodes;

/// <summary>512 sockets from 8 peers to one server, all open at once, each with an echo.</summary>
internal static class ManySockets
{
    private const int Peers = 8;
    private const int SocketsOfEach = 64;
    private const int MessageBytes = 1_000;

    public static async Task RunAsync(TextWriter output)
    {
        await using var network = await BenchNetwork.StartAsync(1 + Peers);
        var server = network.Nodes[0];
        await using var listener = server.Sockets.Listen(7000);
        var serving = listener.ServeAsync(async (socket, cancellationToken) =>
        {
            await foreach (var message in socket.ReadAllAsync(cancellationToken))
            {
                await socket.SendAsync(message, cancellationToken);
            }
        });

        var clock = Stopwatch.StartNew();
        var sockets = await Task.WhenAll(network.Nodes.Skip(1).SelectMany(node =>
            Enumerable.Range(0, SocketsOfEach).Select(_ => Task.Run(async () => await node.Sockets.ConnectAsync(server.Id.ToString(), 7000)))));
        var opened = clock.Elapsed;
        var right = await Task.WhenAll(sockets.Select(socket => Task.Run(async () =>
        {
            var message = RandomNumberGenerator.GetBytes(MessageBytes);
            await socket.SendAsync(message);
            return (await socket.ReceiveAsync())?.Span.SequenceEqual(message) == true ? 1 : 0;
        })));
        output.WriteLine(FormattableString.Invariant(
            $"{sockets.Length} sockets of {Peers} peers: open after {opened.TotalMilliseconds:F0} ms, all {right.Sum()} echoes of {MessageBytes} bytes {(clock.Elapsed - opened).TotalMilliseconds:F0} ms later"));
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await listener.DisposeAsync();
        await serving;
    }
}
