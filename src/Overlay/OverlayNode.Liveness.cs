using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Who lives: probes of neighbours, suspicion, confirmed deaths, and this node's doubt of itself after a pause.</summary>
public sealed partial class OverlayNode
{
    private readonly Suspects _suspects;
    private ulong _fence;
    private Instant _fenceDue = Instant.Never;

    /// <summary>Whether the node paused for so long that others may have taken it for dead: until a ring neighbour answers, it owns nothing.</summary>
    private bool IsFenced => _fence != 0;

    /// <summary>Neighbours are evicted after about two and a half probe periods of silence.</summary>
    private TimeSpan EvictionTime => _context.Options.ProbePeriod * 2.5;

    private Instant LivenessDue => Instant.Min(_suspects.NextDue, _fenceDue);

    private void AdvanceLiveness(Instant now)
    {
        if (_suspects.NextDue <= now)
        {
            while (_suspects.TryTakeDead(now, out var dead))
            {
                Evict(now, dead.Id);
            }

            _suspects.Advance(now);
        }

        if (_fenceDue <= now)
        {
            AskNeighbours(now);
        }
    }

    /// <summary>The death of a node is confirmed: every part forgets it.</summary>
    private void Evict(Instant now, RingId dead)
    {
        _context.Outbox.Observe(Observation.Evicted, dead);
        _suspects.Heard(dead);
        _links.Forget(now, dead, LinkFailure.Silent);
        _ring?.PeerDied(now, dead);
    }

    /// <summary>A loop that came more than half the eviction time too late fences its node (mechanisms §3).</summary>
    private void JudgePause(Instant now)
    {
        if (_wakeAt == Instant.Never || now <= _wakeAt || now - _wakeAt <= EvictionTime / 2 || IsFenced || !_context.IsMember)
        {
            return;
        }

        if (_ring?.RingNeighbours is { Successor: null, Predecessor: null } or null)
        {
            return; // Alone: nobody took anything over.
        }

        _fence = _context.NextNonce();
        AskNeighbours(now);
        _isSettled = false;
    }

    private void AskNeighbours(Instant now)
    {
        if (!IsFenced || _ring is null)
        {
            _fenceDue = Instant.Never;
            return;
        }

        _fenceDue = now + _context.Options.ProbePeriod;
        var (successor, predecessor) = (_ring.RingNeighbours.Successor, _ring.RingNeighbours.Predecessor);
        if (successor is null && predecessor is null)
        {
            EndFence();
            return;
        }

        if (successor is { } next)
        {
            _courier.Send(now, new Letter(next, new Ping(_fence)));
        }

        if (predecessor is { } previous && previous != successor)
        {
            _courier.Send(now, new Letter(previous, new Ping(_fence)));
        }
    }

    private void EndFence() => (_fence, _fenceDue) = (0, Instant.Never);

    private void ReceiveProbe(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case Ping ping:
                Reply(now, arrival, new Pong(ping.Nonce, _context.Phase));
                break;
            case Pong pong:
                if (IsFenced && pong.Nonce == _fence)
                {
                    EndFence();
                }

                break;
        }
    }
}
