using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>The records that a member keeps for others, each under its key on the ring.</summary>
/// <remarks>
/// <para>The first registration of a name stands until it lapses; of one key the higher (instance, sequence) wins. A record lapses three refresh periods after it
/// came, by the keeper's own clock, and in any case when its own expiry and the tolerance are over, so that no handing on keeps a dead owner's name.</para>
/// <para>Bounded by <see cref="OverlayOptions.MaxRecords"/>; one more name is refused.</para>
/// </remarks>
internal sealed class RecordStore(OverlayOptions options, ISigning signing, CertificateStore certificates)
{
    /// <summary>How far the clocks of owner and keeper may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly List<(ulong Below, NameRecord Record)> _slice = [];

    public int Count => _entries.Count;

    /// <summary>The life of a record between two refreshes.</summary>
    public TimeSpan Life => options.NameRefreshPeriod * 3;

    public NameRecord? Find(Instant now, string name) =>
        _entries.TryGetValue(name, out var entry) && entry.LapsesAt > now ? entry.Record : null;

    /// <summary>Whether a record is true here and now: a possible name, an expiry in sight, an owner of this network who signed it.</summary>
    public bool IsTrue(Instant now, NameRecord record)
    {
        var skew = ClockTolerance.Ticks / TimeSpan.TicksPerMillisecond;
        var inHand = record.ExpiresAt - now.UnixMilliseconds;
        return NodeName.IsNormal(record.Name)
            && (record.ExpiresAt == 0 || (inHand >= -skew && inHand <= skew + (Life.Ticks / TimeSpan.TicksPerMillisecond)))
            && certificates.TryAdd(now, record.Owner, out _)
            && NameRecordSecurity.Verify(signing, record);
    }

    /// <summary>Keeps a record, or says why not.</summary>
    public Outcome Put(Instant now, NameRecord record)
    {
        var known = Find(now, record.Name);
        if (known is not null && !known.Owner.PublicKey.SequenceEqual(record.Owner.PublicKey))
        {
            return Outcome.NameTaken;
        }

        if (known is not null && IsNewer(known, record))
        {
            return Outcome.Done; // Overtaken on its way: what its owner wants is so already.
        }

        if (!IsTrue(now, record))
        {
            return Outcome.Refused;
        }

        if (record.ExpiresAt == 0)
        {
            _entries.Remove(record.Name); // The owner gives the name up.
            return Outcome.Done;
        }

        if (_entries.Count >= options.MaxRecords && !_entries.ContainsKey(record.Name))
        {
            return Outcome.Refused;
        }

        var last = now + TimeSpan.FromMilliseconds(record.ExpiresAt - now.UnixMilliseconds) + ClockTolerance;
        _entries[record.Name] = new(NodeName.KeyOf(record.Name), record, Instant.Min(now + Life, last));
        return Outcome.Done;
    }

    /// <summary>Drops what has lapsed.</summary>
    public void Sweep(Instant now)
    {
        foreach (var (name, entry) in _entries)
        {
            if (entry.LapsesAt <= now)
            {
                _entries.Remove(name); // Removing does not disturb the enumeration.
            }
        }
    }

    /// <summary>Copies the records of an arc, those nearest its upper end first; see <see cref="Chord.IArcContents.CopyUpper"/>.</summary>
    public RingId CopyUpper(in RingArc arc, int max, ICollection<NameRecord> into)
    {
        _slice.Clear();
        foreach (var entry in _entries.Values)
        {
            if (arc.Contains(entry.Key))
            {
                _slice.Add((entry.Key.ClockwiseTo(arc.UpTo), entry.Record));
            }
        }

        _slice.Sort(static (left, right) =>
            left.Below != right.Below ? left.Below.CompareTo(right.Below) : string.CompareOrdinal(left.Record.Name, right.Record.Name));
        var count = Math.Min(max, _slice.Count);
        for (var i = 0; i < count; i++)
        {
            into.Add(_slice[i].Record);
        }

        var begin = count == _slice.Count ? arc.After : arc.UpTo.Plus(RingId.RingSize - _slice[count].Below); // Exclusive: the next record's own key.
        _slice.Clear();
        return begin;
    }

    public void Forget(in RingArc arc)
    {
        foreach (var (name, entry) in _entries)
        {
            if (arc.Contains(entry.Key))
            {
                _entries.Remove(name);
            }
        }
    }

    /// <summary>Whether <paramref name="one"/> says more than <paramref name="other"/> of the same key.</summary>
    private static bool IsNewer(NameRecord one, NameRecord other) =>
        one.Instance != other.Instance ? one.Instance > other.Instance : one.Sequence > other.Sequence;

    private readonly record struct Entry(RingId Key, NameRecord Record, Instant LapsesAt);
}
