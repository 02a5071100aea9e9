using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

/// <summary>Brings messages to all members of a tree, once to each: over every edge, away from where they came from.</summary>
/// <remarks>
/// <code>
/// o → BroadcastData → parent and children → BroadcastData → their other neighbours → …        leaf → BroadcastDone → whoever it came from → … → o
/// a new edge a – b:   a → BroadcastAsk → b, for each broadcast of the last 30 s;   b: had it → BroadcastDone(Done or Busy);   else b → BroadcastDone(Unreachable) → a → BroadcastData → b
/// </code>
/// <para>N − 1 edges bring it to N members. What tears the tree does not tear a broadcast: it is kept for <see cref="Keep"/>, and the two ends of each new edge ask each other for all
/// that they keep, so an orphan that comes to a new parent gets with its whole subtree what it missed, and brings what began below it. For two that both know of an edge there is no moment in which one has
/// a broadcast, the other lacks it, and neither is about to send or to ask: who gets it sends it over all edges there are, and asks over all that come later.</para>
/// <para>There are moments when edges close a circle: who moves has its new parent before it lets go of the old one. So a second copy may come. It is not delivered, and its sender
/// need not wait: whoever sent the first one does.</para>
/// <para>No amplification: the origin's signature and quota are judged at every hop, a neighbour is sent a broadcast at most <see cref="MaxSends"/> times, and only when it has answered
/// a question that it lacks it. Kept are <see cref="MaxCasts"/> broadcasts with <see cref="MaxBytes"/>; one more takes the place of the oldest. What a neighbour offered and this node
/// asked for counts against no quota, or who was cut off for ten seconds could never catch up with an origin that uses its own: <see cref="MaxCasts"/> in <see cref="Keep"/>.</para>
/// </remarks>
internal sealed class TreeBroadcasts(INodePort port, IBroadcastEdges tree, BroadcastGate gate) : IBroadcasts
{
    /// <summary>How long a broadcast is looked after: as long as it is good for.</summary>
    public static readonly TimeSpan Keep = BroadcastGate.Life;

    /// <summary>Broadcasts looked after.</summary>
    public const int MaxCasts = 1024;

    /// <summary>Application bytes of those.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>Times that one neighbour is sent a broadcast that it says it lacks.</summary>
    public const int MaxSends = 3;

    private const int MaxParts = 256;
    private static readonly TimeSpan AskPeriod = TimeSpan.FromSeconds(1.5);

    private readonly Dictionary<BroadcastKey, Cast> _casts = [];
    private readonly Queue<Cast> _byAge = new(0);
    private readonly List<BroadcastEdge> _edges = [];
    private readonly HashSet<BroadcastKey> _lacking = [];
    private readonly Queue<(BroadcastKey Key, Instant Until)> _askedFor = new(0);
    private Instant _due = Instant.Never;
    private int _bytes;

    /// <summary>Broadcasts looked after.</summary>
    public int Count => _casts.Count;

    public Instant NextDue => Instant.Min(_due, gate.Memory.NextDue);

    public bool TryTakeArrival(out BroadcastMessage message) => gate.TryTakeArrival(out message);

    public bool TryTakeResult(out BroadcastResult result) => gate.TryTakeResult(out result);

    public void Start(Instant now, RequestId request, ReadOnlyMemory<byte> bytes)
    {
        var hasRoom = _byAge.Count < MaxCasts || _byAge.Peek().IsOver;
        if (gate.TrySign(now, request, bytes, hasRoom, out var broadcast))
        {
            var cast = Begin(now, broadcast, port.Self.Id);
            cast.Request = request;
            SendOverEdges(now, cast);
        }
    }

    public void OnBroadcast(Instant now, RingId from, BroadcastData broadcast)
    {
        if (_casts.TryGetValue(broadcast.Key, out var cast))
        {
            HasIt(now, cast, from);
            Tell(now, from, broadcast.Key, Outcome.Done, 0);
        }
        else if (gate.Memory.TryFind(broadcast.Key, out _))
        {
            Tell(now, from, broadcast.Key, Outcome.Done, 0);
        }
        else if (!gate.IsTrue(now, broadcast) || !gate.TryRemember(now, broadcast, _lacking.Contains(broadcast.Key)))
        {
            Tell(now, from, broadcast.Key, Outcome.Refused, 0);
        }
        else
        {
            cast = Begin(now, broadcast, from);
            gate.Deliver(cast.Broadcast);
            SendOverEdges(now, cast);
        }
    }

    public void OnDone(Instant now, RingId from, BroadcastDone done)
    {
        if (!_casts.TryGetValue(done.Key, out var cast) || cast.Find(from) is not { IsDone: false } part)
        {
            return;
        }

        switch (done.Outcome)
        {
            case Outcome.Busy when part.Sends > 0:
                break; // It has it from here, and waits for its own neighbours.
            case Outcome.Busy:
                HasIt(now, cast, from);
                break;
            case Outcome.Done or Outcome.Refused:
                part.Reached = part.Sends > 0 ? Math.Clamp(done.Reached, 0, int.MaxValue / 2) : 0;
                HasIt(now, cast, from);
                break;
            case Outcome.Unreachable when part.IsAsked && part.Sends < MaxSends:
                Send(now, cast, part);
                break;
        }
    }

    public void OnAsk(Instant now, RingId from, BroadcastAsk question)
    {
        var isKept = _casts.TryGetValue(question.Key, out var cast);
        var outcome = isKept && !cast!.IsOver ? Outcome.Busy
            : isKept || gate.Memory.TryFind(question.Key, out _) ? Outcome.Done
            : Outcome.Unreachable;
        Tell(now, from, question.Key, outcome, 0);
        if (isKept && cast!.Find(from) is { Sends: 0 })
        {
            HasIt(now, cast, from); // Both ends of a new edge ask at the same time.
        }
        else if (outcome == Outcome.Unreachable)
        {
            Lack(now, from, question.Key);
        }
    }

    public void NeighboursChanged(Instant now)
    {
        CopyEdges();
        foreach (var cast in _byAge)
        {
            cast.Parts.RemoveAll(part => !part.IsDone && !IsEdge(part.Peer)); // What was below it comes back over new edges.
            foreach (var edge in _edges)
            {
                if (edge.Peer != cast.From && cast.Find(edge.Peer) is null && cast.Parts.Count < MaxParts)
                {
                    var part = new Part(edge.Peer) { IsDone = edge.IsNewcomer };
                    cast.Parts.Add(part);
                    Ask(now, cast, part);
                }
            }

            EndIfDone(now, cast);
        }
    }

    /// <summary>Nobody else can take over what the neighbour was sent. It is asked until it answers, or is a neighbour no more.</summary>
    public void LinkFailed(Instant now, RingId peer)
    {
    }

    public void Advance(Instant now)
    {
        while (_byAge.TryPeek(out var oldest) && oldest.KeptUntil <= now)
        {
            DropOldest();
        }

        while (_askedFor.TryPeek(out var asked) && asked.Until <= now)
        {
            _lacking.Remove(_askedFor.Dequeue().Key);
        }

        if (_due <= now)
        {
            _due = _byAge.TryPeek(out var next) ? next.KeptUntil : Instant.Never;
            foreach (var cast in _byAge)
            {
                if (cast.AskAt <= now)
                {
                    AskAgain(now, cast);
                }

                _due = Instant.Min(_due, cast.AskAt);
            }
        }

        gate.Advance(now, isIdle: _casts.Count == 0);
    }

    private Cast Begin(Instant now, BroadcastData broadcast, RingId from)
    {
        while (_byAge.Count >= MaxCasts || (_byAge.Count > 0 && _bytes + broadcast.Bytes.Length > MaxBytes))
        {
            DropOldest();
        }

        var cast = new Cast(BroadcastGate.Detached(broadcast), from) { KeptUntil = now + Keep, AskAt = now + AskPeriod };
        _casts.Add(broadcast.Key, cast);
        _byAge.Enqueue(cast);
        _bytes += broadcast.Bytes.Length;
        _due = Instant.Min(_due, cast.AskAt);
        return cast;
    }

    private void SendOverEdges(Instant now, Cast cast)
    {
        CopyEdges();
        foreach (var edge in _edges)
        {
            if (edge.Peer != cast.From)
            {
                var part = new Part(edge.Peer);
                cast.Parts.Add(part);
                Send(now, cast, part);
            }
        }

        EndIfDone(now, cast);
    }

    private void Send(Instant now, Cast cast, Part part)
    {
        part.Sends++;
        part.IsAsked = false;
        cast.Forwards++;
        port.Send(now, part.Peer, cast.Broadcast with { Depth = (byte)Math.Min(cast.Broadcast.Depth + 1, BroadcastData.MaxDepth), Limit = part.Peer });
    }

    private void Ask(Instant now, Cast cast, Part part)
    {
        if (!part.IsDone)
        {
            part.IsAsked = true;
            (cast.AskAt, _due) = (Instant.Min(cast.AskAt, now + AskPeriod), Instant.Min(_due, now + AskPeriod));
            port.Send(now, part.Peer, new BroadcastAsk(cast.Broadcast.Key, part.Peer));
        }
    }

    private void AskAgain(Instant now, Cast cast)
    {
        cast.AskAt = Instant.Never;
        foreach (var part in cast.Parts)
        {
            Ask(now, cast, part);
        }
    }

    /// <summary>A neighbour is about to send what this node has missed.</summary>
    private void Lack(Instant now, RingId from, in BroadcastKey key)
    {
        CopyEdges();
        if (IsEdge(from) && _askedFor.Count < MaxCasts && _lacking.Add(key))
        {
            _askedFor.Enqueue((key, now + Keep));
        }
    }

    private void HasIt(Instant now, Cast cast, RingId peer)
    {
        if (cast.Find(peer) is { IsDone: false } part)
        {
            part.IsDone = true;
            EndIfDone(now, cast);
        }
    }

    private void EndIfDone(Instant now, Cast cast)
    {
        if (cast.IsOver || cast.Parts.Exists(static part => !part.IsDone))
        {
            return;
        }

        cast.IsOver = true;
        if (cast.Request is { } request)
        {
            gate.End(request, Outcome.Done, new(cast.Reached, cast.Forwards));
        }
        else
        {
            Tell(now, cast.From, cast.Broadcast.Key, Outcome.Done, cast.Reached + 1);
        }
    }

    private void DropOldest()
    {
        var cast = _byAge.Dequeue();
        _casts.Remove(cast.Broadcast.Key);
        _bytes -= cast.Broadcast.Bytes.Length;
        if (!cast.IsOver && cast.Request is { } request)
        {
            gate.End(request, Outcome.TimedOut, new(cast.Reached, cast.Forwards));
        }
    }

    private void Tell(Instant now, RingId to, in BroadcastKey key, Outcome outcome, int reached) =>
        port.Send(now, to, new BroadcastDone(key, port.Self.Id, outcome, reached));

    private void CopyEdges()
    {
        _edges.Clear();
        tree.CopyEdges(_edges);
    }

    private bool IsEdge(RingId peer)
    {
        foreach (var edge in _edges)
        {
            if (edge.Peer == peer)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A broadcast that is looked after.</summary>
    private sealed class Cast(BroadcastData broadcast, RingId from)
    {
        public BroadcastData Broadcast => broadcast;

        public RingId From => from;

        public RequestId? Request { get; set; }

        public Instant KeptUntil { get; init; }

        public Instant AskAt { get; set; }

        public int Forwards { get; set; }

        /// <summary>All neighbours were done once; those that come later are nobody's concern but this node's.</summary>
        public bool IsOver { get; set; }

        public List<Part> Parts { get; } = [];

        public int Reached
        {
            get
            {
                var reached = 0;
                foreach (var part in Parts)
                {
                    reached += part.Reached;
                }

                return reached;
            }
        }

        public Part? Find(RingId peer)
        {
            foreach (var part in Parts)
            {
                if (part.Peer == peer)
                {
                    return part;
                }
            }

            return null;
        }
    }

    /// <summary>A neighbour, and how far it is.</summary>
    private sealed class Part(RingId peer)
    {
        public RingId Peer => peer;

        /// <summary>Times it was sent to it; 0: it was only asked.</summary>
        public int Sends { get; set; }

        /// <summary>A question to it is out.</summary>
        public bool IsAsked { get; set; }

        public bool IsDone { get; set; }

        public int Reached { get; set; }
    }
}
