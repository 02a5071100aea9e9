using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>The names that a node keeps, as the keeper of some and as a replica of others, each under the first 64 bits of SHA-256(name).</summary>
/// <remarks>
/// <para>A record lapses three refresh periods after it came, by this node's own clock, and in any case when its own expiry and the tolerance are over, so that no
/// handing on keeps a dead owner's name alive. What has lapsed is kept for its key until <see cref="OverlayOptions.NameReservation"/> is over.</para>
/// <para>Bounded by <see cref="OverlayOptions.MaxRecords"/>, and by <see cref="MaxNamesOfOneOwner"/> for each key. Where it is full, what was given up goes first, then
/// what has lapsed, the oldest first; where all live, one more is refused.</para>
/// </remarks>
internal sealed class NameStore(OverlayOptions options, ISigning signing, CertificateStore certificates)
{
    /// <summary>How far the clocks of two nodes may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>Names of one key that a node keeps.</summary>
    public const int MaxNamesOfOneOwner = 256;

    private readonly Dictionary<ulong, NameSlot> _slots = [];
    private readonly Dictionary<RingId, int> _ofOwner = [];
    private readonly List<(ulong Below, NameSlot Slot)> _slice = [];

    public int Count => _slots.Count;

    /// <summary>All of them. Removing the one at hand does not disturb the enumeration.</summary>
    public Dictionary<ulong, NameSlot>.ValueCollection Slots => _slots.Values;

    /// <summary>The life of a record between two refreshes.</summary>
    public TimeSpan Life => options.NameRefreshPeriod * 3;

    public NameSlot? Find(ulong mark) => _slots.GetValueOrDefault(mark);

    public NameSlot? Find(string name) => _slots.TryGetValue(NodeName.MarkOf(name), out var slot) && slot.Name == name ? slot : null;

    /// <summary>Whether a record is true here and now: a possible name, an expiry in sight, an owner of this network who signed it.</summary>
    public bool IsTrue(Instant now, NameRecord record)
    {
        var inHand = record.ExpiresAt - now.UnixMilliseconds;
        return (record.ExpiresAt == 0 || (inHand >= -Milliseconds(ClockTolerance) && inHand <= Milliseconds(ClockTolerance + Life))) && IsSigned(now, record);
    }

    /// <summary>Whether a copy is true: as <see cref="IsTrue(Instant, NameRecord)"/>, but it may have lapsed, and its tenancy is signed by a member.</summary>
    public bool IsTrue(Instant now, NameEntry entry)
    {
        var (record, tenancy) = (entry.Record, entry.Tenancy);
        var ahead = now.UnixMilliseconds + Milliseconds(ClockTolerance);
        return tenancy.Epoch > 0
            && tenancy.Since <= tenancy.Through
            && tenancy.Through <= ahead
            && record.ExpiresAt <= ahead + Milliseconds(Life)
            && ForgottenAt(entry) + Milliseconds(ClockTolerance) > now.UnixMilliseconds
            && IsSigned(now, record)
            && certificates.TryAdd(now, tenancy.Keeper, out _)
            && NameTenancySecurity.Verify(signing, entry);
    }

    /// <summary>Takes a name that is not kept yet; false where there is no room.</summary>
    public bool TryAdd(Instant now, ulong mark, NameEntry entry, out NameSlot slot)
    {
        slot = new(mark, entry);
        if (!HasRoomFor(entry.Record) || (_slots.Count >= options.MaxRecords && !TryMakeRoom(now)))
        {
            return false;
        }

        _slots.Add(mark, slot);
        CountOwner(entry.Record.Owner.Id, 1);
        slot.LapsesAt = LapseOf(now, entry.Record);
        return true;
    }

    /// <summary>Whether one more name of this owner may be kept. A hub answers for thousands of pages, each with one name.</summary>
    public bool HasRoomFor(NameRecord record) => record.Guest is not null || _ofOwner.GetValueOrDefault(record.Owner.Id) < MaxNamesOfOneOwner;

    /// <summary>Replaces what is kept of a name. The lease begins anew with a new record only.</summary>
    public void Set(Instant now, NameSlot slot, NameEntry entry)
    {
        var isSameRecord = ReferenceEquals(slot.Entry.Record, entry.Record);
        CountOwner(slot.Entry.Record.Owner.Id, -1);
        CountOwner(entry.Record.Owner.Id, 1);
        slot.Entry = entry;
        if (!isSameRecord)
        {
            slot.LapsesAt = LapseOf(now, entry.Record);
        }
    }

    public void Remove(NameSlot slot)
    {
        if (_slots.Remove(slot.Mark))
        {
            CountOwner(slot.Entry.Record.Owner.Id, -1);
        }
    }

    /// <summary>Drops what nobody has a right to any more.</summary>
    public void Sweep(Instant now)
    {
        foreach (var slot in _slots.Values)
        {
            if (slot.StateAt(now) != NameState.Live && ForgottenAt(slot.Entry) <= now.UnixMilliseconds)
            {
                Remove(slot);
            }
        }
    }

    /// <summary>Copies the entries of an arc, those nearest its upper end first; see <see cref="Chord.IArcContents.CopyUpper"/>.</summary>
    public RingId CopyUpper(in RingArc arc, int max, ICollection<NameEntry> into)
    {
        _slice.Clear();
        foreach (var slot in _slots.Values)
        {
            if (arc.Contains(slot.Key))
            {
                _slice.Add((slot.Key.ClockwiseTo(arc.UpTo), slot));
            }
        }

        _slice.Sort(static (left, right) => left.Below != right.Below ? left.Below.CompareTo(right.Below) : left.Slot.Mark.CompareTo(right.Slot.Mark));
        var count = Math.Min(max, _slice.Count);
        for (var i = 0; i < count; i++)
        {
            into.Add(_slice[i].Slot.Entry);
        }

        var begin = count == _slice.Count ? arc.After : arc.UpTo.Plus(RingId.RingSize - _slice[count].Below); // Exclusive: the next record's own key.
        _slice.Clear();
        return begin;
    }

    private static long Milliseconds(TimeSpan duration) => duration.Ticks / TimeSpan.TicksPerMillisecond;

    private bool IsSigned(Instant now, NameRecord record) =>
        NodeName.IsNormal(record.Name) && IsOwner(record) && certificates.TryAdd(now, record.Owner, out _) && NameRecordSecurity.Verify(signing, record);

    /// <summary>Only the network's own key has guests.</summary>
    private bool IsOwner(NameRecord record) =>
        record.Guest is not { } guest || (GuestIds.IsGuest(guest) && record.Owner.PublicKey.SequenceEqual(certificates.HubKey));

    private Instant LapseOf(Instant now, NameRecord record) => record.ExpiresAt == 0
        ? now
        : Instant.Min(now + Life, now + TimeSpan.FromMilliseconds(record.ExpiresAt - now.UnixMilliseconds) + ClockTolerance);

    /// <summary>When a name that is not live is nobody's any more, Unix milliseconds. What was given up is remembered as long, so that no older copy comes back.</summary>
    private long ForgottenAt(NameEntry entry) => entry.Record.ExpiresAt == 0
        ? entry.Tenancy.Through + Math.Max(Milliseconds(options.NameReservation), Milliseconds(Life + (2 * ClockTolerance)))
        : entry.Record.ExpiresAt + Milliseconds(entry.Record.Guest is null ? options.NameReservation : Life + (2 * ClockTolerance));

    private bool TryMakeRoom(Instant now)
    {
        NameSlot? least = null;
        foreach (var slot in _slots.Values)
        {
            var (state, leastState) = (slot.StateAt(now), least?.StateAt(now) ?? NameState.Live);
            if (state > leastState || (state == leastState && state != NameState.Live && slot.Entry.Tenancy.Through < least!.Entry.Tenancy.Through))
            {
                least = slot;
            }
        }

        if (least is not null)
        {
            Remove(least);
        }

        return least is not null;
    }

    private void CountOwner(RingId owner, int change)
    {
        var count = _ofOwner.GetValueOrDefault(owner) + change;
        if (count == 0)
        {
            _ofOwner.Remove(owner);
        }
        else
        {
            _ofOwner[owner] = count;
        }
    }
}
