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
public sealed partial class Broadcasts
{
    /// <summary>How long a broadcast is good for.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    /// <summary>How far the clocks of two nodes may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>Broadcasts that wait for children.</summary>
    public const int MaxActive = 1024;

    /// <summary>Application bytes of those.</summary>
    public const int MaxActiveBytes = 8 << 20;

    /// <summary>Questions that a child may leave unanswered.</summary>
    public const int MaxSilent = 2;

    /// <summary>Times that the part of a node may grow.</summary>
    public const int MaxExtensions = 8;

    private const int MaxOrigins = 65_536;
    private const int MaxForwards = 1024;
    private static readonly TimeSpan AskPeriod = TimeSpan.FromSeconds(1.5);

    private readonly OverlayOptions _options;
    private readonly INodePort _port;
    private readonly IBroadcastTree _tree;
    private readonly ISigning _signing;
    private readonly CertificateStore _certificates;
    private readonly BroadcastMemory _memory = new();
    private readonly Dictionary<RingId, TokenBucket> _quotas = [];
    private readonly Dictionary<BroadcastKey, Cast> _active = [];
    private readonly List<BroadcastChild> _children = [];
    private readonly Queue<BroadcastMessage> _arrived = new(0);
    private readonly Queue<BroadcastResult> _results = new(0);
    private ulong _lastNumber;
    private int _activeBytes;

    /// <param name="options">The quota.</param>
    /// <param name="port">Where messages go.</param>
    /// <param name="tree">Who passes on to whom.</param>
    /// <param name="signing">Signs the node's own broadcasts and judges others'.</param>
    /// <param name="certificates">Judges the origins' certificates.</param>
    public Broadcasts(OverlayOptions options, INodePort port, IBroadcastTree tree, ISigning signing, CertificateStore certificates)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(certificates);
        (_options, _port, _tree, _signing, _certificates) = (options, port, tree, signing, certificates);
    }

    /// <summary>Broadcasts that wait for children.</summary>
    public int ActiveCount => _active.Count;

    /// <summary>Broadcasts that are remembered.</summary>
    public int RememberedCount => _memory.Count;

    /// <summary>When to call <see cref="Advance"/> next.</summary>
    public Instant NextDue
    {
        get
        {
            var due = _memory.NextDue;
            foreach (var cast in _active.Values)
            {
                due = Instant.Min(due, cast.AskAt);
            }

            return due;
        }
    }

    /// <summary>Takes the next broadcast of somebody else.</summary>
    public bool TryTakeArrival(out BroadcastMessage message) => _arrived.TryDequeue(out message!);

    /// <summary>Takes the next end of a broadcast of this node.</summary>
    public bool TryTakeResult(out BroadcastResult result) => _results.TryDequeue(out result);

    /// <summary>Sends <paramref name="bytes"/> to all members but this one.</summary>
    public void Start(Instant now, RequestId request, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > BroadcastData.MaxDataBytes)
        {
            _results.Enqueue(new(request, Outcome.TooLarge, default));
            return;
        }

        var self = _port.Self;
        if (_active.Count >= MaxActive || _activeBytes + bytes.Length > MaxActiveBytes || _memory.Count >= BroadcastMemory.MaxEntries || !TryTakeQuota(now, self.Id))
        {
            _results.Enqueue(new(request, Outcome.Busy, default));
            return;
        }

        var broadcast = BroadcastSecurity.Sign(_signing, self.Certificate, self.Instance, ++_lastNumber, now.UnixMilliseconds + (long)Life.TotalMilliseconds, bytes);
        _memory.TryAdd(now, broadcast.Key, self.Id, now + Life + ClockTolerance);
        var cast = Begin(now, broadcast, self.Id, self.Id);
        cast.Request = request;
        CoverFirst(now, cast);
        EndIfDone(now, cast);
    }

    /// <summary>A broadcast came: it is delivered if it is new, and passed on to the part that came with it.</summary>
    public void OnBroadcast(Instant now, RingId from, BroadcastData broadcast)
    {
        ArgumentNullException.ThrowIfNull(broadcast);
        var key = broadcast.Key;
        if (_active.TryGetValue(key, out var cast))
        {
            AddParent(now, cast, from, broadcast.Limit);
            return;
        }

        var isKnown = _memory.TryFind(key, out var known);
        if (isKnown && (!_tree.ReachesFarther(_port.Self.Id, broadcast.Limit, known.Limit) || known.Extensions >= MaxExtensions))
        {
            Tell(now, from, key, broadcast.Limit, Outcome.Done, 0);
            return;
        }

        if (!IsTrue(now, broadcast) || (!isKnown && !TryRemember(now, broadcast)))
        {
            Tell(now, from, key, broadcast.Limit, Outcome.Refused, 0);
            return;
        }

        cast = Begin(now, broadcast, from, broadcast.Limit);
        if (isKnown)
        {
            cast.CoveredBefore = known.Limit;
            _memory.Extend(key, broadcast.Limit);
        }
        else
        {
            cast.OwnShare = 1;
            _arrived.Enqueue(new(key.Origin, cast.Broadcast.Bytes, broadcast.Depth));
        }

        cast.Parents.Add(new(from, broadcast.Limit));
        CoverFirst(now, cast);
        EndIfDone(now, cast);
        if (_active.Count > MaxActive || _activeBytes > MaxActiveBytes)
        {
            End(now, cast, Outcome.Done); // Passed on, and not watched over.
        }
    }

    /// <summary>A child says how far it is.</summary>
    public void OnDone(Instant now, RingId from, BroadcastDone done)
    {
        ArgumentNullException.ThrowIfNull(done);
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

    /// <summary>A parent asks how far this node is.</summary>
    public void OnAsk(Instant now, RingId from, BroadcastAsk question)
    {
        ArgumentNullException.ThrowIfNull(question);
        var self = _port.Self.Id;
        var outcome = _active.TryGetValue(question.Key, out var cast) && !_tree.ReachesFarther(self, question.Limit, cast.Limit) ? Outcome.Busy
            : cast is null && _memory.TryFind(question.Key, out var known) && !_tree.ReachesFarther(self, question.Limit, known.Limit) ? Outcome.Done
            : Outcome.Unreachable;
        Tell(now, from, question.Key, question.Limit, outcome, 0);
    }

    /// <summary>A link ended, or a message over it came back: what its peer was to pass on goes another way.</summary>
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
        _memory.Advance(now);
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
        if (_memory.Count == 0 && _active.Count == 0)
        {
            _quotas.Clear();
        }
    }
}
