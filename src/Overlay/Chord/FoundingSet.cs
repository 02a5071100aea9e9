using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Chord;

/// <summary>The replicated set of a network too small for the proof: who is in it, who left, who is dead (mechanisms §4).</summary>
/// <remarks>
/// Merging is commutative, associative and idempotent: for each id the newest instance wins, within it the later mark (alive, left, evicted). So whatever order
/// messages come in, members that heard the same entries hold the same set of the living. Kept in order of ids; at most
/// <see cref="FoundingState.MaxEntries"/>: of a full set a departed one makes room for somebody alive, and more departed are not noted.
/// </remarks>
public sealed class FoundingSet
{
    private RareList<Entry> _entries;

    /// <summary>Members that are alive.</summary>
    public int AliveCount { get; private set; }

    /// <summary>Grows with each change.</summary>
    public int Version { get; private set; }

    /// <summary>A hash of the living members and their instances: equal hashes, equal successor lists.</summary>
    public ulong Hash { get; private set; }

    /// <summary>Entries, the departed included.</summary>
    public int Count => _entries.Count;

    /// <summary>Whether this instance of <paramref name="id"/> or a newer one is alive here.</summary>
    public bool IsAlive(RingId id, long instance)
    {
        var index = IndexOf(id, out var found);
        return found && _entries[index].IsAlive && _entries[index].Node.Instance >= instance;
    }

    /// <summary>The mark of this very instance, if the set knows it.</summary>
    public FoundingMark? MarkOf(RingId id, long instance)
    {
        var index = IndexOf(id, out var found);
        return found && _entries[index].Node.Instance == instance ? _entries[index].Mark : null;
    }

    /// <summary>Merges a living member, whose certificate is verified. Whether that changed the set.</summary>
    public bool MergeAlive(in Contact node) => Merge(new(node.Descriptor, node.Certificate, FoundingMark.Alive));

    /// <summary>Merges a departure, for which no certificate is needed. Whether that changed the set.</summary>
    public bool MergeDeparted(in Descriptor node, FoundingMark mark)
    {
        Invariant.Check(mark != FoundingMark.Alive, "a departure was marked alive");
        return Merge(new(node, null, mark));
    }

    /// <summary>Marks whatever instance of <paramref name="id"/> is alive here as departed. Whether there was one.</summary>
    public bool MarkDeparted(RingId id, FoundingMark mark)
    {
        var index = IndexOf(id, out var found);
        return found && _entries[index].IsAlive && MergeDeparted(_entries[index].Node, mark);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _entries.Clear();
        Recount();
    }

    /// <summary>The living members other than <paramref name="self"/>, clockwise from it, as many as <paramref name="into"/> holds.</summary>
    public int CopyClockwise(RingId self, Span<Contact> into)
    {
        var start = IndexOf(self, out _);
        var count = 0;
        for (var step = 0; step < _entries.Count && count < into.Length; step++)
        {
            var entry = _entries[(start + step) % _entries.Count];
            if (entry.IsAlive && entry.Node.Id != self)
            {
                into[count++] = entry.Contact;
            }
        }

        return count;
    }

    /// <summary>The living member just before <paramref name="self"/>, if there is another.</summary>
    public Contact? PredecessorOf(RingId self)
    {
        var start = IndexOf(self, out _);
        for (var step = 1; step <= _entries.Count; step++)
        {
            var entry = _entries[((start - step) % _entries.Count + _entries.Count) % _entries.Count];
            if (entry.IsAlive && entry.Node.Id != self)
            {
                return entry.Contact;
            }
        }

        return null;
    }

    /// <summary>All entries, for a message.</summary>
    public FoundingEntry[] ToEntries()
    {
        var entries = new FoundingEntry[_entries.Count];
        for (var index = 0; index < entries.Length; index++)
        {
            entries[index] = new(_entries[index].Node, _entries[index].Mark);
        }

        return entries;
    }

    /// <summary>The descriptors of the living, for a message.</summary>
    public Descriptor[] ToLiving()
    {
        var living = new Descriptor[AliveCount];
        var count = 0;
        foreach (var entry in _entries)
        {
            if (entry.IsAlive)
            {
                living[count++] = entry.Node;
            }
        }

        return living;
    }

    private bool Merge(in Entry entry)
    {
        var index = IndexOf(entry.Node.Id, out var found);
        if (found)
        {
            var known = _entries[index];
            if (entry.Node.Instance < known.Node.Instance || (entry.Node.Instance == known.Node.Instance && entry.Mark <= known.Mark))
            {
                return false;
            }

            _entries[index] = entry;
        }
        else
        {
            // Only the living displace the departed. Two departed that took each other's place would come and go for ever between full sets, each time as a change.
            if (_entries.Count == FoundingState.MaxEntries && (!entry.IsAlive || !TryMakeRoom()))
            {
                return false; // Or full of the living: this is long past founding, and the newcomer waits for the ring.
            }

            _entries.Insert(IndexOf(entry.Node.Id, out _), entry);
        }

        Recount();
        return true;
    }

    private bool TryMakeRoom()
    {
        for (var index = 0; index < _entries.Count; index++)
        {
            if (!_entries[index].IsAlive)
            {
                _entries.RemoveAt(index);
                return true;
            }
        }

        return false;
    }

    private int IndexOf(RingId id, out bool found)
    {
        // Order by value: any order that all members share will do.
        var index = 0;
        while (index < _entries.Count && _entries[index].Node.Id.Value < id.Value)
        {
            index++;
        }

        found = index < _entries.Count && _entries[index].Node.Id == id;
        return index;
    }

    private void Recount()
    {
        Version++;
        AliveCount = 0;
        var hash = new Prng(0x0F0D_D1D6_0000_0001);
        var sum = hash.Next();
        foreach (var entry in _entries)
        {
            if (entry.IsAlive)
            {
                AliveCount++;
                sum = new Prng(sum ^ entry.Node.Id.Value).Next();
                sum = new Prng(sum ^ (ulong)entry.Node.Instance).Next();
            }
        }

        Hash = sum;
    }

    private readonly record struct Entry(Descriptor Node, NodeCertificate? Certificate, FoundingMark Mark)
    {
        public bool IsAlive => Mark == FoundingMark.Alive;

        public Contact Contact => new(Node.Id, Node.Instance, Certificate!);
    }
}
