using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.WebRtc.Dtls;

/// <summary>A P-256 key with its self-signed certificate, and the libssl context that all endpoints using it share.</summary>
/// <remarks>
/// Nobody checks the name or the dates: a peer is recognised by the <see cref="Fingerprint"/> that signalling carried (RFC 8827 §6.5).
/// Make one for a node and keep it; making one takes about half a millisecond, an endpoint of it needs no further parsing.
/// </remarks>
public sealed unsafe class DtlsCertificate : IDisposable
{
    /// <summary>Both in hardware or nearly so; Chromium has no AES-256-GCM below DTLS 1.3, so a list of only that would never meet it.</summary>
    private const string CipherSuites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305";

    /// <summary>Largest record we write: an SCTP packet on any sensible path. It sizes libssl's write buffer.</summary>
    private const int MaxSendFragment = 2048;

    private nint _context;

    private DtlsCertificate(ReadOnlySpan<byte> certificateDer, ReadOnlySpan<byte> keyDer)
    {
        Fingerprint = Fingerprint.OfCertificate(certificateDer);
        _context = LibSsl.ContextNew(LibSsl.DtlsMethod());
        Configure(certificateDer, keyDer);
    }

    /// <summary>What the peer must be told before it can trust this certificate.</summary>
    public Fingerprint Fingerprint { get; }

    internal nint Context
    {
        get
        {
            ObjectDisposedException.ThrowIf(_context == 0, this);
            return _context;
        }
    }

    /// <summary>Draws a key and signs a certificate for it.</summary>
    /// <param name="notBefore">Start of validity; peers do not look at it.</param>
    /// <param name="notAfter">End of validity; peers do not look at it.</param>
    /// <exception cref="DtlsLibraryException">libssl is missing; the message names the cure.</exception>
    public static DtlsCertificate Create(DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        LibSslLoader.EnsureLoaded();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=WebRTC", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(notBefore, notAfter);
        var keyDer = key.ExportECPrivateKey();
        try
        {
            return new DtlsCertificate(certificate.RawDataMemory.Span, keyDer);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keyDer);
        }
    }

    /// <summary>Frees our share of the context. Endpoints that still use it keep theirs.</summary>
    public void Dispose()
    {
        if (_context != 0)
        {
            LibSsl.ContextFree(_context);
            _context = 0;
        }
    }

    private void Configure(ReadOnlySpan<byte> certificateDer, ReadOnlySpan<byte> keyDer)
    {
        _ = LibSsl.ContextControl(_context, LibSsl.CtrlSetMinProtocolVersion, LibSsl.Dtls12Version, nint.Zero);
        _ = LibSsl.ContextControl(_context, LibSsl.CtrlSetMaxProtocolVersion, LibSsl.Dtls12Version, nint.Zero);
        _ = LibSsl.ContextControl(_context, LibSsl.CtrlSetSessionCacheMode, 0, nint.Zero);
        _ = LibSsl.ContextControl(_context, LibSsl.CtrlSetMaxSendFragment, MaxSendFragment, nint.Zero);
        _ = LibSsl.ContextControl(_context, LibSsl.CtrlMode, LibSsl.ModeReleaseBuffers, nint.Zero);
        _ = LibSsl.ContextSetOptions(
            _context,
            LibSsl.OptionNoQueryMtu | LibSsl.OptionNoTicket | LibSsl.OptionNoCompression | LibSsl.OptionCipherServerPreference
            | LibSsl.OptionNoRenegotiation);
        LibSsl.ContextSetVerify(_context, LibSsl.VerifyPeer | LibSsl.VerifyFailIfNoPeerCertificate, nint.Zero);
        LibSsl.ContextSetCertificateVerifyCallback(_context, &VerifyPeerCertificate, nint.Zero);

        fixed (byte* certificate = certificateDer)
        fixed (byte* key = keyDer)
        {
            var isUsable = LibSsl.ContextSetCipherList(_context, CipherSuites) == 1
                && (int)LibSsl.ContextControl(_context, LibSsl.CtrlSetGroupsList, 0, "X25519:P-256") == 1
                && LibSsl.ContextUseCertificate(_context, certificateDer.Length, certificate) == 1
                && LibSsl.ContextUsePrivateKey(LibSsl.KeyTypeEc, _context, key, keyDer.Length) == 1;
            if (!isUsable)
            {
                Dispose();
                throw new DtlsLibraryException(
                    "libssl was found but refuses P-256 certificates or the suites WebRTC needs (ECDHE-ECDSA with AES-128-GCM or ChaCha20). "
                    + $"Set {LibSslLoader.EnvironmentVariable} to a complete libssl 3.");
            }
        }
    }

    /// <summary>Takes the place of chain building: self-signed certificates have no chain, only a fingerprint.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static int VerifyPeerCertificate(nint storeContext, nint argument)
    {
        var ssl = LibSsl.StoreContextGetExtraData(storeContext, LibSsl.StoreContextIndex());
        var certificate = LibSsl.StoreContextCertificate(storeContext);
        var hash = stackalloc byte[Fingerprint.Length];
        uint length = 0;
        if (ssl != 0
            && certificate != 0
            && LibSsl.CertificateDigest(certificate, LibSsl.Sha256(), hash, &length) == 1
            && Fingerprint.TryFromBytes(new ReadOnlySpan<byte>(hash, (int)length), out var fingerprint)
            && DtlsEndpoint.OfNative(ssl) is { } endpoint
            && endpoint.AcceptsCertificate(fingerprint))
        {
            return 1;
        }

        LibSsl.StoreContextSetError(storeContext, LibSsl.CertificateRejected);
        return 0;
    }
}
