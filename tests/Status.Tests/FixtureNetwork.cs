using System.Runtime.CompilerServices;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Status.Tests;

/// <summary>A network that is made up: members with the tables that they would have, and a flow of messages. Answers a page's questions as a real one does.</summary>
internal sealed class FixtureNetwork : IStatusSource
{
    private const int Successors = 8;
    private const int Fingers = 16;
    private const int MaxDegree = 4;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<ulong, RingId> _members = [];
    private readonly DateTimeOffset _since = DateTimeOffset.UtcNow;
    private readonly List<Action<NearChange>> _listeners = [];
    private Prng _random;

    public FixtureNetwork(int members, ulong seed = 1, bool isTree = false)
    {
        _random = new(seed);
        Origin = new("node", isTree ? Topology.Tree : Topology.Chord);
        while (_members.Count < members)
        {
            Add();
        }

        Origin = Origin with { Id = _members.Values.First() };
    }

    public StatusOrigin Origin { get; }

    /// <summary>Rounds of questions so far.</summary>
    public int Rounds { get; private set; }

    /// <summary>Whether nobody looks.</summary>
    public bool IsResting { get; private set; } = true;

    /// <summary>Whether nobody can be asked.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>Its spans, of every member the same.</summary>
    public IReadOnlyList<SpanReport> Spans { get; set; } = [];

    /// <summary>Who lives.</summary>
    public IReadOnlyList<RingId> Members
    {
        get
        {
            lock (_gate)
            {
                return [.. _members.Values];
            }
        }
    }

    private bool IsTree => Origin.Topology == Topology.Tree;

    /// <summary>Somebody comes.</summary>
    public RingId Add()
    {
        lock (_gate)
        {
            var id = RingId.From(_random.Next() >> 16);
            _members[id.Value] = id;
            return id;
        }
    }

    /// <summary>Somebody dies: it answers no more.</summary>
    public void Kill(RingId id)
    {
        lock (_gate)
        {
            _members.Remove(id.Value);
        }
    }

    /// <summary>Something happens near the page's server.</summary>
    public void Tell(NearChange happened)
    {
        lock (_gate)
        {
            _listeners.ForEach(listener => listener(happened));
        }
    }

    public async IAsyncEnumerable<MemberAnswer> CrawlAsync(IReadOnlyCollection<RingId> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (Rounds, IsResting) = (Rounds + 1, false);
        await Task.Yield();
        if (IsCutOff)
        {
            throw new IOException("no way out");
        }

        foreach (var report in Reports())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new(report.Id, report, null);
        }

        foreach (var id in known.Except(Members))
        {
            yield return new(id, null, "timedOut");
        }
    }

    public IDisposable Subscribe(Action<NearChange> happened)
    {
        lock (_gate)
        {
            _listeners.Add(happened);
        }

        return new Subscription(this, happened);
    }

    public IReadOnlyList<SpanReport> SpansOf(RingId member) => Spans;

    public ValueTask RestAsync()
    {
        IsResting = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>What everybody says of itself at this moment.</summary>
    public List<MemberReport> Reports()
    {
        var ids = Members;
        var seconds = (DateTimeOffset.UtcNow - _since).TotalSeconds;
        var links = Enumerable.Range(0, ids.Count).Select(at => IsTree ? TreeLinks(ids, at) : RingLinks(ids, at)).ToList();
        var back = new List<(int Peer, LinkPurpose For)>[ids.Count];
        for (var at = 0; at < ids.Count; at++)
        {
            foreach (var (peer, purpose) in links[at])
            {
                (back[peer] ??= []).Add((at, purpose & LinkPurpose.Ring));
            }
        }

        return [.. ids.Select((id, at) => new MemberReport(id, NodePhase.Member)
        {
            Above = IsTree ? (at == 0 ? null : ids[(at - 1) / MaxDegree]) : ids[(at + ids.Count - 1) % ids.Count],
            Below = IsTree
                ? [.. Enumerable.Range((at * MaxDegree) + 1, MaxDegree).Where(child => child < ids.Count).Select(child => ids[child])]
                : [.. Enumerable.Range(1, Math.Min(Successors, ids.Count - 1)).Select(step => ids[(at + step) % ids.Count])],
            Fingers = IsTree ? [] : [.. FingersOf(ids, at).Select((finger, row) => new FingerEntry((byte)(47 - row), ids[finger]))],
            Links = [.. links[at].Select(link => Report(ids, at, link.Peer, link.For, false, seconds)), .. (back[at] ?? []).Select(link => Report(ids, at, link.Peer, link.For, true, seconds))],
        })];
    }

    private static LinkReport Report(IReadOnlyList<RingId> ids, int from, int to, LinkPurpose purpose, bool isIncoming, double seconds)
    {
        var draw = (uint)HashOf(ids[from], ids[to]) % 1000; // The same from both ends, whoever else comes.
        var rate = draw < 860 ? 0.2 : draw < 960 ? 3 : 40;
        return new(ids[to], LinkPhase.Open, purpose, isIncoming)
        {
            Carrier = draw % 29 == 0 && (purpose & LinkPurpose.Ring) == 0 ? LinkCarrier.Relayed : LinkCarrier.Direct,
            RoundTrip = TimeSpan.FromMilliseconds(2 + (draw % 80)),
            Sent = (ulong)(rate * seconds),
        };
    }

    private static ulong HashOf(RingId one, RingId other)
    {
        var mixed = (one.Value ^ other.Value) * 0x9E3779B97F4A7C15;
        return mixed >> 40;
    }

    private static IEnumerable<(int Peer, LinkPurpose For)> RingLinks(IReadOnlyList<RingId> ids, int at)
    {
        var count = ids.Count;
        var peers = new HashSet<int> { at };
        for (var step = 1; step <= 2; step++)
        {
            if (peers.Add((at + step) % count))
            {
                yield return ((at + step) % count, LinkPurpose.Ring);
            }
        }

        foreach (var finger in FingersOf(ids, at))
        {
            if (peers.Add(finger))
            {
                yield return (finger, LinkPurpose.Finger);
            }
        }
    }

    /// <summary>Parent, and a spare link to an uncle.</summary>
    private static IEnumerable<(int Peer, LinkPurpose For)> TreeLinks(IReadOnlyList<RingId> ids, int at)
    {
        if (at == 0)
        {
            yield break;
        }

        var parent = (at - 1) / MaxDegree;
        yield return (parent, LinkPurpose.Ring);
        var uncle = parent == 0 ? at % Math.Min(MaxDegree, ids.Count - 1) + 1 : (parent % MaxDegree) + (((parent - 1) / MaxDegree) * MaxDegree) + 1;
        if (uncle != at && uncle != parent && uncle < ids.Count)
        {
            yield return (uncle, LinkPurpose.Join);
        }
    }

    /// <summary>The members responsible for id + 2^row, from the farthest row on, each once.</summary>
    private static IEnumerable<int> FingersOf(IReadOnlyList<RingId> ids, int at)
    {
        var seen = new HashSet<int> { at };
        for (var row = RingId.Bits - 1; row >= 0 && seen.Count <= Fingers; row--)
        {
            var start = ids[at].FingerStart(row);
            var (low, high) = (0, ids.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = ids[middle].Value < start.Value ? (middle + 1, high) : (low, middle);
            }

            if (seen.Add(low % ids.Count))
            {
                yield return low % ids.Count;
            }
        }
    }

    private sealed class Subscription(FixtureNetwork network, Action<NearChange> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (network._gate)
            {
                network._listeners.Remove(listener);
            }
        }
    }
}
