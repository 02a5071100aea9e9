using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// Members of two networks meet, because their hub sees both (j is named to p as another claimant of its slot):
//   hub → OtherGateway(j) → p;   p and j set up a link through the hub, which is a bridge
// or because j introduces newcomers where p remembers somebody to do so; then p first asks by this ring's own ways, for j is on this ring nearly always:
//   p → GetNeighbours → j, twice;   no answer: a link is set up through j's own endpoint
//   two rings: the zip begins (ChordRing.Merging);   a founding network: p → MergeLookup(F = 0), FoundingState → j, and the smaller one gives way
public sealed partial class ChordRing
{
    /// <summary>
    /// The hub named another member that claims what this node claims. Neighbours pass slots on to each other; anybody else may be on another ring.
    /// </summary>
    /// <returns>Whether a link to it is looked for.</returns>
    public bool HearOfOther(Instant now, in Contact other)
    {
        if (!IsMember || other.Id == _self || IsNeighbour(other.Id))
        {
            return false;
        }

        var merge = _merge ??= new();
        if (_port.IsLinked(other.Id))
        {
            LinkedToOther(now, other);
            return true;
        }

        var id = other.Id;
        merge.Named.RemoveAll(named => named.Contact.Id == id);
        RingMerge.AddBounded(merge.Named, new(other, now, now + RingMerge.NamedLife), RingMerge.MaxNamed);
        return true;
    }

    /// <summary>
    /// A member that introduces said who it is. Whoever answers a question that this ring carries is on this ring; from anybody else a link is wanted.
    /// </summary>
    /// <returns>Whether that remains to be seen.</returns>
    public bool Compare(Instant now, in Contact other)
    {
        if (!IsMember || other.Id == _self || IsNeighbour(other.Id) || _port.IsLinked(other.Id))
        {
            return false;
        }

        var merge = _merge ??= new();
        var id = other.Id;
        merge.Named.RemoveAll(named => named.Contact.Id == id);
        RingMerge.AddBounded(merge.Named, new(other, now + _options.QueryTimeout, now + RingMerge.NamedLife, RingMerge.Questions), RingMerge.MaxNamed);
        _port.Send(now, id, new GetNeighbours(_random.Next() | 1));
        return true;
    }

    private void TryNamed(Instant now, RingMerge merge)
    {
        for (var index = merge.Named.Count - 1; index >= 0; index--)
        {
            var named = merge.Named[index];
            if (now >= named.Until)
            {
                merge.Named.RemoveAt(index);
                _port.UnwantLink(now, named.Contact.Id, LinkPurpose.Join);
            }
            else if (now >= named.Due && named.Questions > 1)
            {
                merge.Named[index] = named with { Due = now + _options.QueryTimeout, Questions = named.Questions - 1 };
                _port.Send(now, named.Contact.Id, new GetNeighbours(_random.Next() | 1));
            }
            else if (now >= named.Due)
            {
                merge.Named[index] = named with { Due = now + RingMerge.NamedPeriod, Questions = 0 };
                _port.WantLinkVia(now, named.Contact, LinkPurpose.Join, _self);
            }
        }
    }

    /// <summary>A ring begins to merge; a founding network asks who is larger, after it said that they met as strangers.</summary>
    private void LinkedToOther(Instant now, in Contact peer)
    {
        if (Phase == NodePhase.Founding)
        {
            NoteOther(now, peer.Id);
            _port.Send(now, peer.Id, new MergeLookup(_port.Self.Certificate, _port.Self.Instance, null, 0, 0, true));
            SendFoundingState(now, peer.Id);
            return;
        }

        NoteOther(now, peer.Id);
        AddBridge(peer.Id);
        Detect(now, peer, _self, MergeLookup.MaxGossip);
    }

    /// <summary>A founding network met this node, or this node is of one and was met.</summary>
    private void MetBy(Instant now, in Contact from, MergeLookup lookup)
    {
        var merge = _merge ??= new();
        if (lookup.Certificate.Id == from.Id && merge.Messages.TryTake(now, RingMerge.MaxMessagesPerSecond))
        {
            Heard(now, from);
            NoteOther(now, from.Id);
            if (lookup.Gossip > 0)
            {
                SendFoundingState(now, from.Id); // A ring looks for a place of its own on this side: there is none, it is told so.
            }
        }
    }

    private void NoteOther(Instant now, RingId peer)
    {
        var merge = _merge ??= new();
        merge.Others.RemoveAll(other => other.Id == peer);
        RingMerge.AddBounded(merge.Others, (peer, now + RingMerge.NamedLife), RingMerge.MaxNamed);
    }

    /// <summary>Whether the two met a short while ago as strangers, each named to the other by the hub.</summary>
    private bool IsOther(RingId peer) => _merge?.Others.Exists(other => other.Id == peer) == true;

    /// <summary>
    /// The hub made them meet, and neither knows the other as one of its own: two networks that were parted. Where one counts the other in, they are one; and where nobody
    /// made them meet, they are what is left of one ring, which agrees on a set as ever.
    /// </summary>
    private bool IsOfOtherNetwork(in Contact from, FoundingState state) =>
        state.Phase is NodePhase.Member or NodePhase.Founding && IsOther(from.Id)
        && !Founding.IsAlive(from.Id, from.Instance) && !Names(state, _port.Self.Descriptor, FoundingMark.Alive);

    /// <summary>
    /// Sets cannot be united: each holds the other's members for dead. The smaller one dissolves, and its members join the other as newcomers; a ring is always the larger.
    /// </summary>
    private void MeetOther(Instant now, in Contact from, FoundingState state)
    {
        var theirs = 0;
        foreach (var entry in state.Entries)
        {
            theirs += entry.Mark == FoundingMark.Alive ? 1 : 0;
        }

        var isLarger = state.Phase == NodePhase.Founding
            && (Founding.AliveCount > theirs || (Founding.AliveCount == theirs && Founding.Hash >= state.SetHash));
        if (isLarger)
        {
            SendFoundingState(now, from.Id);
            return;
        }

        foreach (var member in Founding.ToLiving())
        {
            if (member.Id != _self)
            {
                _port.Send(now, member.Id, new FoundingState(Epoch, NodePhase.Rejoin, 0, []));
            }
        }

        Dissolve(now);
        Join.Hint = from;
    }

    /// <summary>This network gives way to another one.</summary>
    private void Dissolve(Instant now)
    {
        _port.RenewInstance(now);
        FallOut(now);
    }
}
