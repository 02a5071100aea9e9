using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

// What a node does with its part: splits it among its children, and splits it anew when one of them fails.
internal sealed partial class RingBroadcasts
{
    private Cast Begin(Instant now, BroadcastData broadcast, RingId from, RingId limit)
    {
        // The part may have to be split again later.
        var cast = new Cast(BroadcastGate.Detached(broadcast), from) { Limit = limit, AskAt = now + AskPeriod, EndsAt = now + BroadcastGate.Life };
        _active.Add(broadcast.Key, cast);
        _activeBytes += broadcast.Bytes.Length;
        cast.Reached.Add(from);
        return cast;
    }

    /// <summary>One more wants this node to pass it on, perhaps farther than the ones before.</summary>
    private void AddParent(Instant now, Cast cast, RingId from, RingId limit)
    {
        if (cast.Parents.Count >= MaxExtensions * 2)
        {
            Tell(now, from, cast.Broadcast.Key, limit, Outcome.Done, 0);
            return;
        }

        cast.Parents.RemoveAll(parent => parent.Peer == from);
        cast.Parents.Add(new(from, limit));
        if (_ring.ReachesFarther(_port.Self.Id, limit, cast.Limit) && cast.Extensions++ < MaxExtensions)
        {
            cast.Limit = limit;
            _gate.Memory.Extend(cast.Broadcast.Key, limit);
            Cover(now, cast);
        }

        EndIfDone(now, cast);
    }

    /// <summary>Splits the part among the children there are now; whoever has its share of it already is left alone.</summary>
    private void Cover(Instant now, Cast cast)
    {
        _children.Clear();
        _ring.CopyChildren(cast.From, cast.Limit, cast.Doubtful, _children);
        foreach (var doubtful in cast.Doubtful)
        {
            if (_ring.IsNeighbour(doubtful))
            {
                _children.Add(new(doubtful, doubtful.Plus(1))); // It may live: it gets its own copy, and nothing to pass on.
            }
        }

        foreach (var child in _children)
        {
            var part = cast.Find(child.Peer);
            if ((part is not null && !_ring.ReachesFarther(child.Peer, child.Limit, part.Limit))
                || (part is null && cast.CoveredBefore is { } covered && !_ring.ReachesFarther(_port.Self.Id, child.Limit, covered)))
            {
                continue;
            }

            if (part is not null)
            {
                cast.Parts.Remove(part);
            }

            Pass(now, cast, child, part?.Reached ?? 0);
        }
    }

    private void Pass(Instant now, Cast cast, in BroadcastChild child, int reached)
    {
        if (cast.Forwards < MaxForwards)
        {
            cast.Forwards++;
            cast.Parts.Add(new(child.Peer, child.Limit) { Reached = reached });
            cast.Reached.Add(child.Peer);
            _port.Send(now, child.Peer, cast.Broadcast with { Depth = (byte)(cast.Broadcast.Depth + 1), Limit = child.Limit });
        }
    }

    private void AskChildren(Instant now, Cast cast)
    {
        cast.AskAt = Instant.Min(now + AskPeriod, cast.EndsAt);
        var isSilent = false;
        foreach (var part in cast.Parts)
        {
            if (part.IsDone)
            {
                continue;
            }

            if (part.Silent++ < MaxSilent)
            {
                _port.Send(now, part.Peer, new BroadcastAsk(cast.Broadcast.Key, part.Limit));
                continue;
            }

            isSilent = true;
            part.IsGone = true;
            if (!cast.Doubtful.Contains(part.Peer))
            {
                cast.Doubtful.Add(part.Peer);
            }
        }

        if (isSilent)
        {
            cast.Parts.RemoveAll(part => part.IsGone);
            Cover(now, cast);
            EndIfDone(now, cast);
        }
    }

    private void EndIfDone(Instant now, Cast cast)
    {
        foreach (var part in cast.Parts)
        {
            if (!part.IsDone)
            {
                return;
            }
        }

        End(now, cast, Outcome.Done);
    }

    private void End(Instant now, Cast cast, Outcome outcome)
    {
        if (!_active.Remove(cast.Broadcast.Key))
        {
            return;
        }

        _activeBytes -= cast.Broadcast.Bytes.Length;
        KeepForNewcomers(now, cast);
        var reached = 0;
        foreach (var part in cast.Parts)
        {
            reached += part.Reached;
        }

        if (cast.Request is { } request)
        {
            _gate.End(request, outcome, new(reached, cast.Forwards));
        }

        for (var i = 0; outcome == Outcome.Done && i < cast.Parents.Count; i++)
        {
            // Only the first one counts what is below: the others were told to look again.
            var parent = cast.Parents[i];
            Tell(now, parent.Peer, cast.Broadcast.Key, parent.Limit, Outcome.Done, parent.Peer == cast.From ? reached + cast.OwnShare : 0);
        }
    }

    private void Tell(Instant now, RingId to, in BroadcastKey key, RingId limit, Outcome outcome, int reached) =>
        _port.Send(now, to, new BroadcastDone(key, limit, outcome, reached));

    private List<Cast> CastsWith(RingId peer)
    {
        var casts = new List<Cast>();
        foreach (var cast in _active.Values)
        {
            if (cast.Find(peer) is { IsDone: false })
            {
                casts.Add(cast);
            }
        }

        return casts;
    }

    private List<Cast> Due(Instant now)
    {
        var due = new List<Cast>();
        foreach (var cast in _active.Values)
        {
            if (cast.AskAt <= now)
            {
                due.Add(cast);
            }
        }

        return due;
    }

    /// <summary>A broadcast that waits for children.</summary>
    private sealed class Cast(BroadcastData broadcast, RingId from)
    {
        public BroadcastData Broadcast => broadcast;

        public RingId From => from;

        public RingId Limit { get; set; }

        /// <summary>What this node had passed it on to, and forgotten the children of, when it was asked to reach farther.</summary>
        public RingId? CoveredBefore { get; set; }

        public RequestId? Request { get; set; }

        public Instant AskAt { get; set; }

        public Instant EndsAt { get; init; }

        /// <summary>1 where this node has delivered it under its first parent.</summary>
        public int OwnShare { get; set; }

        public int Forwards { get; set; }

        public int Extensions { get; set; }

        /// <summary>It is over, and kept until then.</summary>
        public Instant KeptUntil { get; set; }

        public List<BroadcastChild> Parents { get; } = [];

        /// <summary>Whom it came from, all it was ever given to, also those that failed, and who was known to be told by others.</summary>
        public List<RingId> Reached { get; } = [];

        public List<Part> Parts { get; } = [];

        /// <summary>Children that did not answer.</summary>
        public List<RingId> Doubtful { get; } = [];

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

    /// <summary>What a child was given.</summary>
    private sealed class Part(RingId peer, RingId limit)
    {
        public RingId Peer => peer;

        public RingId Limit => limit;

        public bool IsDone { get; set; }

        public bool IsGone { get; set; }

        public int Silent { get; set; }

        public int Reached { get; set; }
    }
}
