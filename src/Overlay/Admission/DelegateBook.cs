using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

/// <summary>The members that this hub lets introduce newcomers: what was granted to each, and where it can be found.</summary>
/// <remarks>In memory only: each of them comes again after a while (<c>HubSessions</c>), so a hub that lost its memory has the book full before long.</remarks>
internal sealed class DelegateBook(int capacity)
{
    /// <summary>Who was not heard of for so long is not named to newcomers any more, and its place in the book may be another's.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private readonly List<Entry> _entries = []; // The one heard of last stands last.

    /// <summary>Delegates in the book.</summary>
    public int Count => _entries.Count;

    /// <summary>What this member holds already; null where it is not in the book.</summary>
    public Delegation? Find(RingId member) => _entries.Find(entry => entry.Member == member)?.Delegation;

    /// <summary>Notes that a member asked. False where the book is full of others that were heard of lately.</summary>
    public bool TryNote(Instant now, RingId member, Delegation delegation, string address)
    {
        _entries.RemoveAll(entry => entry.Member == member);
        if (_entries.Count >= capacity && _entries[0].HeardAt + Patience <= now)
        {
            _entries.RemoveAt(0);
        }

        if (_entries.Count >= capacity)
        {
            return false;
        }

        _entries.Add(new(member, delegation, address, now));
        return true;
    }

    /// <summary>Where newcomers can be admitted too, the ones heard of last first, after <paramref name="first"/>.</summary>
    public List<string> Seeds(Instant now, IReadOnlyList<string> first)
    {
        var seeds = new List<string>(first);
        for (var at = _entries.Count - 1; at >= 0 && _entries[at].HeardAt + Patience > now; at--)
        {
            if (_entries[at].Address.Length > 0 && !seeds.Contains(_entries[at].Address))
            {
                seeds.Add(_entries[at].Address);
            }
        }

        return seeds.Count <= Admitted.MaxSeeds ? seeds : seeds.GetRange(0, Admitted.MaxSeeds);
    }

    private sealed record Entry(RingId Member, Delegation Delegation, string Address, Instant HeardAt);
}
