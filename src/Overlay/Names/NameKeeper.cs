using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>What a node does for names whose keys it answers for, and for those that it keeps copies of.</summary>
/// <remarks>
/// <code>
/// owner  → PutRecord(record) → keeper;   keeper → Replicate(entry) → each replica;   replica → Replicated → keeper;   with a majority: keeper → RecordStored → owner
/// </code>
/// <para>The first registration of a name stands until it is given up, or has lapsed and its reservation is over. The keeper countersigns since when; a new tenancy has
/// the epoch of the one before plus one. Where two copies of a name come together that name different keys, <see cref="NameDispute"/> decides.</para>
/// <para>At most <see cref="MaxPending"/> records wait for their replicas; one more is answered <see cref="Outcome.Busy"/>.</para>
/// </remarks>
internal sealed class NameKeeper(OverlayOptions options, INodePort port, INamePlacement placement, ISigning signing, NameStore store, NameCopies copies)
{
    /// <summary>Records that wait for their replicas.</summary>
    public const int MaxPending = 1024;

    private readonly Queue<NameReply> _replies = new(0);
    private readonly Queue<string> _hints = new(0);
    private readonly List<Pending> _pending = [];
    private readonly NameWatches _watches = new(options);

    public Instant NextDue => Instant.Min(_watches.NextDue, _pending.Count == 0 ? Instant.Never : _pending[0].GiveUpAt);

    /// <summary>Watches served.</summary>
    public int WatchCount => _watches.Count;

    /// <summary>The next answer to be sent.</summary>
    public bool TryTakeReply(out NameReply reply) => _replies.TryDequeue(out reply);

    /// <summary>The next name that this node itself should ask about again.</summary>
    public bool TryTakeHint(out string name) => _hints.TryDequeue(out name!);

    /// <summary>An owner's record for a key that this node answers for.</summary>
    public void OnPut(Instant now, in NameAsker asker, PutRecord put)
    {
        var isGivenUp = put.Record.ExpiresAt == 0 && store.Find(put.Record.Name) is { } kept && NameDispute.IsSameKey(kept.Entry.Record, put.Record); // Perhaps once more.
        if (!isGivenUp && MayBeElsewhere(now, put.Record.Name))
        {
            return; // Perhaps somebody has it: the owner asks again.
        }

        var outcome = Put(now, put.Record, out var slot);
        if (outcome != Outcome.Done || slot is null)
        {
            _replies.Enqueue(new(asker, new RecordStored(put.Nonce, outcome, outcome == Outcome.Done ? TombstoneOf(now, put.Record) : null)));
            return;
        }

        BeginCopying(now, asker, put.Nonce, slot);
    }

    /// <summary>Somebody asks for a record of a key that this node answers for.</summary>
    public void OnGet(Instant now, in NameAsker asker, GetRecord question)
    {
        if (!MayBeElsewhere(now, question.Name))
        {
            _replies.Enqueue(new(asker, new RecordAnswer(question.Nonce, ShownOf(now, question.Name))));
        }
    }

    /// <summary>Somebody watches a name of this node's, or no longer does.</summary>
    public void OnWatch(Instant now, in NameAsker asker, WatchName watch)
    {
        if (MayBeElsewhere(now, watch.Name))
        {
            return;
        }

        var isName = NodeName.IsNormal(watch.Name);
        var outcome = isName ? _watches.Watch(now, asker.Id, NodeName.MarkOf(watch.Name), watch.IsOn) : Outcome.Refused;
        _replies.Enqueue(new(asker, new Watching(watch.Nonce, outcome, outcome == Outcome.Done ? ShownOf(now, watch.Name) : null)));
        copies.KeepAwake(now);
    }

    /// <summary>Copies came: from their keeper, from one of its replicas, or as an offer to whoever answers for them.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="asker">Who sent them.</param>
    /// <param name="replicate">The copies.</param>
    /// <param name="isOffer">They were sent to whoever is responsible, so what is not this node's is not taken.</param>
    public void OnReplicate(Instant now, in NameAsker asker, Replicate replicate, bool isOffer)
    {
        var outcome = Outcome.Done;
        foreach (var entry in replicate.Entries)
        {
            if (isOffer && !placement.Owns(NodeName.KeyOf(entry.Record.Name)))
            {
                return; // It lies elsewhere by now; the offer is made again.
            }

            var taken = Take(now, entry, isOffer ? null : asker.Id);
            outcome = taken == Outcome.Done ? outcome : taken;
        }

        if (isOffer && copies.IsReplica(asker.Id))
        {
            copies.SyncSoon(now); // It is to keep them, and has not heard so: not a reason to drop them.
        }
        else if (isOffer && replicate.Entries is [var offered] && KeptOf(offered) is { IsCopied: false } slot)
        {
            // Who offers it drops it when it hears from us, and our own death then must not be the end of it.
            BeginCopying(now, asker, replicate.Nonce, slot, isOffer: true);
        }
        else if (replicate.Nonce != 0)
        {
            _replies.Enqueue(new(asker, new Replicated(replicate.Nonce, outcome)));
        }
    }

    /// <summary>A replica has what it was given, or will not have it.</summary>
    public void OnReplicated(Instant now, RingId from, Replicated answer)
    {
        var at = _pending.FindIndex(one => one.Nonce == answer.Nonce);
        if (at < 0 || answer.Outcome != Outcome.Done)
        {
            return; // Without a majority nothing is answered: the owner asks again.
        }

        var pending = _pending[at];
        if (pending.Missing.Remove(from) && --pending.Needed <= 0)
        {
            _pending.RemoveAt(at);
            if (store.Find(pending.Mark) is { } slot && NameDispute.IsSameKey(slot.Entry, pending.Entry))
            {
                End(now, pending.Asker, pending.AskerNonce, slot, pending.IsOffer);
            }
        }
    }

    private NameSlot? KeptOf(NameEntry entry) =>
        NodeName.MarkOf(entry.Record.Name) is var mark && store.Find(mark) is { } slot && slot.Shown == new NameMark(mark, NameDispute.VersionOf(entry)) ? slot : null;

    /// <summary>Takes one copy, from whomever.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="entry">The copy.</param>
    /// <param name="holder">The keeper that it is kept for, if this node does not answer for it; null: unknown.</param>
    /// <returns>Done: what is kept has its owner. NameTaken: another has the name. Refused: it is not true, or there is no room.</returns>
    public Outcome Take(Instant now, NameEntry entry, RingId? holder)
    {
        var mark = NodeName.MarkOf(entry.Record.Name);
        var slot = store.Find(mark);
        if (slot is not null && slot.Shown == new NameMark(mark, NameDispute.VersionOf(entry)))
        {
            copies.Held(now, slot, holder);
            return Outcome.Done;
        }

        if ((slot is not null && slot.Name != entry.Record.Name) || !store.IsTrue(now, entry))
        {
            return Outcome.Refused;
        }

        var key = RingId.From(mark >> (64 - RingId.Bits));
        var isOwned = placement.Owns(key);
        if (!placement.IsPlausibleKeeper(key, entry.Tenancy.Keeper.Id))
        {
            return isOwned ? Put(now, entry.Record, out _) : Outcome.Refused; // Whoever is far from the key has nothing to say about since when.
        }

        if (slot is null)
        {
            if (!store.TryAdd(now, mark, entry, out slot))
            {
                return Outcome.Refused;
            }

            copies.Added(now, slot, isOwned);
            Changed(now, slot);
            if (isOwned)
            {
                copies.SyncSoon(now); // Whoever had it may drop it now.
            }
        }
        else
        {
            Settle(now, slot, entry, isOwned);
        }

        slot.IsConfirmed = true;
        copies.Held(now, slot, holder);
        return NameDispute.IsSameKey(slot.Entry, entry) ? Outcome.Done : Outcome.NameTaken;
    }

    /// <summary>Time passed: gives up on replicas, tells watchers.</summary>
    public void Advance(Instant now)
    {
        while (_pending.Count > 0 && _pending[0].GiveUpAt <= now)
        {
            _pending.RemoveAt(0);
        }

        _watches.Advance(now, port);
    }

    /// <summary>Drops what has lapsed, and tells of what has.</summary>
    public void Sweep(Instant now)
    {
        foreach (var slot in store.Slots)
        {
            if (slot.WasLive && slot.StateAt(now) != NameState.Live)
            {
                Changed(now, slot);
            }
        }

        store.Sweep(now);
        _watches.Sweep(now);
    }

    /// <summary>Keeps an owner's record, or says why not. Done without a slot: there is nothing to keep.</summary>
    public Outcome Put(Instant now, NameRecord record, out NameSlot? slot)
    {
        slot = store.Find(record.Name);
        var isOwn = slot is not null && NameDispute.IsSameKey(slot.Entry.Record, record);
        var state = slot?.StateAt(now) ?? NameState.Released;
        if (!isOwn && state != NameState.Released)
        {
            return Outcome.NameTaken;
        }

        if (isOwn && NameDispute.IsNewer(slot!.Entry.Record, record))
        {
            return Outcome.Done; // Overtaken on its way: what its owner wants is so already.
        }

        if (!store.IsTrue(now, record) || (slot is not null && !isOwn && !store.HasRoomFor(record)))
        {
            return Outcome.Refused;
        }

        if (record.ExpiresAt == 0 && !isOwn)
        {
            slot = null;
            return Outcome.Done;
        }

        var entry = Countersigned(now, record, slot?.Entry.Tenancy, goesOn: isOwn && (state == NameState.Live || record.ExpiresAt == 0));
        if (slot is null)
        {
            if (!store.TryAdd(now, NodeName.MarkOf(record.Name), entry, out slot))
            {
                return Outcome.Refused;
            }

            copies.Added(now, slot, isOwned: true);
        }
        else
        {
            slot.IsConfirmed &= entry.Tenancy.Epoch == slot.Entry.Tenancy.Epoch;
            store.Set(now, slot, entry);
        }

        copies.KeepAwake(now);
        return Outcome.Done;
    }

    /// <summary>Two copies of one name have come together.</summary>
    private void Settle(Instant now, NameSlot slot, NameEntry entry, bool isOwned)
    {
        var before = slot.Entry;
        var verdict = NameDispute.Judge(before, entry, now.UnixMilliseconds - (2 * store.Life.Ticks / TimeSpan.TicksPerMillisecond));
        if (!ReferenceEquals(verdict.Winner, before))
        {
            store.Set(now, slot, verdict.Winner);
            if (isOwned)
            {
                copies.SyncSoon(now);
            }
        }

        if (isOwned && verdict.Loser is { } loser)
        {
            if (verdict.NeedsEpoch)
            {
                var (record, tenancy) = (verdict.Winner.Record, verdict.Winner.Tenancy);
                var through = Math.Max(now.UnixMilliseconds, tenancy.Since);
                store.Set(now, slot, new(record, NameTenancySecurity.Sign(signing, record, port.Self.Certificate, loser.Tenancy.Epoch + 1, tenancy.Since, through)));
                copies.SyncSoon(now);
            }

            TellLoser(now, loser.Record);
        }

        if (!NameDispute.IsSameKey(before, slot.Entry) || before.Tenancy.Epoch != slot.Entry.Tenancy.Epoch)
        {
            Changed(now, slot);
        }
    }

    /// <summary>The loser of a dispute is to ask again at once; it believes nobody but the keeper of its name.</summary>
    private void TellLoser(Instant now, NameRecord lost)
    {
        if (lost.Owner.Id == port.Self.Id)
        {
            _hints.Enqueue(lost.Name);
        }
        else if (lost.ExpiresAt != 0 && lost.Guest is null) // A hub hears it with its next refresh.
        {
            port.Send(now, lost.Owner.Id, new NameChanged(lost.Name));
        }
    }

    private NameEntry Countersigned(Instant now, NameRecord record, NameTenancy? before, bool goesOn)
    {
        var epoch = goesOn ? before!.Epoch : (before?.Epoch ?? 0) + 1;
        var since = goesOn ? before!.Since : Math.Max(now.UnixMilliseconds, (before?.Through ?? 0) + 1);
        return new(record, NameTenancySecurity.Sign(signing, record, port.Self.Certificate, epoch, since, Math.Max(now.UnixMilliseconds, since)));
    }

    /// <summary>Where a name that nobody keeps is given up, its owner is told so all the same.</summary>
    private NameTenancy? TombstoneOf(Instant now, NameRecord record) => Countersigned(now, record, null, goesOn: false).Tenancy;

    /// <summary>Copies go to the replicas; with a majority of them the owner's question, or the offer of who had it before, is answered.</summary>
    private void BeginCopying(Instant now, in NameAsker asker, ulong nonce, NameSlot slot, bool isOffer = false)
    {
        if (isOffer && _pending.Exists(one => one.Mark == slot.Mark))
        {
            return; // It is offered again.
        }

        _pending.RemoveAll(one => one.Mark == slot.Mark); // Its owner asks again: the later question is the one that is answered.
        Span<RingId> replicas = stackalloc RingId[Math.Max(1, options.NameReplicas)];
        var count = placement.CopyReplicas(replicas[..options.NameReplicas]);
        if (count == 0)
        {
            End(now, asker, nonce, slot, isOffer);
            return;
        }

        if (_pending.Count >= MaxPending && isOffer)
        {
            return;
        }

        if (_pending.Count >= MaxPending)
        {
            _replies.Enqueue(new(asker, new RecordStored(nonce, Outcome.Busy, null)));
            return;
        }

        var pending = new Pending(slot.Mark, slot.Entry, asker, nonce, copies.NextNonce(), now + options.QueryTimeout) { IsOffer = isOffer, Needed = (count / 2) + 1 };
        var copy = new Replicate(pending.Nonce, [slot.Entry]);
        foreach (var replica in replicas[..count])
        {
            pending.Missing.Add(replica);
            port.Send(now, replica, copy);
        }

        _pending.Add(pending);
    }

    private void End(Instant now, in NameAsker asker, ulong nonce, NameSlot slot, bool isOffer)
    {
        slot.IsCopied = true;
        if (!isOffer)
        {
            Confirm(now, asker, nonce, slot);
        }
        else if (nonce != 0)
        {
            _replies.Enqueue(new(asker, new Replicated(nonce, Outcome.Done)));
        }
    }

    private void Confirm(Instant now, in NameAsker asker, ulong nonce, NameSlot slot)
    {
        var isNews = !slot.IsConfirmed || slot.WasLive != (slot.StateAt(now) == NameState.Live);
        slot.IsConfirmed = true;
        if (isNews)
        {
            Changed(now, slot);
        }

        _replies.Enqueue(new(asker, new RecordStored(nonce, Outcome.Done, slot.Entry.Tenancy)));
    }

    private void Changed(Instant now, NameSlot slot)
    {
        slot.WasLive = slot.StateAt(now) == NameState.Live;
        _watches.Changed(slot.Mark, slot.Name);
    }

    /// <summary>
    /// Whether a name of which no living record is kept here may lie with others still, because this node has just become its keeper, or is not sure to be it. What was given up or has
    /// lapsed proves nothing: it may be an old copy, and somebody may have taken the name since.
    /// </summary>
    private bool MayBeElsewhere(Instant now, string name) =>
        store.Find(name)?.StateAt(now) != NameState.Live && NodeName.KeyOf(name) is var key && !(placement.Owns(key) && placement.IsSettledFor(now, key));

    private NameEntry? ShownOf(Instant now, string name) =>
        store.Find(name) is { IsConfirmed: true } slot && slot.StateAt(now) == NameState.Live ? slot.Entry : null;

    private sealed class Pending(ulong mark, NameEntry entry, NameAsker asker, ulong askerNonce, ulong nonce, Instant giveUpAt)
    {
        public ulong Mark => mark;

        public NameEntry Entry => entry;

        public NameAsker Asker => asker;

        public ulong AskerNonce => askerNonce;

        public ulong Nonce => nonce;

        public Instant GiveUpAt => giveUpAt;

        public List<RingId> Missing { get; } = [];

        public int Needed { get; set; }

        /// <summary>Who had it before waits for the answer, not its owner.</summary>
        public bool IsOffer { get; init; }
    }
}
