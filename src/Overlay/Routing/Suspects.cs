using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>Nodes that could not be reached, though no link says that they are dead: asked by routed, signed pings (mechanisms §3).</summary>
/// <remarks>A failed set-up is never evidence of death; only <see cref="OverlayOptions.LoneSuspicionTimeout"/> of silence is. Bounded: one more than
/// <see cref="MaxSuspects"/> is not suspected until there is room, and the ring asks again.</remarks>
public sealed class Suspects(NodeContext context, Courier courier)
{
    private const int MaxSuspects = 32;

    private readonly List<Suspect> _suspects = [];

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue { get; private set; } = Instant.Never;

    /// <summary>Begins to doubt <paramref name="peer"/>; once more changes nothing.</summary>
    public void Add(Instant now, in Contact peer)
    {
        foreach (var known in _suspects)
        {
            if (known.Peer.Id == peer.Id)
            {
                return;
            }
        }

        if (_suspects.Count < MaxSuspects && peer.Id != context.Self.Id)
        {
            _suspects.Add(new(peer, now + context.Options.LoneSuspicionTimeout));
            context.Outbox.Observe(Observation.Suspected, peer.Id);
            NextDue = now; // The first ping leaves with this step's end.
        }
    }

    /// <summary>A sign of life: anything authentic, or an open link.</summary>
    public void Heard(RingId peer)
    {
        for (var i = 0; i < _suspects.Count; i++)
        {
            if (_suspects[i].Peer.Id == peer)
            {
                _suspects.RemoveAt(i);
                return;
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _suspects.Clear();

    /// <summary>Pings who is due.</summary>
    public void Advance(Instant now)
    {
        NextDue = Instant.Never;
        foreach (var suspect in _suspects)
        {
            if (suspect.NextPing <= now)
            {
                suspect.NextPing = now + context.Options.ProbePeriod;
                courier.Send(now, new Letter(suspect.Peer.Id, new Ping(context.NextNonce())));
            }

            NextDue = Instant.Min(NextDue, Instant.Min(suspect.NextPing, suspect.Due));
        }
    }

    /// <summary>The next suspect whose time is over: it is dead.</summary>
    public bool TryTakeDead(Instant now, out Contact dead)
    {
        for (var i = 0; i < _suspects.Count; i++)
        {
            if (_suspects[i].Due <= now)
            {
                dead = _suspects[i].Peer;
                _suspects.RemoveAt(i);
                return true;
            }
        }

        dead = default;
        return false;
    }

    private sealed class Suspect(Contact peer, Instant due)
    {
        public Contact Peer { get; } = peer;

        public Instant Due { get; } = due;

        public Instant NextPing { get; set; }
    }
}
