using System.Net.Sockets;
using Overlay.WebRtc;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Peer;

namespace Overlay.InteropPeer;

/// <summary>The loop: one thread that owns the sockets, the connection and its channels.</summary>
internal sealed class PeerHost : IDisposable
{
    private const int MaxDatagramsInARow = 64;

    private readonly HostClock _clock = new(TimeProvider.System);
    private readonly InputLines _input;
    private readonly WakeSocket _wake;
    private readonly UdpPaths _paths;
    private readonly DtlsCertificate _certificate;
    private readonly PeerConnection _peer;
    private readonly ChannelRoom _channels;
    private readonly CommandReader _commands;
    private readonly byte[] _receiveBuffer = new byte[65536];
    private readonly byte[] _sendBuffer = new byte[2048];
    private readonly List<Socket> _readable = [];
    private readonly int? _lostDatagram;
    private int _dtlsDatagrams;

    public PeerHost(Arguments arguments, InputLines input, JsonOutput output, WakeSocket wake)
    {
        (_input, _wake, _lostDatagram) = (input, wake, arguments.LostDatagram);
        var today = TimeProvider.System.GetUtcNow();
        _certificate = DtlsCertificate.Create(today.AddDays(-1), today.AddDays(30));
        _paths = new UdpPaths(arguments.UseLoopback);
        _peer = new PeerConnection(PeerOptions.Foreign(arguments.Role), _certificate, new HostSecrets());
        foreach (var path in _paths.All)
        {
            _peer.AddLocalCandidate(path.Id, path.Local);
        }

        _channels = new ChannelRoom(_peer, output);
        _commands = new CommandReader(_peer, _channels, output, arguments.Role);
    }

    /// <summary>Runs until stdin ends or <c>exit</c> comes.</summary>
    public void Run()
    {
        _commands.Begin(_clock.Now);
        Pump();
        while (!_commands.IsExiting && !_input.IsExhausted)
        {
            while (!_commands.IsExiting && _input.TryTake(out var line))
            {
                _commands.Handle(_clock.Now, line);
                Pump();
            }

            var isBusy = ReceiveDatagrams();
            var now = _clock.Now;
            if (now >= _peer.WakeAt)
            {
                _peer.Advance(now);
                Pump();
            }

            if (!isBusy)
            {
                Wait();
            }
        }

        _peer.Close(_clock.Now);
        Pump();
    }

    public void Dispose()
    {
        _peer.Dispose();
        _certificate.Dispose();
        _paths.Dispose();
    }

    private bool ReceiveDatagrams()
    {
        var isBusy = false;
        foreach (var path in _paths.All)
        {
            for (var count = 0; count < MaxDatagramsInARow && path.TryReceive(_receiveBuffer, out var length, out var from); count++)
            {
                isBusy = true;
                if (!IsLost(_receiveBuffer.AsSpan(0, length)))
                {
                    _peer.Receive(_clock.Now, path.Id, from, _receiveBuffer.AsSpan(0, length));
                    Pump();
                }
            }
        }

        return isBusy;
    }

    /// <summary>The law of the core: after every input, take everything it has to say.</summary>
    private void Pump()
    {
        do
        {
            var now = _clock.Now;
            while (_peer.TryGetDatagram(now, _sendBuffer, out var transmit))
            {
                if (!IsLost(_sendBuffer.AsSpan(0, transmit.Length)))
                {
                    _paths.Send(transmit, _sendBuffer.AsSpan(0, transmit.Length));
                }
            }
        }
        while (_channels.Pump(_clock.Now));
    }

    /// <summary>The accident that <c>--lose</c> asks for.</summary>
    private bool IsLost(ReadOnlySpan<byte> datagram) =>
        _lostDatagram is { } lost && PeerDemux.KindOf(datagram) == DatagramKind.Dtls && _dtlsDatagrams++ == lost;

    private void Wait()
    {
        var wait = _peer.WakeAt - _clock.Now;
        var microseconds = (int)Math.Clamp(wait.TotalMicroseconds, 0, 10_000_000);
        if (microseconds == 0)
        {
            return;
        }

        _readable.Clear();
        _readable.Add(_wake.Socket);
        foreach (var path in _paths.All)
        {
            _readable.Add(path.Socket);
        }

        Socket.Select(_readable, null, null, microseconds);
        _wake.Drain();
    }
}
