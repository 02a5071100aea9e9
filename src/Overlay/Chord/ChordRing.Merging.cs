using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// Two rings become one (T. Shafaat, A. Ghodsi, S. Haridi: P2P 2007; F = 2). p and q detect each other, n is whoever stands before q on p's ring:
//   p → MergeLookup(q) → … → n;   n → TryMerge(n, n.succ) → q;   n takes q as its successor      (and the same for p on q's ring)
//   q → MergeLookup(n), MergeLookup(n.succ) along its own ring: the zip goes on from there
//   each look-up with F > 1 is also news to one random member, which begins look-ups of its own: so many zips run side by side
// In the paper pointers are set at once. Here q becomes a candidate: linked first, then asked for its list, as in the second step of Stabilize. Whoever is no longer its
// predecessor's successor asks that one's successor for its place (LookForPlace), so that no zip that breaks off leaves anybody behind. Arcs follow the predecessors
// by the grants that newcomers get.
public sealed partial class ChordRing
{
    /// <summary>While rings merge nobody stabilizes less often.</summary>
    private static readonly TimeSpan MergingPeriod = TimeSpan.FromSeconds(2);

    private RingMerge? _merge;

    /// <summary>Whether another ring was met a short while ago.</summary>
    public bool IsMerging(Instant now) => _merge is { } merge && now < merge.ActiveUntil;

    /// <summary>Whether the link to <paramref name="peer"/> leads into another ring.</summary>
    public bool IsBridge(RingId peer) => _merge?.Bridges.Contains(peer) == true;

    /// <summary>The link into another ring that leads nearest to <paramref name="member"/>; null where there is none.</summary>
    public RingId? BridgeTowards(RingId member)
    {
        RingId? nearest = null;
        foreach (var bridge in _merge?.Bridges ?? [])
        {
            if (_port.IsLinked(bridge) && (nearest is not { } best || bridge.DistanceTo(member) < best.DistanceTo(member)))
            {
                nearest = bridge;
            }
        }

        return nearest;
    }

    /// <summary>A member of another ring is to find its place on this one.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="from">The authenticated source.</param>
    /// <param name="lookup">Whom it is about.</param>
    /// <param name="replyVia">The anchor of the source.</param>
    public void OnMergeLookup(Instant now, in Contact from, MergeLookup lookup, RingId? replyVia)
    {
        ArgumentNullException.ThrowIfNull(lookup);
        if (IsMember && (Phase == NodePhase.Founding || lookup.Gossip == 0))
        {
            MetBy(now, from, lookup);
            return;
        }

        if (!TryBeginMergeStep(now) || !_port.TryLearn(now, lookup.Certificate, lookup.Instance, out var member) || member.Id == _self)
        {
            return;
        }

        Heard(now, from);
        var via = lookup.Via;
        if (member.Id == from.Id)
        {
            var isLinked = _port.IsLinked(from.Id);
            via = isLinked ? _self : replyVia;
            if (isLinked && !IsNeighbour(from.Id) && replyVia is null)
            {
                AddBridge(from.Id);
            }
        }

        var gossip = Math.Min(lookup.Gossip, MergeLookup.MaxGossip);
        if (lookup.IsNews)
        {
            Detect(now, member, via, gossip);
        }
        else
        {
            LookUpMerge(now, member, via, gossip, Math.Min(lookup.StepsLeft, MergeLookup.MaxSteps));
        }
    }

    /// <summary>Two neighbours on another ring, between which this node belongs.</summary>
    public void OnTryMerge(Instant now, in Contact from, TryMerge merge, RingId? replyVia)
    {
        ArgumentNullException.ThrowIfNull(merge);
        if (!TryBeginMergeStep(now)
            || !_port.TryLearn(now, merge.Predecessor, merge.PredecessorInstance, out var before)
            || !_port.TryLearn(now, merge.Successor, merge.SuccessorInstance, out var after))
        {
            return;
        }

        Heard(now, from);
        var via = replyVia ?? (_port.IsLinked(from.Id) ? from.Id : null); // Who sent it stands beside both, or is one of them.
        LookUpMerge(now, after, via == after.Id ? _self : via, MergeLookup.MaxGossip, MergeLookup.MaxSteps);
        LookUpMerge(now, before, via == before.Id ? _self : via, MergeLookup.MaxGossip, MergeLookup.MaxSteps);
    }

    private void AdvanceMerge(Instant now)
    {
        if (_merge is not { } merge)
        {
            return;
        }

        if (!IsMember)
        {
            EndMerge(now, merge);
            return;
        }

        ProbeVanished(now, merge);
        TryNamed(now, merge);
        merge.ForgetOthers(now);
        if (Phase == NodePhase.Member)
        {
            AdvanceZips(now, merge);
        }
        else
        {
            EndZips(now, merge); // Too few for a ring: networks of this size meet otherwise, and nothing of a zip may stay due.
        }

        if (merge.IsEmpty && now >= merge.ActiveUntil)
        {
            _merge = null;
        }
    }

    private void AdvanceZips(Instant now, RingMerge merge)
    {
        if (merge.Detections.Count > 0 && now >= merge.NextDetection)
        {
            var (member, via, gossip) = merge.Detections[0];
            merge.Detections.RemoveAt(0);
            merge.NextDetection = now + RingMerge.DetectionPeriod;
            LookUpMerge(now, member, via, gossip, MergeLookup.MaxSteps);
            SendAnchored(now, via, member.Id, new MergeLookup(_port.Self.Certificate, _port.Self.Instance, null, gossip, MergeLookup.MaxSteps, false));
        }

        if (merge.Candidate is { } candidate && now >= merge.CandidateUntil)
        {
            DropCandidate(now, merge, candidate.Id);
        }

        if (merge.Bridges.Count > 0 && now >= merge.ActiveUntil + RingMerge.BridgeLife)
        {
            foreach (var bridge in merge.Bridges)
            {
                _port.UnwantLink(now, bridge, LinkPurpose.Join);
            }

            merge.Bridges.Clear();
        }
    }

    private void EndMerge(Instant now, RingMerge merge)
    {
        EndZips(now, merge);
        _merge = null;
    }

    private void EndZips(Instant now, RingMerge merge)
    {
        foreach (var bridge in merge.Bridges)
        {
            _port.UnwantLink(now, bridge, LinkPurpose.Join);
        }

        if (merge.Candidate is { } candidate)
        {
            _port.UnwantLink(now, candidate.Id, LinkPurpose.Join);
        }

        merge.Bridges.Clear();
        merge.Detections.Clear();
        (merge.Candidate, merge.CandidateUntil) = (null, Instant.Never);
    }

    /// <summary>Remembers a neighbour that is gone without a good-bye: it may be cut off, with a ring of its own.</summary>
    private void NoteVanished(Instant now, RingId peer)
    {
        Contact? gone = _predecessor is { } predecessor && predecessor.Id == peer ? predecessor : null;
        foreach (ref readonly var entry in _successors.Entries)
        {
            gone = entry.Id == peer ? entry : gone;
        }

        if (gone is { } contact)
        {
            var merge = _merge ??= new();
            merge.RemoveVanished(peer);
            RingMerge.AddBounded(merge.Vanished, new(contact, now + RingMerge.FirstProbe, RingMerge.FirstProbe, now + RingMerge.VanishedLife), RingMerge.MaxVanished);
        }
    }

    /// <summary>Something came from a neighbour that had vanished.</summary>
    private void VanishedSpoke(Instant now, in Contact from)
    {
        _merge?.Answered(from.Id);
        if (_merge is { Vanished.Count: > 0 } merge && merge.RemoveVanished(from.Id) && !IsNeighbour(from.Id))
        {
            Detect(now, from, _port.IsLinked(from.Id) ? _self : null, MergeLookup.MaxGossip);
        }
    }

    private void ProbeVanished(Instant now, RingMerge merge)
    {
        for (var index = merge.Vanished.Count - 1; index >= 0; index--)
        {
            var vanished = merge.Vanished[index];
            if (now >= vanished.Until)
            {
                merge.Vanished.RemoveAt(index);
            }
            else if (now >= vanished.Due)
            {
                var pause = vanished.Pause * 2 < RingMerge.LongestProbe ? vanished.Pause * 2 : RingMerge.LongestProbe;
                merge.Vanished[index] = vanished with { Due = now + Spread(pause), Pause = pause };
                _port.Send(now, vanished.Contact.Id, new GetNeighbours(_random.Next() | 1));
            }
        }
    }

    private bool TryBeginMergeStep(Instant now)
    {
        if (Phase != NodePhase.Member || _successors.Count == 0)
        {
            return false;
        }

        var merge = _merge ??= new();
        if (!merge.Messages.TryTake(now, RingMerge.MaxMessagesPerSecond))
        {
            return false;
        }

        BecomeMerging(now, merge);
        return true;
    }

    private void BecomeMerging(Instant now, RingMerge merge)
    {
        merge.ActiveUntil = now + RingMerge.BridgeLife;
        if (_options.StabilizePeriod > MergingPeriod)
        {
            _stabilizeDue = Instant.Min(_stabilizeDue, now + Spread(MergingPeriod));
        }
    }

    private void AddBridge(RingId peer)
    {
        var merge = _merge ??= new();
        if (!merge.Bridges.Contains(peer))
        {
            RingMerge.AddBounded(merge.Bridges, peer, RingMerge.MaxBridges);
        }
    }

    private void Detect(Instant now, in Contact member, RingId? via, byte gossip)
    {
        var merge = _merge ??= new();
        var id = member.Id;
        if (!merge.Detections.Exists(waiting => waiting.Contact.Id == id))
        {
            merge.NextDetection = merge.Detections.Count > 0 || merge.NextDetection > now ? Instant.Min(merge.NextDetection, now + RingMerge.DetectionPeriod) : now;
            RingMerge.AddBounded(merge.Detections, new(member, via, gossip), RingMerge.MaxDetections);
        }

        BecomeMerging(now, merge);
    }

    /// <summary>Passes the look-up on along this ring, or ends it: <paramref name="member"/> and its neighbours here hear of each other.</summary>
    private void LookUpMerge(Instant now, in Contact member, RingId? via, byte gossip, byte stepsLeft)
    {
        var id = member.Id;
        if (id == _self || IsFirst(id) || Predecessor?.Id == id)
        {
            return;
        }

        var merge = _merge ??= new();
        if (gossip > 1 && !merge.WasToldOf(now, id))
        {
            gossip--;
            TellSomebody(now, member, via, gossip);
        }

        var first = _successors.First;
        if (IsBetween(_self, id, first.Id))
        {
            Place(now, merge, member, via, _port.Self, first);
            ConsiderSuccessor(now, merge, member, via);
        }
        else if (Predecessor is { } predecessor && IsBetween(predecessor.Id, id, _self))
        {
            Place(now, merge, member, via, predecessor, _port.Self);
        }
        else if (stepsLeft > 0)
        {
            _port.Send(now, ClosestBefore(id), new MergeLookup(member.Certificate, member.Instance, via, gossip, (byte)(stepsLeft - 1), false));
        }
    }

    private void Place(Instant now, RingMerge merge, in Contact member, RingId? via, in Contact before, in Contact after)
    {
        if (!merge.WasPlaced(now, member.Id))
        {
            SendAnchored(now, via, member.Id, new TryMerge(before.Certificate, before.Instance, after.Certificate, after.Instance));
        }
    }

    /// <summary>F > 1: one random member begins look-ups of its own.</summary>
    private void TellSomebody(Instant now, in Contact member, RingId? via, byte gossip)
    {
        Span<Contact> fingers = new Contact[Math.Max(1, _options.MaxFingers)];
        var known = _fingers.CopyLinked(fingers);
        var draw = _random.Next(known + _successors.Count);
        var somebody = draw < known ? fingers[draw] : _successors.Entries[draw - known];
        if (somebody.Id != member.Id)
        {
            _port.Send(now, somebody.Id, new MergeLookup(member.Certificate, member.Instance, via, gossip, MergeLookup.MaxSteps, true));
        }
    }

    /// <summary>The last linked finger before <paramref name="id"/>, else the last such successor: this ring's own, whatever other links there are.</summary>
    private RingId ClosestBefore(RingId id)
    {
        for (var row = FingerTable.Rows - 1; row >= 0; row--)
        {
            if (_fingers[row] is { } finger && IsBetween(_self, finger.Id, id) && _port.IsLinked(finger.Id))
            {
                return finger.Id;
            }
        }

        var closest = _successors.First.Id;
        foreach (ref readonly var entry in _successors.Entries)
        {
            closest = IsBetween(closest, entry.Id, id) && _port.IsLinked(entry.Id) ? entry.Id : closest;
        }

        return closest;
    }

    private void ConsiderSuccessor(Instant now, RingMerge merge, in Contact member, RingId? via)
    {
        if (merge.Candidate is { } other && other.Id != member.Id)
        {
            if (IsBetween(_self, other.Id, member.Id))
            {
                return; // It comes after that one, which hears of it in its turn.
            }

            DropCandidate(now, merge, other.Id);
        }

        (merge.Candidate, merge.CandidateUntil) = (member, now + _options.LinkSetUpTimeout);
        if (_port.IsLinked(member.Id))
        {
            StabilizeSoon(now);
        }
        else
        {
            _port.WantLinkVia(now, member, LinkPurpose.Join, via);
        }
    }

    private void DropCandidate(Instant now, RingMerge merge, RingId candidate)
    {
        (merge.Candidate, merge.CandidateUntil) = (null, Instant.Never);
        if (!merge.Bridges.Contains(candidate))
        {
            _port.UnwantLink(now, candidate, LinkPurpose.Join);
        }
    }

    /// <summary>The linked candidate that is to be asked before the next ordinary round.</summary>
    private bool TryTakeCandidate(out Contact candidate)
    {
        candidate = default;
        if (_merge is not { Candidate: { } waiting } merge || !_port.IsLinked(waiting.Id))
        {
            return false;
        }

        (merge.Candidate, merge.CandidateUntil) = (null, Instant.Never);
        if (!IsBetween(_self, waiting.Id, _successors.First.Id))
        {
            return false;
        }

        candidate = waiting;
        return true;
    }

    /// <summary>Takes [<paramref name="first"/>] ++ its list, and keeps whom it knew besides: both in one order.</summary>
    private void AdoptBoth(Instant now, in Contact first)
    {
        var theirs = new Contact[_successors.Capacity];
        var count = SuccessorList.Compose(_self, first, Resolved, _departed, theirs, out _);
        var both = new Contact[_successors.Capacity];
        AdoptList(now, both.AsSpan(0, SuccessorList.Merge(_self, theirs.AsSpan(0, count), _successors.Entries, both)));
        if (_merge?.Bridges.Contains(first.Id) != true)
        {
            _port.UnwantLink(now, first.Id, LinkPurpose.Join); // Wanted as a successor now.
        }
    }

    private void MergeLinkUp(Instant now, in Contact peer)
    {
        if (_merge is not { } merge)
        {
            return;
        }

        var id = peer.Id;
        if (merge.Named.RemoveAll(named => named.Contact.Id == id) > 0)
        {
            LinkedToOther(now, peer);
        }

        if (merge.Candidate is { } candidate && candidate.Id == id && Phase == NodePhase.Member)
        {
            StabilizeSoon(now);
        }
    }

    /// <summary>
    /// The predecessor has another successor between itself and this node, for longer than a newcomer takes to say so: this node asks that one for its place. Nobody that a
    /// zip left behind stays outside.
    /// </summary>
    private void LookForPlace(Instant now, RingId predecessor, Neighbours answer)
    {
        if (Phase == NodePhase.Member && answer.Phase == NodePhase.Member && answer.Nonce != 0 && Predecessor?.Id == predecessor && answer.Successors.Count > 0
            && answer.Successors[0].Id is var next && IsBetween(predecessor, next, _self) && !IsNotifiedByPredecessor(now))
        {
            _port.SendAnchored(now, predecessor, next, new MergeLookup(_port.Self.Certificate, _port.Self.Instance, null, 1, MergeLookup.MaxSteps, false));
        }
    }

    /// <summary>
    /// Nobody stands before this node, and its successor knows somebody nearer: it hangs on the ring far from its place, to which it would walk back one member at a time. It
    /// asks for its place instead, along the ring that the successor is on.
    /// </summary>
    private void LookForPlaceBelow(Instant now, RingId successor)
    {
        if (Predecessor is null && _port.IsLinked(successor))
        {
            _port.Send(now, successor, new MergeLookup(_port.Self.Certificate, _port.Self.Instance, null, 1, MergeLookup.MaxSteps, false));
        }
    }

    private void SendAnchored(Instant now, RingId? via, RingId to, Payload payload)
    {
        if (via is { } anchor)
        {
            _port.SendAnchored(now, anchor, to, payload);
        }
        else
        {
            _port.Send(now, to, payload);
        }
    }

    private bool IsFirst(RingId id) => _successors.Count > 0 && _successors.First.Id == id;

    private bool IsNeighbour(RingId id) => Predecessor?.Id == id || _successors.Entries.Contains(id);
}
