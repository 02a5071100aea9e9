using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Overlay.Testing;

/// <summary>A UDP port that stands for another one, as a translating router does: each sender gets a port of its own towards the target, and answers go back the same way.</summary>
/// <remarks>Every datagram is late by <see cref="Delay"/>, or lost while <see cref="IsCut"/>. At most <see cref="MaxSenders"/> senders, and <see cref="MaxWaiting"/> datagrams on their way.</remarks>
internal sealed class UdpProxy : IAsyncDisposable
{
    private const int MaxSenders = 256;
    private const int MaxWaiting = 100_000;
    private const int BufferBytes = 1 << 22;

    private readonly Socket _front;
    private readonly IPEndPoint _target;
    private readonly ConcurrentDictionary<EndPoint, Socket> _backs = new();
    private readonly ConcurrentBag<Task> _running = [];
    private readonly Channel<(long DueAt, byte[] Datagram, Socket From, EndPoint To)> _late =
        Channel.CreateBounded<(long, byte[], Socket, EndPoint)>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly CancellationTokenSource _stop = new();
    private long _passed;

    private UdpProxy(Socket front, IPEndPoint target) => (_front, _target) = (front, target);

    /// <summary>The port that stands for the target's.</summary>
    public int Port => ((IPEndPoint)_front.LocalEndPoint!).Port;

    /// <summary>How late each datagram is, in each direction.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Called for each datagram passed on.</summary>
    public Action? OnPassed { get; init; }

    /// <summary>Whether everything is lost now.</summary>
    public bool IsCut { get; set; }

    /// <summary>Datagrams passed on so far.</summary>
    public long Passed => Volatile.Read(ref _passed);

    /// <summary>Two proxies on ports that follow each other, for two targets whose ports do: a node's links and its channels.</summary>
    public static (UdpProxy Links, UdpProxy Channels) StartPair(int targetPort, TimeSpan delay, Action? onPassed = null)
    {
        while (true)
        {
            var first = Bind(0);
            var port = ((IPEndPoint)first.LocalEndPoint!).Port;
            try
            {
                return (Start(first, targetPort, delay, onPassed), Start(Bind(port + 1), targetPort + 1, delay, onPassed));
            }
            catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
            {
                first.Dispose(); // Somebody has the next port: elsewhere, then.
            }
        }
    }

    /// <summary>A port on loopback such that it and the next one are free now.</summary>
    public static int FreePair()
    {
        while (true)
        {
            using var first = Bind(0);
            var port = ((IPEndPoint)first.LocalEndPoint!).Port;
            try
            {
                using var second = Bind(port + 1);
                return port;
            }
            catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
            {
                // Somebody has the next port: elsewhere, then.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _front.Dispose();
        foreach (var back in _backs.Values)
        {
            back.Dispose();
        }

        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = BufferBytes, SendBufferSize = BufferBytes };
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static UdpProxy Start(Socket front, int targetPort, TimeSpan delay, Action? onPassed)
    {
        var proxy = new UdpProxy(front, new IPEndPoint(IPAddress.Loopback, targetPort)) { Delay = delay, OnPassed = onPassed };
        proxy._running.Add(Task.Run(proxy.ReceiveFrontAsync));
        proxy._running.Add(Task.Run(proxy.SendLateAsync));
        return proxy;
    }

    private async Task ReceiveFrontAsync()
    {
        var buffer = new byte[2048];
        while (await ReceiveAsync(_front, buffer) is { } received)
        {
            if (_backs.TryGetValue(received.RemoteEndPoint, out var back) || TryAdd(received.RemoteEndPoint, out back))
            {
                await PassAsync(buffer.AsSpan(0, received.ReceivedBytes).ToArray(), back!, _target);
            }
        }
    }

    private bool TryAdd(EndPoint sender, out Socket? back)
    {
        back = null;
        if (_backs.Count >= MaxSenders)
        {
            return false;
        }

        var made = Bind(0);
        _backs[sender] = back = made;
        _running.Add(Task.Run(async () =>
        {
            var buffer = new byte[2048];
            while (await ReceiveAsync(made, buffer) is { } received)
            {
                await PassAsync(buffer.AsSpan(0, received.ReceivedBytes).ToArray(), _front, sender);
            }
        }));
        return true;
    }

    private async Task<SocketReceiveFromResult?> ReceiveAsync(Socket socket, byte[] buffer)
    {
        while (true)
        {
            try
            {
                return await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || _stop.IsCancellationRequested)
            {
                return null;
            }
            catch (SocketException)
            {
                // Somebody's port is closed: the next datagram may be for another one.
            }
        }
    }

    private async ValueTask PassAsync(byte[] datagram, Socket from, EndPoint to)
    {
        if (IsCut)
        {
            return;
        }

        if (Delay > TimeSpan.Zero)
        {
            _late.Writer.TryWrite((Stopwatch.GetTimestamp() + (long)(Delay.TotalSeconds * Stopwatch.Frequency), datagram, from, to));
            return;
        }

        await SendAsync(datagram, from, to);
    }

    private async Task SendLateAsync()
    {
        try
        {
            await foreach (var (dueAt, datagram, from, to) in _late.Reader.ReadAllAsync(_stop.Token))
            {
                if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), dueAt) is { Ticks: > 0 } wait)
                {
                    await Task.Delay(wait, _stop.Token);
                }

                await SendAsync(datagram, from, to);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed of.
        }
    }

    private async ValueTask SendAsync(byte[] datagram, Socket from, EndPoint to)
    {
        try
        {
            await from.SendToAsync(datagram, SocketFlags.None, to, _stop.Token);
            Interlocked.Increment(ref _passed);
            OnPassed?.Invoke();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Lost, as datagrams are.
        }
    }
}
