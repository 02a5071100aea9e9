using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Identity;

/// <summary>The certificates that a node has verified, each once: tables and messages refer to them by hash or id.</summary>
/// <remarks>
/// <para>Bounded: where it is full, the certificate goes that was not asked for in the longest turn of the clock hand (second chance). A table that holds
/// a <see cref="Contact"/> keeps its certificate alive by itself; forgetting it here only means that it must be fetched again.</para>
/// <para>What a hub did not sign is remembered too, so that a peer who repeats it costs one hash and no signature check.</para>
/// <para>Instances: only what an owner said itself (<see cref="Witness"/>) raises the newest instance of a key, else anybody could lock anybody out.</para>
/// </remarks>
public sealed class CertificateStore
{
    /// <summary>Certificates kept by default.</summary>
    public const int DefaultCapacity = 1024;

    private const int MaxRefused = 256;

    private readonly ISigning _signing;
    private readonly int _capacity;
    private readonly Dictionary<CertificateHash, int> _byHash = [];
    private readonly Dictionary<RingId, int> _byId = [];
    private readonly HashSet<CertificateHash> _refused = [];
    private readonly Queue<CertificateHash> _refusedInOrder = new();
    private Entry[] _entries = [];
    private int _count;
    private int _hand;
    private byte[] _hubKey = [];
    private NodeCertificate? _own;

    /// <param name="signing">Verifies.</param>
    /// <param name="capacity">Certificates kept; at least 16.</param>
    public CertificateStore(ISigning signing, int capacity = DefaultCapacity)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 16);
        _signing = signing;
        _capacity = capacity;
    }

    /// <summary>The key of the hub whose signature counts; empty until <see cref="Trust"/>.</summary>
    public ReadOnlySpan<byte> HubKey => _hubKey;

    /// <summary>The network of that key.</summary>
    public NetworkId Network => _hubKey.Length == 0 ? default : NodeCertificate.NetworkOf(_hubKey);

    /// <summary>The node's own certificate, once it has one.</summary>
    public NodeCertificate? Own => _own;

    /// <summary>Certificates kept.</summary>
    public int Count => _count;

    /// <summary>Signature checks made, for tests and metrics.</summary>
    public long VerifyCount { get; private set; }

    /// <summary>Believes this hub's key. Another key than before forgets everything: those certificates speak of another network.</summary>
    public void Trust(ReadOnlySpan<byte> hubKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hubKey.Length, ISigning.PublicKeyBytes);
        if (hubKey.SequenceEqual(_hubKey))
        {
            return;
        }

        _hubKey = hubKey.ToArray();
        _byHash.Clear();
        _byId.Clear();
        _refused.Clear();
        _refusedInOrder.Clear();
        Array.Clear(_entries);
        (_count, _hand, _own) = (0, 0, null);
    }

    /// <summary>Keeps the node's own certificate, which is never evicted. False where it is not valid or not for the node's own key.</summary>
    public bool TrySetOwn(Instant now, NodeCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.PublicKey.SequenceEqual(_signing.PublicKey) || !TryAdd(now, certificate, out var interned))
        {
            return false;
        }

        _own = interned;
        return true;
    }

    /// <summary>Takes a certificate after verifying it; one that is known costs no second check.</summary>
    /// <param name="now">Judges its life by the wall clock.</param>
    /// <param name="certificate">As it came.</param>
    /// <param name="interned">The one instance of it that everybody shares.</param>
    /// <returns>False where it is not valid for this network now, or no hub is trusted yet.</returns>
    public bool TryAdd(Instant now, NodeCertificate certificate, out NodeCertificate interned)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        interned = certificate;
        var unixSeconds = now.UnixMilliseconds / 1000;
        if (_byHash.TryGetValue(certificate.Hash, out var at))
        {
            interned = _entries[at].Certificate;
            _entries[at].IsRecent = true;
            return interned.IsInForce(unixSeconds);
        }

        // Time heals and ends validity, so only a wrong signature or position is worth remembering.
        if (_hubKey.Length == 0 || !certificate.IsInForce(unixSeconds) || _refused.Contains(certificate.Hash))
        {
            return false;
        }

        VerifyCount++;
        if (!certificate.IsValid(_signing, _hubKey, unixSeconds))
        {
            Refuse(certificate.Hash);
            return false;
        }

        Add(certificate);
        return true;
    }

    /// <summary>A verified certificate by its hash.</summary>
    public bool TryGet(CertificateHash hash, out NodeCertificate certificate)
    {
        if (_byHash.TryGetValue(hash, out var at))
        {
            _entries[at].IsRecent = true;
            certificate = _entries[at].Certificate;
            return true;
        }

        certificate = null!;
        return false;
    }

    /// <summary>The newest verified certificate of a node, with its newest instance known.</summary>
    public bool TryFind(RingId id, out Contact contact)
    {
        if (_byId.TryGetValue(id, out var at))
        {
            _entries[at].IsRecent = true;
            contact = new(id, _entries[at].Instance, _entries[at].Certificate);
            return true;
        }

        contact = default;
        return false;
    }

    /// <summary>Whether the certificate of <paramref name="descriptor"/> is known.</summary>
    public bool Knows(in Descriptor descriptor) => _byHash.ContainsKey(descriptor.Certificate);

    /// <summary>Makes a contact of a descriptor.</summary>
    /// <returns>False where the certificate is unknown, belongs to another id, or the owner itself has spoken with a newer instance since.</returns>
    public bool TryResolve(in Descriptor descriptor, out Contact contact)
    {
        contact = default;
        if (!TryGet(descriptor.Certificate, out var certificate)
            || certificate.Id != descriptor.Id
            || descriptor.Instance < NewestInstance(descriptor.Id))
        {
            return false;
        }

        contact = new(descriptor.Id, descriptor.Instance, certificate);
        return true;
    }

    /// <summary>The newest instance that the owner of <paramref name="id"/> used itself; 0 where it was never heard.</summary>
    public long NewestInstance(RingId id) => _byId.TryGetValue(id, out var at) ? _entries[at].Instance : 0;

    /// <summary>Notes the instance of something that the owner of <paramref name="id"/> signed, or said over its proved link.</summary>
    /// <returns>False where a newer one was witnessed: what it said is out of date.</returns>
    public bool Witness(RingId id, long instance)
    {
        if (!_byId.TryGetValue(id, out var at))
        {
            return true;
        }

        ref var entry = ref _entries[at];
        if (instance < entry.Instance)
        {
            return false;
        }

        entry.Instance = instance;
        return true;
    }

    private void Refuse(CertificateHash hash)
    {
        if (_refusedInOrder.Count == MaxRefused)
        {
            _refused.Remove(_refusedInOrder.Dequeue());
        }

        _refused.Add(hash);
        _refusedInOrder.Enqueue(hash);
    }

    private void Add(NodeCertificate certificate)
    {
        var at = _count < _capacity ? Append() : Evict();
        _entries[at] = new() { Certificate = certificate }; // Recent only once asked for: else a stream of strangers pushes out friends.
        _byHash.Add(certificate.Hash, at);
        if (!_byId.TryGetValue(certificate.Id, out var sibling))
        {
            _byId.Add(certificate.Id, at);
        }
        else if (certificate.NotAfter >= _entries[sibling].Certificate.NotAfter)
        {
            _entries[at].Instance = _entries[sibling].Instance; // A renewal: the same key and id, another life.
            _byId[certificate.Id] = at;
        }
    }

    private int Append()
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Min(_capacity, Math.Max(16, _count * 2)));
        }

        return _count++;
    }

    /// <summary>Frees the place of a certificate that nobody asked for since the hand last passed.</summary>
    private int Evict()
    {
        while (true)
        {
            var at = _hand;
            _hand = (_hand + 1) % _count;
            ref var entry = ref _entries[at];
            if (entry.IsRecent || ReferenceEquals(entry.Certificate, _own))
            {
                entry.IsRecent = false;
                continue;
            }

            _byHash.Remove(entry.Certificate.Hash);
            if (_byId.TryGetValue(entry.Certificate.Id, out var newest) && newest == at)
            {
                _byId.Remove(entry.Certificate.Id);
            }

            return at;
        }
    }

    private struct Entry
    {
        public NodeCertificate Certificate;
        public long Instance;
        public bool IsRecent;
    }
}
