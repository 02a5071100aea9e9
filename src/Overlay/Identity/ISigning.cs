namespace Overlay.Identity;

/// <summary>Signing with the node's own key and verifying with others': ECDSA P-256 live, a deterministic keyed hash of the same size in the simulator.</summary>
public interface ISigning
{
    /// <summary>Bytes of a signature: 64 (r ‖ s, IEEE P1363).</summary>
    const int SignatureBytes = 64;

    /// <summary>Bytes of a public key: 64 (X ‖ Y of the P-256 point).</summary>
    const int PublicKeyBytes = 64;

    /// <summary>The node's own public key, 64 bytes.</summary>
    ReadOnlySpan<byte> PublicKey { get; }

    /// <summary>Signs <paramref name="data"/> into 64 bytes of <paramref name="signature"/>.</summary>
    void Sign(ReadOnlySpan<byte> data, Span<byte> signature);

    /// <summary>Whether <paramref name="signature"/> over <paramref name="data"/> was made by the holder of <paramref name="publicKey"/>. Never throws.</summary>
    bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);
}

/// <summary>Sealing of application bodies between two nodes: ephemeral P-256 ECDH, HKDF-SHA-256, AES-128-GCM, the pair's key cached.</summary>
public interface ISealing
{
    /// <summary>Bytes that sealing adds at the most.</summary>
    const int MaxOverheadBytes = 96;

    /// <summary>Seals <paramref name="plaintext"/> for the holder of <paramref name="recipientKey"/>; <paramref name="associated"/> is authenticated too.</summary>
    byte[] Seal(ReadOnlySpan<byte> recipientKey, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plaintext);

    /// <summary>Opens what was sealed for this node. False where it was altered or meant for another. Never throws.</summary>
    bool TryOpen(ReadOnlySpan<byte> associated, ReadOnlySpan<byte> sealedBytes, out byte[] plaintext);
}
