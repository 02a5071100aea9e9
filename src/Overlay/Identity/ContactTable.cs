using Overlay.Ring;

namespace Overlay.Identity;

/// <summary>Contacts by id and certificate in 9 bytes an entry: an open-addressed table that grows by a quarter, and forgets by second chance where it is full.</summary>
/// <remarks>
/// A tag of one byte beside each reference saves most of the visits to contacts that are not the one looked for, and holds the mark of the clock hand.
/// One id may have several certificates (a renewal has another life), so entries are found by both.
/// </remarks>
/// <param name="capacity">Entries at the most; at least 2.</param>
internal struct ContactTable(int capacity)
{
    private const byte Recent = 0x80;
    private const byte Tags = 0x7F;
    private const int FirstSlots = 8;

    private readonly int _capacity = capacity;
    private Contact[] _slots = [];
    private byte[] _tags = []; // 0: nothing there.
    private int _hand;

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <summary>The entry at a place that a search gave.</summary>
    public readonly Contact this[int at]
    {
        get => _slots[at];
        set => _slots[at] = value;
    }

    /// <summary>Notes that the entry at a place was asked for.</summary>
    public readonly void Touch(int at)
    {
        if ((_tags[at] & Recent) == 0)
        {
            _tags[at] |= Recent;
        }
    }

    /// <summary>Where the entry with this certificate is; −1: nowhere.</summary>
    public readonly int Find(RingId id, CertificateHash hash)
    {
        if (Count == 0)
        {
            return -1;
        }

        var mixed = Mix(id);
        for (var at = HomeOf(mixed); _tags[at] != 0; at = Next(at))
        {
            if (IsAt(at, id, mixed) && _slots[at].Certificate.Hash == hash)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Where the entry of this id is whose certificate lives longest; −1: nowhere.</summary>
    public readonly int FindNewest(RingId id)
    {
        if (Count == 0)
        {
            return -1;
        }

        var newest = -1;
        var mixed = Mix(id);
        for (var at = HomeOf(mixed); _tags[at] != 0; at = Next(at))
        {
            if (IsAt(at, id, mixed) && (newest < 0 || IsNewer(_slots[at], _slots[newest])))
            {
                newest = at;
            }
        }

        return newest;
    }

    /// <summary>Where the entry with this certificate is, whosever it is; −1: nowhere. Looks through all of them.</summary>
    public readonly int Find(CertificateHash hash)
    {
        for (var at = 0; at < _slots.Length; at++)
        {
            if (_tags[at] != 0 && _slots[at].Certificate.Hash == hash)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Adds an entry that is not there yet; where it is full, another goes.</summary>
    /// <param name="contact">With a certificate.</param>
    /// <param name="pinned">Never goes.</param>
    public void Add(in Contact contact, NodeCertificate? pinned = null)
    {
        if (Count == _capacity)
        {
            Evict(pinned);
        }
        else if ((Count + 1) * 8L > _slots.Length * 7L)
        {
            Grow();
        }

        Place(contact, 0); // Recent only once asked for: else a stream of strangers pushes out friends.
        Count++;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        (_slots, _tags) = ([], []);
        (Count, _hand) = (0, 0);
    }

    /// <summary>Positions of neighbours have their first bits in common: mixed, they lie apart.</summary>
    private static ulong Mix(RingId id) => id.Value * 0x9E3779B97F4A7C15UL;

    private static bool IsNewer(in Contact one, in Contact other)
    {
        var (life, otherLife) = (one.Certificate.NotAfter, other.Certificate.NotAfter);
        return life > otherLife || (life == otherLife && one.Instance > other.Instance);
    }

    private static byte TagOf(ulong mixed) => (byte)Math.Max(1, (mixed >> 25) & Tags);

    private readonly int HomeOf(ulong mixed) => (int)(((mixed >> 32) * (ulong)_slots.Length) >> 32);

    private readonly int Next(int at) => at + 1 == _slots.Length ? 0 : at + 1;

    private readonly bool IsAt(int at, RingId id, ulong mixed) => (_tags[at] & Tags) == TagOf(mixed) && _slots[at].Id == id;

    private readonly void Place(in Contact contact, byte mark)
    {
        var mixed = Mix(contact.Id);
        var at = HomeOf(mixed);
        while (_tags[at] != 0)
        {
            at = Next(at);
        }

        _slots[at] = contact;
        _tags[at] = (byte)(TagOf(mixed) | mark);
    }

    private void Grow()
    {
        var (slots, tags) = (_slots, _tags);
        var most = ((_capacity * 8L) / 7) + 1;
        var length = (int)Math.Min(most, Math.Max(FirstSlots, (slots.Length * 5L / 4) + 7)) & ~7;
        length = Math.Max(length, ((Count + 1) * 8 / 7) + 1);
        (_slots, _tags) = (new Contact[length], new byte[length]);
        for (var at = 0; at < slots.Length; at++)
        {
            if (tags[at] != 0)
            {
                Place(slots[at], (byte)(tags[at] & Recent));
            }
        }

        _hand = 0;
    }

    /// <summary>Makes room: the entry goes that nobody asked for since the hand last passed.</summary>
    private void Evict(NodeCertificate? pinned)
    {
        while (true)
        {
            _hand = Next(_hand);
            if (_tags[_hand] == 0 || ReferenceEquals(_slots[_hand].Certificate, pinned))
            {
                continue;
            }

            if ((_tags[_hand] & Recent) == 0)
            {
                Remove(_hand);
                return;
            }

            _tags[_hand] &= Tags;
        }
    }

    /// <summary>Takes an entry out; those behind it that may lie nearer to their home move up, so that no search ends early.</summary>
    private void Remove(int hole)
    {
        for (var at = Next(hole); _tags[at] != 0; at = Next(at))
        {
            var home = HomeOf(Mix(_slots[at].Id));
            var isBetween = hole < at ? home > hole && home <= at : home > hole || home <= at;
            if (!isBetween)
            {
                (_slots[hole], _tags[hole]) = (_slots[at], _tags[at]);
                hole = at;
            }
        }

        (_slots[hole], _tags[hole]) = (default, 0);
        Count--;
    }
}
