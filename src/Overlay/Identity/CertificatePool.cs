namespace Overlay.Identity;

/// <summary>What the nodes of one host have found out about certificates under one hub's key, so that each is judged once and kept once.</summary>
/// <remarks>
/// <para><b>Why sharing is right.</b> Whether a certificate's position follows from its nonce and key, and whether the hub signed it, depends on its bytes and
/// the hub's key alone: the answer is the same for everybody and for ever, so one node's check serves all that trust this key. What is <em>not</em> shared is
/// knowledge and time: which certificates a node may resolve without fetching them, which instances their owners spoke with, and whether a certificate is in force
/// now, stay each node's own (<see cref="CertificateStore"/>). A node asks the pool only about a certificate that a message brought it; the pool never tells of
/// others.</para>
/// <para>Bounded, with second chance; what was forgotten is checked again. For the nodes of one thread: it takes no lock.</para>
/// </remarks>
public sealed class CertificatePool
{
    private readonly byte[] _hubKey;
    private ContactTable _known;
    private RefusedCertificates? _refused;

    /// <param name="hubKey">The hub's key, 64 bytes.</param>
    /// <param name="capacity">Certificates kept; at least 16.</param>
    public CertificatePool(ReadOnlySpan<byte> hubKey, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hubKey.Length, ISigning.PublicKeyBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 16);
        _hubKey = hubKey.ToArray();
        _known = new(capacity);
    }

    /// <summary>The key that it judges by.</summary>
    public ReadOnlySpan<byte> HubKey => _hubKey;

    /// <summary>Certificates kept.</summary>
    public int Count => _known.Count;

    /// <summary>Signature checks made.</summary>
    public long VerifyCount { get; private set; }

    /// <summary>The key as the one array that all who trust it may share.</summary>
    internal byte[] SharedHubKey => _hubKey;

    /// <summary>Takes a certificate that the host itself knows to be true, because it issued it.</summary>
    public void Vouch(in Contact contact)
    {
        ArgumentNullException.ThrowIfNull(contact.Certificate);
        if (_known.Find(contact.Id, contact.Certificate.Hash) < 0)
        {
            _known.Add(contact);
        }
    }

    /// <summary>Whether a certificate is true. It must be in force: only what stays wrong is remembered as refused.</summary>
    /// <param name="signing">Verifies.</param>
    /// <param name="certificate">As it came.</param>
    /// <param name="unixSeconds">Now.</param>
    /// <param name="interned">The one instance of it that everybody shares.</param>
    /// <param name="wasChecked">A signature had to be checked.</param>
    internal bool TryVerify(ISigning signing, NodeCertificate certificate, long unixSeconds, out NodeCertificate interned, out bool wasChecked)
    {
        interned = certificate;
        wasChecked = false;
        var at = _known.Find(certificate.Id, certificate.Hash);
        if (at >= 0)
        {
            _known.Touch(at);
            interned = _known[at].Certificate;
            return true;
        }

        if (_refused is not null && _refused.Contains(certificate.Hash))
        {
            return false;
        }

        wasChecked = true;
        VerifyCount++;
        if (!certificate.IsValid(signing, _hubKey, unixSeconds))
        {
            (_refused ??= new()).Add(certificate.Hash);
            return false;
        }

        _known.Add(new(certificate.Id, 0, certificate));
        return true;
    }

    /// <summary>The one object for a contact that several nodes know alike; says nothing about what is true.</summary>
    internal Contact Share(in Contact contact)
    {
        var at = _known.Find(contact.Id, contact.Certificate.Hash);
        if (at < 0)
        {
            return contact;
        }

        if (_known[at].Instance != contact.Instance)
        {
            _known[at] = contact;
        }

        return _known[at];
    }
}
