using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Benchmarks.Memory;

/// <summary>Lets a settled ring live: timers, messages that take 50 ms, links for the asking. No hub answers.</summary>
internal sealed class QuietWorld(SettledRing ring)
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    private readonly PriorityQueue<(int Node, int Peer, LinkId Opening, Message Message), (long Ticks, long Order)> _events = new();
    private readonly Outbox _outbox = new();
    private Instant _now = SettledRing.Start;
    private long _order;

    /// <summary>Messages that arrived.</summary>
    public long Messages { get; private set; }

    /// <summary>The outbox that all nodes share.</summary>
    public Outbox Outbox => _outbox;

    /// <summary>Lets virtual time pass.</summary>
    public void Run(TimeSpan duration)
    {
        var end = _now + duration;
        while (_events.TryPeek(out var next, out var due) && due.Ticks <= end.Ticks)
        {
            _events.Dequeue();
            _now = SettledRing.Start + TimeSpan.FromTicks(due.Ticks);
            var node = ring.Nodes[next.Node];
            if (next.Opening != default)
            {
                Link(next.Node, next.Opening, next.Peer);
                continue;
            }

            if (next.Peer < 0)
            {
                if (node.WakeAt.Ticks != due.Ticks)
                {
                    continue; // It wanted to be woken at another time since.
                }

                node.Advance(_now, _outbox);
            }
            else
            {
                Messages++;
                node.Receive(_now, node.LinkTo(ring.MemberOf(next.Peer).Id), next.Message, _outbox);
            }

            Perform(next.Node);
        }

        _now = end;
    }

    /// <summary>Does what a step of <paramref name="rank"/> wants done.</summary>
    public void Perform(int rank)
    {
        var node = ring.Nodes[rank];
        var effects = _outbox.Effects.ToArray();
        _outbox.Clear();
        foreach (ref readonly var effect in effects.AsSpan())
        {
            if (effect.Kind == EffectKind.Send && node.PeerOf(effect.Link) is { } peer)
            {
                _events.Enqueue((ring.RankOf(peer), rank, default, effect.Message), ((_now + Delay).Ticks, _order++));
                if (effect.Number == 1)
                {
                    node.LinkHeard(_now, effect.Link);
                }
            }
            else if (effect.Kind == EffectKind.OpenLink)
            {
                _events.Enqueue((rank, ring.RankOf(effect.Peer), effect.Link, default), ((_now + Delay).Ticks, _order++));
            }
        }

        if (node.WakeAt < Instant.Never)
        {
            _events.Enqueue((rank, -1, default, default), (node.WakeAt.Ticks, _order++));
        }
    }

    private void Link(int rank, LinkId link, int peerRank)
    {
        var (node, peer) = (ring.Nodes[rank], ring.Nodes[peerRank]);
        var (self, other) = (ring.MemberOf(rank), ring.MemberOf(peerRank));
        var answer = peer.AcceptContact(_now, self, node.WantedFor(other.Id), node.Phase, _outbox);
        Perform(peerRank);
        node.ContactAnswered(_now, link, other, peer.WantedFor(self.Id), peer.Phase, answer, _outbox);
        Perform(rank);
    }
}
