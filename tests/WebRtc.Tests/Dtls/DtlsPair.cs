using Overlay.WebRtc.Dtls;

namespace Overlay.WebRtc.Tests.Dtls;

/// <summary>Two endpoints, one virtual clock and a network that does to each datagram what the test says.</summary>
internal sealed class DtlsPair : IDisposable
{
    public static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(5);

    private readonly List<(Instant At, int Order, DtlsEndpoint To, byte[] Datagram)> _inFlight = [];
    private readonly byte[] _buffer = new byte[4096];
    private int _order;

    public DtlsPair(DtlsOptions? options = null, bool exchangeFingerprints = true)
    {
        Client = new DtlsEndpoint(DtlsRole.Client, ClientCertificate, options);
        Server = new DtlsEndpoint(DtlsRole.Server, ServerCertificate, options);
        if (exchangeFingerprints)
        {
            Client.SetPeerFingerprint(Now, ServerCertificate.Fingerprint);
            Server.SetPeerFingerprint(Now, ClientCertificate.Fingerprint);
        }
    }

    public static DtlsCertificate ClientCertificate { get; } = Certificate();

    public static DtlsCertificate ServerCertificate { get; } = Certificate();

    public DtlsEndpoint Client { get; }

    public DtlsEndpoint Server { get; }

    public Instant Now { get; private set; } = Instant.Zero + TimeSpan.FromSeconds(1);

    /// <summary>Delays at which copies of a datagram arrive, by (from, number of the datagram); none is a loss.</summary>
    public Func<DtlsEndpoint, int, TimeSpan[]> Network { get; set; } = (_, _) => [Latency];

    public List<byte[]> Sent { get; } = [];

    public List<byte[]> ReceivedByClient { get; } = [];

    public List<byte[]> ReceivedByServer { get; } = [];

    public bool AreConnected => Client.State == DtlsState.Connected && Server.State == DtlsState.Connected;

    public static DtlsCertificate Certificate() =>
        DtlsCertificate.Create(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch + TimeSpan.FromDays(36500));

    public void Start()
    {
        Server.Start(Now);
        Client.Start(Now);
        Drain();
    }

    public void Send(DtlsEndpoint from, ReadOnlySpan<byte> plaintext)
    {
        var length = from.Protect(plaintext, _buffer);
        Assert.NotEqual(0, length);
        Dispatch(from, _buffer.AsSpan(0, length));
    }

    /// <summary>Runs until <paramref name="condition"/> holds; false when nothing more happens or the time is over.</summary>
    public bool RunUntil(Func<bool> condition, double seconds = 20)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        Drain();
        while (!condition())
        {
            var next = Instant.Min(Client.WakeAt, Server.WakeAt);
            foreach (var packet in _inFlight)
            {
                next = Instant.Min(next, packet.At);
            }

            if (next > end)
            {
                return false;
            }

            Now = Instant.Max(Now, next);
            Step();
        }

        return true;
    }

    public void Drain()
    {
        Drain(Client, ReceivedByClient);
        Drain(Server, ReceivedByServer);
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    private void Step()
    {
        _inFlight.Sort((a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Order.CompareTo(b.Order));
        if (_inFlight.Count > 0 && _inFlight[0].At <= Now)
        {
            var (_, _, to, datagram) = _inFlight[0];
            _inFlight.RemoveAt(0);
            to.Receive(Now, datagram);
        }
        else
        {
            Client.Advance(Now);
            Server.Advance(Now);
        }

        Drain();
    }

    private void Drain(DtlsEndpoint endpoint, List<byte[]> received)
    {
        while (endpoint.TryGetData(_buffer, out var length))
        {
            received.Add(_buffer[..length]);
        }

        while (endpoint.TryGetDatagram(_buffer, out var length))
        {
            Dispatch(endpoint, _buffer.AsSpan(0, length));
        }
    }

    private void Dispatch(DtlsEndpoint from, ReadOnlySpan<byte> datagram)
    {
        var number = Sent.Count;
        Sent.Add(datagram.ToArray());
        foreach (var delay in Network(from, number))
        {
            _inFlight.Add((Now + delay, _order++, from == Client ? Server : Client, datagram.ToArray()));
        }
    }
}
