using System.Net;
using System.Net.Sockets;
using Overlay.WebRtc;
using Overlay.WebRtc.Stun;

namespace Overlay.Hub;

/// <summary>Answers STUN Binding requests on a UDP port: nodes learn the address that they have outside.</summary>
/// <remarks>Without state, and with answers about as long as the questions: it can neither be exhausted nor used to amplify.</remarks>
internal sealed class StunResponder : IAsyncDisposable
{
    private const int MaxRequestBytes = 1500;

    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private StunResponder(Socket socket)
    {
        _socket = socket;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <exception cref="HubException">The port is taken, or the address is not this machine's.</exception>
    public static StunResponder Start(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return new(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw ListenFailure.Explain(e, "udp", address, port);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var request = new byte[MaxRequestBytes];
        var answer = new byte[StunServer.MaxAnswerLength];
        var from = new SocketAddress(_socket.AddressFamily);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var length = await _socket.ReceiveFromAsync(request, SocketFlags.None, from, _stop.Token);
                if (TryAnswer(request.AsSpan(0, length), from, answer, out var answerLength))
                {
                    await _socket.SendToAsync(answer.AsMemory(0, answerLength), SocketFlags.None, from, _stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                // A datagram longer than any request, or an asker that is gone: the next one may be better.
            }
        }
    }

    private static bool TryAnswer(ReadOnlySpan<byte> request, SocketAddress from, Span<byte> answer, out int length)
    {
        var asker = (IPEndPoint)new IPEndPoint(from.Family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0).Create(from);
        length = 0;
        return TransportAddress.TryFromBytes(asker.Address.GetAddressBytes(), asker.Port, out var seenFrom)
            && StunServer.TryAnswer(request, seenFrom, answer, out length);
    }
}
