namespace Overlay.Identity;

/// <summary>Certificates that a hub did not sign, so that a peer who repeats one costs a comparison and no signature check. The oldest of 256 is forgotten.</summary>
internal sealed class RefusedCertificates
{
    private const int Capacity = 256;

    private readonly CertificateHash[] _hashes = new CertificateHash[Capacity];
    private int _count;
    private int _next;

    public bool Contains(CertificateHash hash) => _hashes.AsSpan(0, _count).Contains(hash);

    public void Add(CertificateHash hash)
    {
        _hashes[_next] = hash;
        _next = (_next + 1) % Capacity;
        _count = Math.Min(_count + 1, Capacity);
    }
}
