namespace Overlay.Identity;

/// <summary>Makes the encoded forms of certificates on demand, where each follows from a number: a simulated world of a million nodes need not keep them.</summary>
public interface ICertificateForms
{
    /// <summary>The encoded certificate of a number, <see cref="NodeCertificate.EncodedBytes"/> long; equal on every call.</summary>
    byte[] EncodedOf(ulong number);

    /// <summary>Its public key, 64 bytes.</summary>
    byte[] PublicKeyOf(ulong number);

    /// <summary>Its life in Unix seconds.</summary>
    (long NotBefore, long NotAfter) LifeOf(ulong number);
}
