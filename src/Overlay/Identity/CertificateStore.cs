using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Identity;

/// <summary>The certificates that a node has verified, each once: tables and messages refer to them by hash or id.</summary>
/// <remarks>
/// <para>Bounded: where it is full, the certificate goes that was not asked for in the longest turn of the clock hand (second chance). A table that holds
/// a <see cref="Contact"/> keeps its certificate alive by itself; forgetting it here only means that it must be fetched again.</para>
/// <para>What a hub did not sign is remembered too, so that a peer who repeats it costs one hash and no signature check. Where the host lends a
/// <see cref="CertificatePool"/> of the trusted key, the checks of all its nodes are shared; what this node knows is not.</para>
/// <para>Instances: only what an owner said itself (<see cref="Witness"/>) raises the newest instance of a key, else anybody could lock anybody out.</para>
/// </remarks>
public sealed class CertificateStore
{
    /// <summary>Certificates kept by default.</summary>
    public const int DefaultCapacity = 1024;

    private readonly ISigning _signing;
    private readonly CertificatePool? _lent;
    private ContactTable _known; // Each with the newest instance that its owner was heard with; 0: never heard.
    private RefusedCertificates? _refused;
    private byte[] _hubKey = [];
    private NodeCertificate? _own;

    /// <param name="signing">Verifies.</param>
    /// <param name="capacity">Certificates kept; at least 16.</param>
    /// <param name="pool">What other nodes of this host have verified; consulted while its key is the trusted one.</param>
    public CertificateStore(ISigning signing, int capacity = DefaultCapacity, CertificatePool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 16);
        _signing = signing;
        _known = new(capacity);
        _lent = pool;
    }

    /// <summary>The key of the hub whose signature counts; empty until <see cref="Trust"/>.</summary>
    public ReadOnlySpan<byte> HubKey => _hubKey;

    /// <summary>The network of that key.</summary>
    public NetworkId Network => _hubKey.Length == 0 ? default : NodeCertificate.NetworkOf(_hubKey);

    /// <summary>The node's own certificate, once it has one.</summary>
    public NodeCertificate? Own => _own;

    /// <summary>Certificates kept.</summary>
    public int Count => _known.Count;

    /// <summary>Signature checks made, for tests and metrics.</summary>
    public long VerifyCount { get; private set; }

    private CertificatePool? Pool => _lent is not null && ReferenceEquals(_lent.SharedHubKey, _hubKey) ? _lent : null;

    /// <summary>Believes this hub's key. Another key than before forgets everything: those certificates speak of another network.</summary>
    public void Trust(ReadOnlySpan<byte> hubKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hubKey.Length, ISigning.PublicKeyBytes);
        if (hubKey.SequenceEqual(_hubKey))
        {
            return;
        }

        _hubKey = _lent is not null && hubKey.SequenceEqual(_lent.HubKey) ? _lent.SharedHubKey : hubKey.ToArray();
        _known.Clear();
        (_refused, _own) = (null, null);
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
        if (TryGet(certificate.Id, certificate.Hash, out var known))
        {
            interned = known.Certificate;
            return interned.IsInForce(unixSeconds);
        }

        // Time heals and ends validity, so only a wrong signature or position is worth remembering.
        if (_hubKey.Length == 0 || !certificate.IsInForce(unixSeconds) || !TryVerify(certificate, unixSeconds, out interned))
        {
            return false;
        }

        Add(interned);
        return true;
    }

    /// <summary>A verified certificate by its hash alone; looks through all of them.</summary>
    public bool TryGet(CertificateHash hash, out NodeCertificate certificate)
    {
        var at = _known.Find(hash);
        certificate = at >= 0 ? _known[at].Certificate : null!;
        Touch(at);
        return at >= 0;
    }

    /// <summary>The newest verified certificate of a node, with its newest instance known.</summary>
    public bool TryFind(RingId id, out Contact contact)
    {
        var at = _known.FindNewest(id);
        contact = at >= 0 ? _known[at] : default;
        Touch(at);
        return at >= 0;
    }

    /// <summary>Whether the certificate of <paramref name="descriptor"/> is known.</summary>
    public bool Knows(in Descriptor descriptor) => _known.Find(descriptor.Id, descriptor.Certificate) >= 0;

    /// <summary>Makes a contact of a descriptor.</summary>
    /// <returns>False where the certificate is unknown, belongs to another id, or the owner itself has spoken with a newer instance since.</returns>
    public bool TryResolve(in Descriptor descriptor, out Contact contact)
    {
        if (!TryGet(descriptor.Id, descriptor.Certificate, out contact))
        {
            return false;
        }

        if (contact.Instance == descriptor.Instance)
        {
            return true;
        }

        if (descriptor.Instance < NewestInstance(descriptor.Id))
        {
            contact = default;
            return false;
        }

        contact = contact with { Instance = descriptor.Instance };
        return true;
    }

    /// <summary>The newest instance that the owner of <paramref name="id"/> used itself; 0 where it was never heard.</summary>
    public long NewestInstance(RingId id) => _known.FindNewest(id) is var at && at >= 0 ? _known[at].Instance : 0;

    /// <summary>Notes the instance of something that the owner of <paramref name="id"/> signed, or said over its proved link.</summary>
    /// <returns>False where a newer one was witnessed: what it said is out of date.</returns>
    public bool Witness(RingId id, long instance)
    {
        var at = _known.FindNewest(id);
        if (at < 0 || instance == _known[at].Instance)
        {
            return true;
        }

        if (instance < _known[at].Instance)
        {
            return false;
        }

        var heard = _known[at] with { Instance = instance };
        _known[at] = Pool is { } pool ? pool.Share(heard) : heard;
        return true;
    }

    /// <summary>Takes what the host vouches for, instance and all, without a check: the beginning in a settled network.</summary>
    internal void Vouch(in Contact contact)
    {
        if (_known.Find(contact.Id, contact.Certificate.Hash) < 0)
        {
            _known.Add(contact, _own);
        }
    }

    private bool TryGet(RingId id, CertificateHash hash, out Contact contact)
    {
        var at = _known.Find(id, hash);
        contact = at >= 0 ? _known[at] : default;
        Touch(at);
        return at >= 0;
    }

    private void Touch(int at)
    {
        if (at >= 0)
        {
            _known.Touch(at);
        }
    }

    private bool TryVerify(NodeCertificate certificate, long unixSeconds, out NodeCertificate interned)
    {
        interned = certificate;
        if (Pool is { } pool)
        {
            var isTrue = pool.TryVerify(_signing, certificate, unixSeconds, out interned, out var wasChecked);
            VerifyCount += wasChecked ? 1 : 0;
            return isTrue;
        }

        if (_refused is not null && _refused.Contains(certificate.Hash))
        {
            return false;
        }

        VerifyCount++;
        if (certificate.IsValid(_signing, _hubKey, unixSeconds))
        {
            return true;
        }

        (_refused ??= new()).Add(certificate.Hash);
        return false;
    }

    /// <summary>A renewal (the same key and id, another life) goes on with the instance of the certificate before it.</summary>
    private void Add(NodeCertificate certificate)
    {
        var sibling = _known.FindNewest(certificate.Id);
        var isRenewal = sibling >= 0 && certificate.NotAfter >= _known[sibling].Certificate.NotAfter;
        var contact = new Contact(certificate.Id, isRenewal ? _known[sibling].Instance : 0, certificate);
        _known.Add(Pool is { } pool ? pool.Share(contact) : contact, _own);
    }
}
