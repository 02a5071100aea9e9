using System.Diagnostics.CodeAnalysis;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Ice;

/// <summary>One side of an <see cref="IcePair"/>: an agent and the sockets it has.</summary>
internal sealed class IceSide(string name, IceAgent agent)
{
    public string Name { get; } = name;

    public IceAgent Agent { get; } = agent;

    public Dictionary<PathId, TransportAddress> Sockets { get; } = [];

    public List<IceEvent> Events { get; } = [];

    /// <summary>Private to public address; what leaves is rewritten, what comes in must answer something that left.</summary>
    public Dictionary<TransportAddress, TransportAddress> Nat { get; } = [];

    public HashSet<(TransportAddress Local, TransportAddress Remote)> OpenedHoles { get; } = [];

    public int SentCount { get; set; }

    public TransportAddress Bind(string address, bool announce = true, int? path = null)
    {
        var id = new PathId(path ?? Sockets.Count);
        var bound = TransportAddress.Parse(address);
        Sockets[id] = bound;
        if (announce)
        {
            Assert.NotNull(Agent.AddLocalCandidate(id, bound));
        }

        return bound;
    }
}

/// <summary>Two agents, one virtual clock and a network with latency, loss, blocked ways and address translation.</summary>
internal sealed class IcePair
{
    private readonly PriorityQueue<Datagram, (long At, long Sequence)> _inFlight = new();
    private readonly byte[] _buffer = new byte[1500];
    private Prng _prng;
    private long _sequence;

    public IcePair(IceOptions? options = null, ulong seed = 1, IceRole leftRole = IceRole.Controlling, IceRole rightRole = IceRole.Controlled)
    {
        _prng = new Prng(seed);
        Left = new IceSide("left", new IceAgent(options ?? new IceOptions(), leftRole, new SeededSecrets(seed * 2)));
        Right = new IceSide("right", new IceAgent(options ?? new IceOptions(), rightRole, new SeededSecrets((seed * 2) + 1)));
    }

    private sealed record Datagram(IceSide To, PathId Path, TransportAddress From, byte[] Bytes);

    public IceSide Left { get; }

    public IceSide Right { get; }

    public Instant Now { get; private set; } = Instant.Zero;

    public TimeSpan Elapsed => Now - Instant.Zero;

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(0.1);

    public int LossPercent { get; set; }

    /// <summary>Whether a datagram of <c>sender</c> from one address to another is swallowed.</summary>
    public Func<IceSide, TransportAddress, TransportAddress, bool> IsBlocked { get; set; } = (_, _, _) => false;

    /// <summary>Sees every datagram that leaves, delivered or not.</summary>
    public Action<IceSide, Transmit, byte[]>? OnSent { get; set; }

    public IceSide Other(IceSide side) => ReferenceEquals(side, Left) ? Right : Left;

    /// <summary>Tells each side the other's credentials and candidates, as an offer and an answer do.</summary>
    public void Exchange(bool withCandidates = true)
    {
        Tell(Left, Right, withCandidates);
        Tell(Right, Left, withCandidates);
    }

    /// <summary>Signals one way only.</summary>
    public void Tell(IceSide from, IceSide to, bool withCandidates = true)
    {
        Assert.True(to.Agent.SetRemoteCredentials(Now, from.Agent.LocalCredentials));
        if (withCandidates)
        {
            TellCandidates(from, to);
        }
    }

    public void TellCandidates(IceSide from, IceSide to)
    {
        foreach (var candidate in from.Agent.LocalCandidates)
        {
            to.Agent.AddRemoteCandidate(Now, candidate);
        }
    }

    /// <summary>Lets time pass until the condition holds; false when <paramref name="limit"/> has passed first.</summary>
    public bool DriveUntil(Func<bool> condition, TimeSpan limit)
    {
        var end = Now + limit;
        var idleSteps = 0;
        while (true)
        {
            Drain(Left);
            Drain(Right);
            if (condition())
            {
                return true;
            }

            var next = Instant.Min(Instant.Min(Left.Agent.WakeAt, Right.Agent.WakeAt), NextArrival());
            if (next > end)
            {
                Now = end;
                return false;
            }

            idleSteps = next <= Now ? idleSteps + 1 : 0;
            Assert.True(idleSteps < 1_000, "the agents ask to be woken over and over without time passing");
            Now = Instant.Max(Now, next);
            Step();
        }
    }

    public void Drive(TimeSpan duration) => DriveUntil(() => false, duration);

    public bool DriveUntilCompleted(TimeSpan limit) =>
        DriveUntil(() => Left.Agent.State == IceState.Completed && Right.Agent.State == IceState.Completed, limit);

    /// <summary>Hands a datagram to a side as if it had come from the network.</summary>
    public IceReceived Inject(IceSide to, TransportAddress from, ReadOnlySpan<byte> bytes, int path = 0) =>
        to.Agent.Receive(Now, new PathId(path), from, bytes);

    private void Step()
    {
        while (_inFlight.TryPeek(out var datagram, out var due) && due.At <= Now.Ticks)
        {
            _inFlight.Dequeue();
            datagram.To.Agent.Receive(Now, datagram.Path, datagram.From, datagram.Bytes);
            Drain(datagram.To);
        }

        Left.Agent.Advance(Now);
        Right.Agent.Advance(Now);
    }

    private Instant NextArrival() => _inFlight.TryPeek(out _, out var due) ? new Instant(due.At) : Instant.Never;

    private void Drain(IceSide side)
    {
        while (side.Agent.TryGetDatagram(Now, _buffer, out var transmit))
        {
            side.SentCount++;
            Send(side, transmit, _buffer[..transmit.Length]);
        }

        while (side.Agent.TryGetEvent(out var iceEvent))
        {
            side.Events.Add(iceEvent);
        }
    }

    private void Send(IceSide sender, Transmit transmit, byte[] bytes)
    {
        OnSent?.Invoke(sender, transmit, bytes);
        var local = sender.Sockets[transmit.Path];
        sender.OpenedHoles.Add((local, transmit.Remote));
        if (IsBlocked(sender, local, transmit.Remote) || _prng.NextChance(LossPercent, 100))
        {
            return;
        }

        var source = sender.Nat.GetValueOrDefault(local, local);
        var receiver = Other(sender);
        foreach (var (path, address) in receiver.Sockets)
        {
            var isNatted = receiver.Nat.TryGetValue(address, out var mapped);
            var isReached = isNatted
                ? mapped == transmit.Remote && receiver.OpenedHoles.Contains((address, source))
                : address == transmit.Remote;
            if (isReached)
            {
                var at = Now + Latency;
                _inFlight.Enqueue(new Datagram(receiver, path, source, bytes), (at.Ticks, _sequence++));
            }
        }
    }
}

/// <summary>Writes STUN messages as a peer would.</summary>
internal static class Wire
{
    public static byte[] Check(
        IceCredentials receiver, string senderUfrag, ulong tieBreaker = 7, bool controlling = true, bool useCandidate = false, ulong id = 1)
    {
        var buffer = new byte[600];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, StunTransactionId.Create(new SeededSecrets(id))));
        writer.AddUsername(System.Text.Encoding.ASCII.GetBytes($"{receiver.Ufrag}:{senderUfrag}"));
        writer.AddPriority(1853824767);
        if (controlling)
        {
            writer.AddIceControlling(tieBreaker);
        }
        else
        {
            writer.AddIceControlled(tieBreaker);
        }

        if (useCandidate)
        {
            writer.AddUseCandidate();
        }

        writer.AddIntegrity(System.Text.Encoding.ASCII.GetBytes(receiver.Password));
        writer.AddFingerprint();
        return buffer[..writer.Finish()];
    }

    /// <summary>The answer of a peer with this password, or null when the datagram is no request.</summary>
    public static byte[]? AnswerTo(byte[] request, TransportAddress mapped, string password)
    {
        if (!StunMessage.TryRead(request, out var message) || message.Class != StunClass.Request || !message.VerifyIntegrity(Ascii(password)))
        {
            return null;
        }

        return AnswerWith(request, mapped, password);
    }

    /// <summary>An answer made with whatever password.</summary>
    public static byte[] AnswerWith(ReadOnlySpan<byte> request, TransportAddress mapped, string password)
    {
        Assert.True(StunMessage.TryRead(request, out var message));
        var buffer = new byte[600];
        var writer = new StunWriter(buffer, message.Header with { Class = StunClass.Success });
        writer.AddXorMappedAddress(mapped);
        writer.AddIntegrity(Ascii(password));
        writer.AddFingerprint();
        return buffer[..writer.Finish()];
    }

    /// <summary>The same request with a mandatory attribute nobody knows put before its integrity, which is made anew.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "The hash that STUN prescribes.")]
    public static byte[] WithUnknownAttribute(byte[] request, string password)
    {
        var integrityAt = request.Length - 24;
        byte[] bytes = [.. request[..integrityAt], 0x7A, 0x7A, 0, 0, .. request[integrityAt..]];
        bytes[3] = (byte)(bytes.Length - 20);
        System.Security.Cryptography.HMACSHA1.HashData(Ascii(password), bytes.AsSpan(0, integrityAt + 4)).CopyTo(bytes, integrityAt + 8);
        return bytes;
    }

    /// <summary>The error code of the next datagram, 0 for a success; −1 when there is none or it does not verify.</summary>
    public static int TakeAnswer(IceAgent agent, Instant now)
    {
        var buffer = new byte[600];
        return agent.TryGetDatagram(now, buffer, out var transmit)
            && StunMessage.TryRead(buffer.AsSpan(0, transmit.Length), out var message)
            && message.VerifyIntegrity(Ascii(agent.LocalCredentials.Password))
            ? message.ErrorCode
            : -1;
    }

    public static bool HasUseCandidate(byte[] bytes) => StunMessage.TryRead(bytes, out var message) && message.UseCandidate;

    public static bool IsRequest(byte[] bytes) => StunMessage.TryRead(bytes, out var message) && message.Class == StunClass.Request;

    private static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);
}
