using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

/// <summary>Brings messages to all members, once to each, by splitting the ring among the open links (El-Ansary, Alima, Brand, Haridi, IPTPS 2003).</summary>
/// <remarks>
/// <code>
/// o with links a, b, c, clockwise:   o → BroadcastData(limit b) → a;   o → BroadcastData(limit c) → b;   o → BroadcastData(limit o) → c      each goes on inside its own part
/// leaf → BroadcastDone → its parent → BroadcastDone → … → o                                                                      when all children are done
/// </code>
/// <para>N − 1 messages bring it to N members. A child whose link fails, or that says nothing for <see cref="MaxSilent"/> questions, is passed over: the part is split anew, the
/// neighbour before it reaches farther. Whoever gets it a second time delivers nothing, and passes on only what it had not covered before. A neighbour that comes new within
/// <see cref="KeptForNewcomers"/> gets it as well: it may have been a member already when the broadcast began.</para>
/// <para>No amplification: the origin's signature is judged at every hop, an origin has <see cref="OverlayOptions.MaxBroadcastsPerSecond"/>, parts shrink with every hop, depth is
/// bounded, and a part grows at most <see cref="MaxExtensions"/> times. At most <see cref="MaxActive"/> broadcasts and <see cref="MaxActiveBytes"/> of theirs wait for children;
/// one more is passed on without being watched over.</para>
/// </remarks>
internal sealed partial class RingBroadcasts : IBroadcasts
{
    /// <summary>Broadcasts that wait for children.</summary>
    public const int MaxActive = 1024;

    /// <summary>Application bytes of those.</summary>
    public const int MaxActiveBytes = 8 << 20;

    /// <summary>Questions that a child may leave unanswered.</summary>
    public const int MaxSilent = 2;

    /// <summary>Times that the part of a node may grow.</summary>
    public const int MaxExtensions = 8;

    private const int MaxForwards = 1024;
    private static readonly TimeSpan AskPeriod = TimeSpan.FromSeconds(1.5);

    private readonly INodePort _port;
    private readonly IBroadcastParts _ring;
    private readonly BroadcastGate _gate;
    private readonly Dictionary<BroadcastKey, Cast> _active = [];
    private readonly List<BroadcastChild> _children = [];
    private int _activeBytes;

    /// <param name="port">Where messages go.</param>
    /// <param name="ring">Who passes on to whom.</param>
    /// <param name="gate">Judges what comes.</param>
    public RingBroadcasts(INodePort port, IBroadcastParts ring, BroadcastGate gate) => (_port, _ring, _gate) = (port, ring, gate);

    /// <summary>Broadcasts that wait for children.</summary>
    public int ActiveCount => _active.Count;

    public Instant NextDue
    {
        get
        {
            var due = _gate.Memory.NextDue;
            foreach (var cast in _active.Values)
            {
                due = Instant.Min(due, cast.AskAt);
            }

            return due;
        }
    }

    public bool TryTakeArrival(out BroadcastMessage message) => _gate.TryTakeArrival(out message);

    public bool TryTakeResult(out BroadcastResult result) => _gate.TryTakeResult(out result);

    public void Start(Instant now, RequestId request, ReadOnlyMemory<byte> bytes)
    {
        if (_gate.TrySign(now, request, bytes, _active.Count < MaxActive && _activeBytes + bytes.Length <= MaxActiveBytes, out var broadcast))
        {
            var self = _port.Self.Id;
            var cast = Begin(now, broadcast, self, self);
            cast.Request = request;
            CoverFirst(now, cast);
            EndIfDone(now, cast);
        }
    }

    public void OnBroadcast(Instant now, RingId from, BroadcastData broadcast)
    {
        var key = broadcast.Key;
        if (_active.TryGetValue(key, out var cast))
        {
            AddParent(now, cast, from, broadcast.Limit);
            return;
        }

        var isKnown = _gate.Memory.TryFind(key, out var known);
        if (isKnown && (!_ring.ReachesFarther(_port.Self.Id, broadcast.Limit, known.Limit) || known.Extensions >= MaxExtensions))
        {
            Tell(now, from, key, broadcast.Limit, Outcome.Done, 0);
            return;
        }

        if (!_gate.IsTrue(now, broadcast) || (!isKnown && !_gate.TryRemember(now, broadcast)))
        {
            Tell(now, from, key, broadcast.Limit, Outcome.Refused, 0);
            return;
        }

        cast = Begin(now, broadcast, from, broadcast.Limit);
        if (isKnown)
        {
            cast.CoveredBefore = known.Limit;
            _gate.Memory.Extend(key, broadcast.Limit);
        }
        else
        {
            cast.OwnShare = 1;
            _gate.Deliver(cast.Broadcast);
        }

        cast.Parents.Add(new(from, broadcast.Limit));
        CoverFirst(now, cast);
        EndIfDone(now, cast);
        if (_active.Count > MaxActive || _activeBytes > MaxActiveBytes)
        {
            End(now, cast, Outcome.Done); // Passed on, and not watched over.
        }
    }

    public void OnDone(Instant now, RingId from, BroadcastDone done)
    {
        if (!_active.TryGetValue(done.Key, out var cast) || cast.Find(from) is not { } part || part.Limit != done.Limit || part.IsDone)
        {
            return;
        }

        part.Silent = 0;
        switch (done.Outcome)
        {
            case Outcome.Done or Outcome.Refused:
                (part.IsDone, part.Reached) = (true, Math.Clamp(done.Reached, 0, int.MaxValue / 2));
                EndIfDone(now, cast);
                break;
            case Outcome.Unreachable:
                cast.Parts.Remove(part); // It was lost on its way.
                Cover(now, cast);
                break;
        }
    }

    public void OnAsk(Instant now, RingId from, BroadcastAsk question)
    {
        var self = _port.Self.Id;
        var outcome = _active.TryGetValue(question.Key, out var cast) && !_ring.ReachesFarther(self, question.Limit, cast.Limit) ? Outcome.Busy
            : cast is null && _gate.Memory.TryFind(question.Key, out var known) && !_ring.ReachesFarther(self, question.Limit, known.Limit) ? Outcome.Done
            : Outcome.Unreachable;
        Tell(now, from, question.Key, question.Limit, outcome, 0);
    }

    /// <summary>What its peer was to pass on goes another way.</summary>
    public void LinkFailed(Instant now, RingId peer)
    {
        if (_active.Count == 0)
        {
            return;
        }

        foreach (var cast in CastsWith(peer))
        {
            cast.Parts.RemoveAll(part => part.Peer == peer && !part.IsDone);
            Cover(now, cast);
            EndIfDone(now, cast);
        }
    }

    /// <summary>Time passed: late children are asked, silent ones passed over, and what is too old is given up.</summary>
    public void Advance(Instant now)
    {
        foreach (var cast in Due(now))
        {
            if (cast.EndsAt <= now)
            {
                End(now, cast, Outcome.TimedOut);
            }
            else
            {
                AskChildren(now, cast);
            }
        }

        DropKept(now);
        _gate.Advance(now, isIdle: _active.Count == 0);
    }
}
