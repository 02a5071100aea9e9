using Overlay.Identity;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

/// <summary>The keys that the hub has seen: their newest instance and their certificate. Bounded; losing an entry loses no id.</summary>
internal sealed class MemberBook(int capacity)
{
    private readonly RecencyTable<RingId, Entry> _entries = new(capacity);

    public int Count => _entries.Count;

    /// <summary>Whether the position belongs to another key than <paramref name="keyName"/>.</summary>
    public bool IsTakenByAnother(RingId id, UInt128 keyName) => _entries.TryPeek(id, out var entry) && entry.KeyName != keyName;

    /// <summary>Whether a newer instance of that node was seen.</summary>
    public bool HasNewer(RingId id, long instance) => _entries.TryPeek(id, out var entry) && entry.Instance > instance;

    /// <summary>Notes an instance of a node.</summary>
    public void Note(RingId id, UInt128 keyName, long instance)
    {
        var entry = Touch(id, keyName);
        entry.Instance = Math.Max(entry.Instance, instance);
    }

    /// <summary>Notes a certificate; the one that lasts longer is kept.</summary>
    public void Keep(NodeCertificate certificate, UInt128 keyName)
    {
        var entry = Touch(certificate.Id, keyName);
        if (entry.Certificate is null || entry.Certificate.NotAfter < certificate.NotAfter)
        {
            entry.Certificate = certificate;
        }
    }

    /// <summary>The certificate that the node has already, if it is in the first half of its life: an equal answer keeps its hash the same everywhere.</summary>
    public NodeCertificate? FreshCertificate(Instant now, RingId id, UInt128 keyName)
    {
        if (!_entries.TryPeek(id, out var entry) || entry.KeyName != keyName || entry.Certificate is not { } certificate)
        {
            return null;
        }

        var halfLife = certificate.NotBefore + ((certificate.NotAfter - certificate.NotBefore) / 2);
        return now.UnixMilliseconds / 1000 < halfLife ? certificate : null;
    }

    private Entry Touch(RingId id, UInt128 keyName)
    {
        if (!_entries.TryGet(id, out var entry))
        {
            entry = new() { KeyName = keyName, Instance = long.MinValue };
            _entries.Add(id, entry);
        }

        return entry;
    }

    private sealed class Entry
    {
        public required UInt128 KeyName { get; init; }

        public required long Instance { get; set; }

        public NodeCertificate? Certificate { get; set; }
    }
}
