using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

/// <summary>One side of a <see cref="PeerPair"/> with everything that came out of it.</summary>
internal sealed class TestPeer(string name, PeerConnection connection, TransportAddress address)
{
    public string Name { get; } = name;

    public PeerConnection Connection { get; } = connection;

    /// <summary>Where its datagrams come from and go to now.</summary>
    public TransportAddress Address { get; set; } = address;

    public List<PeerEvent> Events { get; } = [];

    public List<(ChannelId Channel, bool IsText, byte[] Payload)> Messages { get; } = [];

    /// <summary>Messages stay in the connection while this is false.</summary>
    public bool ReadsMessages { get; set; } = true;

    public bool IsOpen => Connection.Phase == PeerPhase.Open && Connection.State == PeerState.Connected;

    public bool HasOpened(ChannelId channel) => Events.Exists(e => e.Kind == PeerEventKind.ChannelOpened && e.Channel == channel);

    public bool HasClosed(ChannelId channel) => Events.Exists(e => e.Kind == PeerEventKind.ChannelClosed && e.Channel == channel);

    /// <summary>The channel of that label, the newest; null when there is none.</summary>
    public ChannelId? ChannelOf(string label)
    {
        ChannelId? found = null;
        foreach (var e in Events)
        {
            if (e.Kind == PeerEventKind.ChannelOpened && Connection.TryGetChannel(e.Channel, out var info) && info.Options.Label == label)
            {
                found = e.Channel;
            }
        }

        return found;
    }

    public override string ToString() => $"{Name}: {Connection.State}, {Connection.Phase}, {Connection.Failure}";
}

/// <summary>What the network does with a datagram: the delays of its copies, none for a loss.</summary>
internal delegate TimeSpan[] Fate(TestPeer from, ReadOnlySpan<byte> datagram);

/// <summary>Two whole connections, one virtual clock, a network with latency, loss and a largest packet.</summary>
internal sealed class PeerPair : IDisposable
{
    private readonly PriorityQueue<Action, (Instant At, long Order)> _happenings = new();
    private readonly byte[] _buffer = new byte[4096];
    private Prng _prng;
    private long _order;

    public PeerPair(PeerOptions? offerer = null, PeerOptions? answerer = null, ulong seed = 1, int packetSize = 1200)
    {
        _prng = new Prng(seed);
        Fate = (_, _) => _prng.NextChance(LossPercent, 100) ? [] : [Latency];
        Offerer = Make("offerer", offerer ?? new PeerOptions { Role = PeerRole.Offerer }, 0x0A000001, OffererCertificate, packetSize);
        Answerer = Make("answerer", answerer ?? new PeerOptions { Role = PeerRole.Answerer }, 0x0A000002, AnswererCertificate, packetSize);
    }

    public static DtlsCertificate OffererCertificate { get; } = Dtls.DtlsPair.Certificate();

    public static DtlsCertificate AnswererCertificate { get; } = Dtls.DtlsPair.Certificate();

    public TestPeer Offerer { get; }

    public TestPeer Answerer { get; }

    public Instant Now { get; private set; } = Instant.Zero + TimeSpan.FromSeconds(100);

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>One way, for an offer or an answer.</summary>
    public TimeSpan SignallingLatency { get; set; } = TimeSpan.FromMilliseconds(20);

    public int LossPercent { get; set; }

    /// <summary>One way over the overlay, for connections that have one.</summary>
    public TimeSpan OverlayLatency { get; set; } = TimeSpan.FromMilliseconds(60);

    public int OverlayLossPercent { get; set; }

    /// <summary>Nothing passes the direct way.</summary>
    public bool IsDirectCut { get; set; }

    public bool IsOverlayCut { get; set; }

    /// <summary>Both sides with <see cref="OverlayPathId"/> beside the direct path.</summary>
    public static PeerPair WithOverlay(ulong seed = 1) => new(
        new PeerOptions { Role = PeerRole.Offerer, Overlay = new OverlayPath(OverlayPathId, OverlayPath.UsualPacketSize) },
        new PeerOptions { Role = PeerRole.Answerer, Overlay = new OverlayPath(OverlayPathId, OverlayPath.UsualPacketSize) },
        seed);

    public static PathId OverlayPathId { get; } = new(1000);

    /// <summary>Longer datagrams vanish, as on a path that does not fragment.</summary>
    public int LargestDatagram { get; set; } = 1200;

    public Fate Fate { get; set; }

    public long DatagramCount { get; private set; }

    public bool AreOpen => Offerer.IsOpen && Answerer.IsOpen;

    public TestPeer Other(TestPeer peer) => peer == Offerer ? Answerer : Offerer;

    /// <summary>Offer and answer go their way; nothing is waited for.</summary>
    public void Signal(Func<PeerDescription, PeerDescription>? changeOffer = null, Func<PeerDescription, PeerDescription>? changeAnswer = null)
    {
        var offer = Offerer.Connection.LocalDescription;
        Pump(Offerer);
        At(Now + SignallingLatency, () =>
        {
            Assert.True(Answerer.Connection.SetRemoteDescription(Now, changeOffer?.Invoke(offer) ?? offer));
            var answer = Answerer.Connection.LocalDescription;
            Pump(Answerer);
            At(Now + SignallingLatency, () =>
            {
                Assert.True(Offerer.Connection.SetRemoteDescription(Now, changeAnswer?.Invoke(answer) ?? answer));
                Pump(Offerer);
            });
        });
    }

    /// <summary>Signals and runs until both are open.</summary>
    public PeerPair Connect()
    {
        Signal();
        Assert.True(RunUntil(() => AreOpen), ToString());
        return this;
    }

    /// <summary>Makes a channel at one side and runs until both have it open. Returns both names of it.</summary>
    public (ChannelId Here, ChannelId There) OpenChannel(TestPeer from, DataChannelOptions options)
    {
        var here = from.Connection.CreateChannel(Now, options);
        Pump(from);
        Assert.True(RunUntil(() => from.HasOpened(here) && Other(from).ChannelOf(options.Label) is not null), ToString());
        return (here, Other(from).ChannelOf(options.Label)!.Value);
    }

    public SendOutcome Send(TestPeer from, ChannelId channel, ReadOnlySpan<byte> payload, bool isText = false)
    {
        var outcome = from.Connection.Send(Now, channel, payload, isText);
        Pump(from);
        return outcome;
    }

    /// <summary>The peer has another address from now on, on the same path; the former one is dead.</summary>
    public void MoveTo(TestPeer peer, TransportAddress address)
    {
        peer.Address = address;
        Assert.NotNull(peer.Connection.AddLocalCandidate(new PathId(7), address));
    }

    public void At(Instant moment, Action happening) => _happenings.Enqueue(happening, (moment, _order++));

    public void RunFor(TimeSpan time) => RunUntil(() => false, time.TotalSeconds);

    /// <summary>Runs until <paramref name="condition"/> holds; false when the time is over or nothing more can happen.</summary>
    public bool RunUntil(Func<bool> condition, double seconds = 60)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (!condition())
        {
            var next = Instant.Min(Offerer.Connection.WakeAt, Answerer.Connection.WakeAt);
            if (_happenings.TryPeek(out _, out var due))
            {
                next = Instant.Min(next, due.At);
            }

            if (next > end)
            {
                Now = end;
                return condition();
            }

            Now = Instant.Max(Now, next);
            Step();
        }

        return true;
    }

    /// <summary>The law of the loop: after an input everything is pulled.</summary>
    public void Pump(TestPeer peer)
    {
        bool isActive;
        do
        {
            isActive = false;
            while (peer.Connection.TryGetDatagram(Now, _buffer, out var transmit))
            {
                Dispatch(peer, transmit);
            }

            while (peer.ReadsMessages && peer.Connection.TryReceive(out var message))
            {
                isActive = true;
                peer.Messages.Add((message.Channel, message.IsText, message.Payload.ToArray()));
            }

            while (peer.Connection.TryGetEvent(out var e))
            {
                isActive = true;
                peer.Events.Add(e);
            }
        }
        while (isActive);
    }

    public void Dispose()
    {
        Offerer.Connection.Dispose();
        Answerer.Connection.Dispose();
    }

    public override string ToString() => $"{Offerer}; {Answerer}; {DatagramCount} datagrams; {Now}";

    private static TestPeer Make(string name, PeerOptions options, uint address, DtlsCertificate certificate, int packetSize)
    {
        var connection = new PeerConnection(options, certificate, new SeededSecrets(address));
        var peer = new TestPeer(name, connection, TransportAddress.FromIPv4(address, 5000));
        Assert.NotNull(connection.AddLocalCandidate(new PathId(7), peer.Address, packetSize));
        return peer;
    }

    private void Step()
    {
        if (_happenings.TryPeek(out _, out var due) && due.At <= Now)
        {
            _happenings.Dequeue()();
            return;
        }

        foreach (var peer in new[] { Offerer, Answerer })
        {
            if (peer.Connection.WakeAt <= Now)
            {
                peer.Connection.Advance(Now);
                Pump(peer);
            }
        }
    }

    private void Dispatch(TestPeer from, Transmit transmit)
    {
        var to = Other(from);
        var datagram = _buffer.AsSpan(0, transmit.Length);
        DatagramCount++;
        if (transmit.Path == OverlayPathId)
        {
            Assert.InRange(transmit.Length, 1, OverlayPath.UsualPacketSize);
            if (!IsOverlayCut && !_prng.NextChance(OverlayLossPercent, 100))
            {
                Deliver(from, OverlayPathId, default, datagram.ToArray(), OverlayLatency);
            }

            return;
        }

        Assert.Equal(new PathId(7), transmit.Path);
        if (IsDirectCut || transmit.Length > LargestDatagram || transmit.Remote != to.Address)
        {
            return;
        }

        foreach (var delay in Fate(from, datagram))
        {
            Deliver(from, new PathId(7), from.Address, datagram.ToArray(), delay);
        }
    }

    private void Deliver(TestPeer from, PathId path, TransportAddress address, byte[] datagram, TimeSpan delay)
    {
        var to = Other(from);
        At(Now + delay, () =>
        {
            to.Connection.Receive(Now, path, address, datagram);
            Pump(to);
        });
    }
}
