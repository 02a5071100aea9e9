using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>What lies between the two ends. All chances are in thousandths.</summary>
internal sealed record PathConditions
{
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Time from one packet's arrival to the next one's: the default is that of a gigabit.</summary>
    public TimeSpan Spacing { get; init; } = TimeSpan.FromMicroseconds(10);

    public int Loss { get; init; }

    public int Duplication { get; init; }

    public int Reordering { get; init; }

    public TimeSpan ReorderingDelay { get; init; } = TimeSpan.FromMilliseconds(15);
}

/// <summary>A message as a test keeps it.</summary>
internal sealed record Arrived(ushort StreamId, uint Ppid, byte[] Payload, Instant At);

/// <summary>One end of the pair: the association and everything it has handed out.</summary>
internal sealed class SctpEnd(string name, Association association)
{
    public string Name { get; } = name;

    public Association Association { get; set; } = association;

    /// <summary>When the latest of its packets reaches the other end.</summary>
    public Instant LastArrival { get; set; }

    public List<Arrived> Messages { get; } = [];

    public List<SctpEvent> Events { get; } = [];

    /// <summary>Messages and events in one sequence, as texts.</summary>
    public List<string> Story { get; } = [];

    /// <summary>Whether messages are taken as they come. Off: they pile up and close the window.</summary>
    public bool IsReading { get; set; } = true;

    /// <summary>Takes messages and events instead, where a layer above owns them.</summary>
    public Action<SctpEnd>? Taker { get; set; }

    public int Received(SctpEventKind kind) => Events.Count(e => e.Kind == kind);

    public void Take(Instant now)
    {
        if (Taker is not null)
        {
            Taker(this);
            return;
        }

        var again = true;
        while (again)
        {
            again = false;
            while (IsReading && Association.TryReceive(out var message))
            {
                Messages.Add(new Arrived(message.StreamId, message.Ppid, message.Payload.ToArray(), now));
                Story.Add($"message {message.StreamId}");
                again = true;
            }

            while (Association.TryGetEvent(out var happened))
            {
                Events.Add(happened);
                Story.Add($"{happened.Kind} {happened.StreamId}");
                again = true;
            }
        }
    }
}

/// <summary>A packet on its way, for the tests that watch or drop some.</summary>
internal sealed record PacketOnPath(SctpEnd From, byte[] Bytes, Instant At)
{
    public List<ChunkType> Chunks => [.. SctpPair.ChunksOf(Bytes).Select(chunk => (ChunkType)chunk[0])];

    public bool Has(ChunkType type) => Chunks.Contains(type);
}

/// <summary>Two associations, a path with faults between them, one virtual clock. The same seed gives the same run.</summary>
internal sealed class SctpPair
{
    private readonly PriorityQueue<(SctpEnd To, byte[] Packet), (long Ticks, long Order)> _onPath = new();
    private readonly byte[] _buffer = new byte[65_536];
    private Prng _prng;
    private long _order;

    public SctpPair(SctpOptions? options = null, PathConditions? conditions = null, ulong seed = 1, SctpOptions? optionsOfZ = null)
    {
        options ??= new SctpOptions();
        Conditions = conditions ?? new PathConditions();
        _prng = new Prng(seed);
        A = new SctpEnd("A", new Association(options, new SeededSecrets(seed * 2)));
        Z = new SctpEnd("Z", new Association(optionsOfZ ?? options, new SeededSecrets((seed * 2) + 1)));
    }

    public PathConditions Conditions { get; set; }

    public SctpEnd A { get; }

    public SctpEnd Z { get; }

    public Instant Now { get; set; } = new(TimeSpan.TicksPerSecond);

    /// <summary>Sees each packet as it is sent; true drops it.</summary>
    public Func<PacketOnPath, bool>? Drop { get; set; }

    /// <summary>Every packet sent, dropped ones included, when <see cref="KeepsLog"/> is on.</summary>
    public List<PacketOnPath> Log { get; } = [];

    public bool KeepsLog { get; set; }

    public static SctpPair Connected(SctpOptions? options = null, PathConditions? conditions = null, ulong seed = 1, SctpOptions? optionsOfZ = null)
    {
        var pair = new SctpPair(options, conditions: null, seed, optionsOfZ);
        pair.A.Association.Connect(pair.Now);
        pair.Z.Association.Connect(pair.Now);
        Assert.True(pair.RunUntil(() => pair.A.Association.State == AssociationState.Established && pair.Z.Association.State == AssociationState.Established));
        pair.RunFor(TimeSpan.FromMilliseconds(100));
        pair.A.Events.Clear();
        pair.Z.Events.Clear();
        pair.A.Story.Clear();
        pair.Z.Story.Clear();
        pair.Conditions = conditions ?? pair.Conditions;
        return pair;
    }

    public SctpEnd Other(SctpEnd end) => end == A ? Z : A;

    public SctpSendOutcome Send(SctpEnd from, ushort stream, byte[] payload, SctpSendOptions options = default, uint ppid = 53) =>
        from.Association.Send(Now, stream, ppid, payload, options);

    /// <summary>Lets time pass until <paramref name="condition"/> holds. False if it does not within the limit, or nothing more can happen.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan? limit = null)
    {
        var end = Now + (limit ?? TimeSpan.FromMinutes(10));
        while (true)
        {
            Pump();
            if (condition())
            {
                return true;
            }

            if (!Step(end))
            {
                return false;
            }
        }
    }

    public void RunFor(TimeSpan duration)
    {
        var end = Now + duration;
        do
        {
            Pump();
        }
        while (Step(end));

        Now = end;
        A.Association.Advance(Now);
        Z.Association.Advance(Now);
        Pump();
    }

    /// <summary>Delivers bytes to an end as if they had come over the path.</summary>
    public void Inject(SctpEnd to, ReadOnlySpan<byte> packet)
    {
        to.Association.Receive(Now, packet);
        Pump();
    }

    /// <summary>Takes what both ends have to give: messages, events, packets.</summary>
    public void Pump()
    {
        A.Take(Now);
        Z.Take(Now);
        Fetch(A);
        Fetch(Z);
    }

    public static List<byte[]> ChunksOf(byte[] packet)
    {
        var chunks = new List<byte[]>();
        var reader = new ChunkReader(packet.AsSpan(SctpHeader.Length));
        while (reader.TryRead(out var chunk))
        {
            chunks.Add(chunk.Whole.ToArray());
        }

        return chunks;
    }

    /// <summary>A packet around chunks, sealed, as the other side of <paramref name="to"/> would send it.</summary>
    public static byte[] Packet(uint tag, params byte[][] chunks)
    {
        var buffer = new byte[4096];
        var writer = new PacketWriter(buffer, buffer.Length);
        foreach (var chunk in chunks)
        {
            Assert.True(writer.TryReserve(chunk.Length, out var target));
            chunk.CopyTo(target);
        }

        return buffer[..writer.Finish(new SctpHeader(5000, 5000, tag))];
    }

    private bool Step(Instant end)
    {
        var next = Instant.Min(A.Association.WakeAt, Z.Association.WakeAt);
        if (_onPath.TryPeek(out _, out var due))
        {
            next = Instant.Min(next, new Instant(due.Ticks));
        }

        if (next > end || next.IsNever)
        {
            return false;
        }

        Now = Instant.Max(Now, next);
        A.Association.Advance(Now);
        Z.Association.Advance(Now);
        while (_onPath.TryPeek(out _, out due) && due.Ticks <= Now.Ticks)
        {
            var (to, packet) = _onPath.Dequeue();
            to.Association.Receive(Now, packet);
            to.Take(Now);
        }

        return true;
    }

    private void Fetch(SctpEnd from)
    {
        while (from.Association.TryGetPacket(Now, _buffer, out var length))
        {
            var packet = new PacketOnPath(from, _buffer[..length], Now);
            if (KeepsLog)
            {
                Log.Add(packet);
            }

            if (Drop?.Invoke(packet) == true || _prng.NextChance(Conditions.Loss, 1000))
            {
                continue;
            }

            Enqueue(packet);
            if (_prng.NextChance(Conditions.Duplication, 1000))
            {
                Enqueue(packet);
            }
        }
    }

    private void Enqueue(PacketOnPath packet)
    {
        var arrival = Instant.Max(Now + Conditions.Latency, packet.From.LastArrival + Conditions.Spacing);
        packet.From.LastArrival = arrival;
        if (_prng.NextChance(Conditions.Reordering, 1000))
        {
            arrival += Conditions.ReorderingDelay;
        }

        _onPath.Enqueue((Other(packet.From), packet.Bytes), (arrival.Ticks, _order++));
    }
}
