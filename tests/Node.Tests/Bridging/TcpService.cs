using System.Net;
using System.Net.Sockets;

namespace Overlay.Nodes.Tests.Bridging;

/// <summary>A TCP service of this machine: calls back for each connection.</summary>
internal sealed class TcpService : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;

    public TcpService(Func<Socket, Task> serve)
    {
        _listener.Start();
        _serving = ServeAsync(serve);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Sends back what comes, to the end.</summary>
    public static TcpService Echo() => new(async socket =>
    {
        var buffer = new byte[65_536];
        while (await socket.ReceiveAsync(buffer) is > 0 and var count)
        {
            await socket.SendAsync(buffer.AsMemory(0, count));
        }

        socket.Shutdown(SocketShutdown.Send);
    });

    public static async Task<Socket> ConnectAsync(IPEndPoint where)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(where, TestContext.Current.CancellationToken);
        return socket;
    }

    public static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[65_536];
        while (await Soon.Async(socket.ReceiveAsync(buffer)) is > 0 and var count)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }

    /// <summary>Connects to a port that breaks connections off.</summary>
    public static Task AssertBrokenOffAsync(IPEndPoint where) => Assert.ThrowsAsync<SocketException>(async () =>
    {
        using var client = await ConnectAsync(where); // May fail already, where the other side is quicker.
        await Soon.Async(client.ReceiveAsync(new byte[1]));
    });

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync(Func<Socket, Task> serve)
    {
        try
        {
            while (true)
            {
                _ = OneAsync(serve, await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private static async Task OneAsync(Func<Socket, Task> serve, Socket socket)
    {
        using (socket)
        {
            try
            {
                await serve(socket);
            }
            catch (SocketException)
            {
                // Its client broke off, which may be what the test is about.
            }
        }
    }
}
