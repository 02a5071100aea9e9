using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>Keeps copies where they belong: a keeper compares with its replicas now and then, and whoever holds what nobody asks for offers it to whoever is responsible.</summary>
/// <remarks>
/// <code>
/// keeper  → NameDigest(count, sum) → each replica            every sync period, and soon after its place changed
/// replica: the same? silent.   else  replica → GetNameList → keeper;   keeper → NameList → replica;   replica → GetRecords → keeper;   keeper → Replicate → replica
/// holder  → Replicate(nonce, entry) → … → whoever is responsible;   that → Replicated(nonce) → holder, which drops the copy
/// </code>
/// <para>A copy is good while its keeper confirms it, for three sync periods; afterwards it is offered. So what a keeper lost, or what two rings bring together, finds
/// its place again, and a copy that is no longer needed goes. A node that keeps nothing does nothing.</para>
/// </remarks>
internal sealed class NameCopies(OverlayOptions options, INodePort port, INamePlacement placement, NameStore store, Prng prng)
{
    /// <summary>Copies offered in one round.</summary>
    private const int MaxOffers = 64;

    /// <summary>Records handed down at once; the others follow as offers.</summary>
    private const int MaxHandedDown = 512;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly List<NameMark> _marks = [];
    private Prng _prng = prng;
    private Instant _syncAt = Instant.Never;
    private Instant _offerAt = Instant.Never;

    public Instant NextDue => Instant.Min(_syncAt, _offerAt);

    private TimeSpan Hold => 3 * options.NameSyncPeriod;

    public ulong NextNonce() => Math.Max(1, _prng.Next());

    /// <summary>There is something to look after.</summary>
    public void KeepAwake(Instant now)
    {
        if (_syncAt == Instant.Never)
        {
            _syncAt = now + Spread();
        }
    }

    /// <summary>The replicas should be told soon.</summary>
    public void SyncSoon(Instant now) => _syncAt = Instant.Min(_syncAt, now + Pause);

    /// <summary>This node keeps one name more.</summary>
    public void Added(Instant now, NameSlot slot, bool isOwned)
    {
        (slot.IsOwned, slot.HeldUntil) = (isOwned, now + Hold);
        KeepAwake(now);
    }

    /// <summary>A keeper spoke for a copy.</summary>
    public void Held(Instant now, NameSlot slot, RingId? keeper)
    {
        if (keeper is { } holder && !slot.IsOwned)
        {
            (slot.HeldFor, slot.HeldUntil, slot.OfferNonce) = (holder, now + Hold, 0);
        }
    }

    /// <summary>What this node answers for, or who its replicas are, may have changed.</summary>
    public void PlacementChanged(Instant now)
    {
        if (store.Count == 0)
        {
            return;
        }

        var left = MaxHandedDown;
        foreach (var slot in store.Slots)
        {
            var isOwned = placement.Owns(slot.Key);
            if (slot.IsOwned && !isOwned && placement.IsHandedDown(slot.Key) && left-- > 0)
            {
                (slot.HeldFor, slot.HeldUntil) = (default, now);
                Offer(now, slot);
            }
            else if (slot.IsOwned && !isOwned)
            {
                // Granted away, or lost: whoever has it now confirms soon, or is told.
                (slot.HeldFor, slot.HeldUntil) = (default, Instant.Min(slot.HeldUntil, now + (2 * options.QueryTimeout)));
                _syncAt = Instant.Min(_syncAt, slot.HeldUntil + Pause);
            }

            slot.IsOwned = isOwned;
            if (!isOwned && slot.HeldFor == default && placement.OfferAfter is { } wait)
            {
                OfferBy(slot, now + wait); // Nobody speaks for it.
            }
        }

        SyncSoon(now);
    }

    /// <summary>Neighbours may have died. Copies kept for others are to be confirmed before long, or offered to whoever answers for them now.</summary>
    public void Doubt(Instant now)
    {
        foreach (var slot in store.Slots)
        {
            if (!slot.IsOwned)
            {
                OfferBy(slot, now + (2 * options.QueryTimeout));
            }
        }
    }

    /// <summary>A keeper is dead, or has left. What is kept for it is somebody else's by now, and where that is not this node, nobody else may know of it.</summary>
    public void KeeperGone(Instant now, RingId keeper)
    {
        foreach (var slot in store.Slots)
        {
            if (slot.HeldFor == keeper && !slot.IsOwned && placement.OfferAfter is { } wait)
            {
                slot.HeldFor = default;
                OfferBy(slot, now + wait);
            }
        }
    }

    /// <summary>A round: digests to the replicas, offers of what nobody confirms.</summary>
    public void Advance(Instant now)
    {
        if (now >= _offerAt)
        {
            OfferDue(now);
        }

        if (now < _syncAt)
        {
            return;
        }

        _syncAt = Instant.Never;
        var (count, sum) = (0, 0UL);
        foreach (var slot in store.Slots)
        {
            slot.IsOwned = placement.Owns(slot.Key);
            if (slot.IsOwned)
            {
                (slot.HeldFor, slot.HeldUntil, slot.OfferNonce) = (default, now + Hold, 0);
                (count, sum) = (count + 1, sum + NameDispute.ShareOf(slot.Shown));
            }
        }

        if (count > 0)
        {
            TellReplicas(now, new NameDigest(count, sum));
        }

        if (store.Count > 0)
        {
            _syncAt = now + (OfferOrphans(now) ? options.QueryTimeout : Spread());
        }
    }

    /// <summary>A keeper says what this node should hold for it.</summary>
    public void OnDigest(Instant now, RingId keeper, NameDigest digest)
    {
        var (count, sum) = (0, 0UL);
        foreach (var slot in store.Slots)
        {
            if (slot.HeldFor == keeper && !slot.IsOwned)
            {
                (count, sum) = (count + 1, sum + NameDispute.ShareOf(slot.Shown));
            }
        }

        if (count != digest.Count || sum != digest.Sum)
        {
            port.Send(now, keeper, new GetNameList(0));
            return;
        }

        foreach (var slot in store.Slots)
        {
            if (slot.HeldFor == keeper)
            {
                Held(now, slot, keeper);
            }
        }
    }

    /// <summary>A replica asks what there is.</summary>
    public void OnGetNameList(Instant now, RingId replica, GetNameList question)
    {
        if (!IsReplica(replica))
        {
            return;
        }

        _marks.Clear();
        foreach (var slot in store.Slots)
        {
            if (slot.Mark > question.After && placement.Owns(slot.Key))
            {
                _marks.Add(slot.Shown);
            }
        }

        _marks.Sort(static (left, right) => left.Mark.CompareTo(right.Mark));
        var more = _marks.Count > NameList.MaxMarks;
        var count = Math.Min(_marks.Count, NameList.MaxMarks);
        port.Send(now, replica, new NameList(question.After, more, [.. _marks[..count]]));
        _marks.Clear();
    }

    /// <summary>The keeper's list: what it names and this node lacks is asked for, what both have differently goes both ways.</summary>
    public void OnNameList(Instant now, RingId keeper, NameList list)
    {
        var upTo = list.More && list.Marks.Count > 0 ? list.Marks[^1].Mark : ulong.MaxValue;
        foreach (var slot in store.Slots)
        {
            if (slot.HeldFor == keeper && !slot.IsOwned && slot.Mark > list.After && slot.Mark <= upTo)
            {
                (slot.HeldFor, slot.HeldUntil) = (default, now); // Unless the list names it: nobody confirms it.
            }
        }

        var wanted = new List<ulong>();
        var differing = new List<NameEntry>();
        foreach (var shown in list.Marks)
        {
            var slot = store.Find(shown.Mark);
            if (slot is null || (slot.Shown != shown && !slot.IsOwned))
            {
                wanted.Add(shown.Mark);
            }

            if (slot is { IsOwned: false })
            {
                Held(now, slot, keeper);
                if (slot.Shown != shown)
                {
                    differing.Add(slot.Entry);
                }
            }
        }

        for (var at = 0; at < wanted.Count; at += Replicate.MaxEntries)
        {
            port.Send(now, keeper, new GetRecords(wanted.GetRange(at, Math.Min(Replicate.MaxEntries, wanted.Count - at))));
        }

        SendAll(now, keeper, differing);
        if (list.More && upTo > list.After)
        {
            port.Send(now, keeper, new GetNameList(upTo));
        }
    }

    /// <summary>A replica asks for entries.</summary>
    public void OnGetRecords(Instant now, RingId replica, GetRecords question)
    {
        if (!IsReplica(replica))
        {
            return;
        }

        var entries = new List<NameEntry>();
        foreach (var mark in question.Marks)
        {
            if (store.Find(mark) is { } slot && placement.Owns(slot.Key) && entries.Count < Replicate.MaxEntries)
            {
                entries.Add(slot.Entry);
            }
        }

        SendAll(now, replica, entries);
    }

    /// <summary>Whoever is responsible has looked at a copy that was offered: it is not needed here any more.</summary>
    public void OnOfferTaken(Replicated answer)
    {
        foreach (var slot in store.Slots)
        {
            if (slot.OfferNonce == answer.Nonce && !placement.Owns(slot.Key))
            {
                store.Remove(slot);
                return;
            }
        }
    }

    /// <summary>Whether <paramref name="node"/> is to keep copies for this node.</summary>
    public bool IsReplica(RingId node)
    {
        Span<RingId> replicas = stackalloc RingId[Math.Max(1, options.NameReplicas)];
        return replicas[..placement.CopyReplicas(replicas[..options.NameReplicas])].Contains(node);
    }

    private void TellReplicas(Instant now, NameDigest digest)
    {
        Span<RingId> replicas = stackalloc RingId[Math.Max(1, options.NameReplicas)];
        var count = placement.CopyReplicas(replicas[..options.NameReplicas]);
        foreach (var replica in replicas[..count])
        {
            port.Send(now, replica, digest);
        }
    }

    /// <summary>Offers copies that nobody has confirmed in time. Whether it is to look again soon.</summary>
    private bool OfferOrphans(Instant now)
    {
        var offered = 0;
        foreach (var slot in store.Slots)
        {
            if (slot.IsOwned || slot.HeldUntil > now)
            {
                continue;
            }

            if (offered++ == MaxOffers)
            {
                return true;
            }

            Offer(now, slot);
        }

        return offered > 0;
    }

    private void OfferBy(NameSlot slot, Instant when)
    {
        slot.HeldUntil = Instant.Min(slot.HeldUntil, when);
        _offerAt = Instant.Min(_offerAt, slot.HeldUntil);
    }

    private void OfferDue(Instant now)
    {
        _offerAt = OfferOrphans(now) ? now + Pause : Instant.Never;
        foreach (var slot in store.Slots)
        {
            if (!slot.IsOwned)
            {
                _offerAt = Instant.Min(_offerAt, slot.HeldUntil);
            }
        }

        _offerAt = _offerAt < now + Pause ? now + Pause : _offerAt;
    }

    private void Offer(Instant now, NameSlot slot)
    {
        slot.OfferNonce = NextNonce();
        slot.HeldUntil = now + (2 * options.QueryTimeout); // Offered again where nobody answers.
        port.SendToResponsible(now, slot.Key, new Replicate(slot.OfferNonce, [slot.Entry]) { Certificate = port.Self.Certificate });
    }

    private void SendAll(Instant now, RingId to, List<NameEntry> entries)
    {
        for (var at = 0; at < entries.Count; at += Replicate.MaxEntries)
        {
            port.Send(now, to, new Replicate(0, entries.GetRange(at, Math.Min(Replicate.MaxEntries, entries.Count - at))));
        }
    }

    private TimeSpan Spread() => _prng.Between(options.NameSyncPeriod * 0.9, options.NameSyncPeriod * 1.1);
}
