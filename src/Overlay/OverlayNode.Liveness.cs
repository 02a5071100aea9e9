using Overlay.Chord;
using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Who lives: what the failure detector finds out becomes deeds, and this node's doubt of itself after a pause.</summary>
public sealed partial class OverlayNode
{
    private readonly FailureDetector _detector;
    private ulong _fence;
    private Moment _fencedAt;
    private Moment _fenceDue = Instant.Never;
    private Moment _unlinkedDue = Instant.Never;

    /// <summary>Whether the node paused for so long that others may have taken it for dead: until a ring neighbour answers, it owns nothing.</summary>
    private bool IsFenced => _fence != 0;

    private Instant LivenessDue => Instant.Min(Instant.Min(_detector.NextDue, _unlinkedDue), Instant.Min(_fenceDue, _context.UseCheckDue));

    private void AdvanceLiveness(Instant now)
    {
        _detector.Advance(now);
        if (_context.UseCheckDue <= now)
        {
            ProbeUsedLinks(now);
        }

        if (_unlinkedDue <= now)
        {
            WatchLinks(now);
        }

        if (_fenceDue <= now)
        {
            AskNeighbours(now);
        }
    }

    /// <summary>The first neighbours on the ring are watched closest, other links of the ring with care, the rest loosely.</summary>
    private void WatchLinks(Instant now)
    {
        if (_tree is { } tree)
        {
            WatchTreeLinks(now, tree);
            return;
        }

        var neighbours = _ring?.RingNeighbours ?? default;
        foreach (var link in _context.Links.Open)
        {
            var watch = link.PeerId == neighbours.Successor || link.PeerId == neighbours.Predecessor ? LinkWatch.Neighbour
                : (link.Purpose & LinkPurpose.Ring) != 0 ? LinkWatch.Ring
                : LinkWatch.Idle;
            _detector.Track(now, link, watch);
        }

        WatchUnlinked(now, neighbours);
    }

    /// <summary>A neighbour on the ring without a link dies unnoticed unless it is asked by routed pings, again and again.</summary>
    private void WatchUnlinked(Instant now, RingNeighbours neighbours)
    {
        _unlinkedDue = Instant.Never;
        if (neighbours.Successor is { } successor && !IsLinked(successor))
        {
            _detector.Suspect(now, successor);
            _unlinkedDue = now + _context.Options.LoneSuspicionTimeout;
        }

        if (neighbours.Predecessor is { } predecessor && !IsLinked(predecessor))
        {
            _detector.Suspect(now, predecessor);
            _unlinkedDue = now + _context.Options.LoneSuspicionTimeout;
        }
    }

    /// <summary>
    /// Asks the peers of links that were used and stayed silent. What somebody waits for does not wait for the answer to that question as well: it takes another way at once, and perhaps arrives twice.
    /// A link that is always so slow is given more time from its second such use on. A tree has no other way.
    /// </summary>
    private void ProbeUsedLinks(Instant now)
    {
        while (_context.Links.TryTakeUnheard(now + -_context.UsePatience, out var silent))
        {
            if (_ring is not null && silent.TryNoteSlow(now))
            {
                _context.Outbox.TakeBack(silent.Id, isEarly: true);
            }

            _detector.Suspect(now, silent.PeerId);
        }

        _context.UseCheckDue = _context.Links.FirstNote(LinkNoteKind.Unheard) + _context.UsePatience;
    }

    private void HandleFinding(Instant now, in LivenessEvent finding)
    {
        var link = _context.Links.FindOpen(finding.Peer);
        switch (finding.Kind)
        {
            case LivenessEventKind.Suspected:
                _context.Outbox.Observe(Observation.Suspected, finding.Peer, link?.Id ?? default);
                if (link is { } doubted)
                {
                    doubted.IsSuspect = true;
                    _context.Outbox.TakeBack(doubted.Id);
                }

                break;
            case LivenessEventKind.Cleared when link is { } living:
                living.IsSuspect = false;
                break;
            case LivenessEventKind.PathLost or LivenessEventKind.Silent when link is { } lost:
                _context.Outbox.TakeBack(lost.Id);
                _links.Close(now, lost, LinkFailure.Silent);
                break;
            case LivenessEventKind.Dead:
                _context.Outbox.Observe(Observation.Evicted, finding.Peer);
                _context.Departures.Add(now, finding.Peer, DepartureKind.Died, finding.Silence, finding.Probes);
                _links.Forget(now, finding.Peer, LinkFailure.Silent);
                _ring?.PeerDied(now, finding.Peer);
                _tree?.PeerDied(now, finding.Peer);
                _names?.PeerGone(now, finding.Peer);
                break;
            case LivenessEventKind.Fenced when _context.IsMember:
                (_fence, _fencedAt) = (_context.NextNonce(), now);
                _tree?.Fence(now);
                AskNeighbours(now);
                break;
        }
    }

    /// <summary>Asks the ring's neighbours whether they still count on this node, until one answers (mechanisms §3).</summary>
    private void AskNeighbours(Instant now)
    {
        var (successor, predecessor) = _ring?.RingNeighbours ?? default;
        if (!IsFenced || (successor is null && predecessor is null))
        {
            EndFence(); // Alone: nobody took anything over.
            return;
        }

        if (now - _fencedAt >= _context.Options.LoneSuspicionTimeout && _ring?.Phase == NodePhase.Member)
        {
            EndFence();
            _ring.Rejoin(now); // Nobody counts on it any more.
            return;
        }

        _fenceDue = now + _context.Options.ProbePeriod;
        if (successor is { } next)
        {
            _courier.Send(now, new Letter(next, new Ping(_fence, _context.Self.Id)));
        }

        if (predecessor is { } previous && previous != successor)
        {
            _courier.Send(now, new Letter(previous, new Ping(_fence, _context.Self.Id)));
        }
    }

    private void EndFence() => (_fence, _fenceDue) = (0, Instant.Never);

    private void ReceiveProbe(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case Ping ping when arrival.ReplyVia is { } way && _tree is not null && _context.Links.FindOpen(arrival.From.Id) is { } direct && direct.Id != arrival.Link:
                _courier.SendRound(now, way, new Letter(arrival.From.Id, new Pong(ping.Nonce, _context.Phase))); // A neighbour that doubts the link between us.
                break;
            case Ping ping when arrival.ReplyVia is not null:
                Reply(now, arrival, new Pong(ping.Nonce, _context.Phase)); // A guest's sign of life.
                break;
            case Ping { ReplyTo: { } doubter } when doubter == arrival.From.Id && IsFenced:
                break; // It asks whether it is still counted on. Who doubts itself cannot say: two that slept side by side would confirm each other.
            case Ping ping:
                _detector.OnPing(now, arrival.From.Id, ping);
                break;
            case ProbeFor probe when IsLinked(arrival.From.Id):
                _detector.OnProbeFor(now, arrival.From.Id, probe);
                break;
            case Pong pong:
                if (IsFenced && pong.Nonce == _fence)
                {
                    EndFence();
                }

                _detector.OnPong(now, arrival.From.Id, pong);
                _ring?.PeerPhase(now, arrival.From.Id, pong.Phase);
                break;
        }
    }
}
