using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>How a name stands.</summary>
internal enum NameState : byte
{
    /// <summary>Refreshed in time: it resolves.</summary>
    Live,

    /// <summary>Lapsed: it does not resolve, and is kept for its key.</summary>
    Reserved,

    /// <summary>Given up by its owner, or lapsed with a page, which is nobody any more: anybody may take it. Kept so that no older copy comes back.</summary>
    Released,
}

/// <summary>One name as a node keeps it, for itself as the keeper or for another as a replica.</summary>
internal sealed class NameSlot(ulong mark, NameEntry entry)
{
    public ulong Mark => mark;

    public RingId Key => RingId.From(mark >> (64 - RingId.Bits));

    public NameEntry Entry
    {
        get;
        set => (field, IsCopied) = (value, false);
    } = entry;

    public string Name => Entry.Record.Name;

    /// <summary>When it lapses, by this node's clock.</summary>
    public Instant LapsesAt { get; set; }

    /// <summary>The keeper that this node keeps it for.</summary>
    public RingId HeldFor { get; set; }

    /// <summary>Until when that keeper's word is good. Afterwards the copy is offered to whoever is responsible, and dropped.</summary>
    public Instant HeldUntil { get; set; }

    /// <summary>The offer that is out; 0: none.</summary>
    public ulong OfferNonce { get; set; }

    /// <summary>This node answered for the key when it looked last.</summary>
    public bool IsOwned
    {
        get;
        set => (field, IsCopied) = (value, IsCopied && value);
    }

    /// <summary>A majority of the replicas has had it since this node answers for it.</summary>
    public bool IsCopied { get; set; }

    /// <summary>A majority of the replicas had it: only then is it shown to others.</summary>
    public bool IsConfirmed { get; set; }

    /// <summary>It was live when the watchers were last thought of.</summary>
    public bool WasLive { get; set; }

    public NameMark Shown => new(Mark, NameDispute.VersionOf(Entry));

    public NameState StateAt(Instant now) =>
        Entry.Record.ExpiresAt == 0 ? NameState.Released : LapsesAt > now ? NameState.Live : Entry.Record.Guest is null ? NameState.Reserved : NameState.Released;
}
