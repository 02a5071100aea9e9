using System.Security.Cryptography;
using Overlay.Identity;

namespace Overlay.Runtime.Security;

/// <summary>Between keys as the overlay writes them (X ‖ Y, 64 bytes) and the platform's.</summary>
internal static class P256Keys
{
    private const int CoordinateBytes = ISigning.PublicKeyBytes / 2;

    public static ECParameters PublicFrom(ReadOnlySpan<byte> publicKey) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new() { X = publicKey[..CoordinateBytes].ToArray(), Y = publicKey[CoordinateBytes..].ToArray() },
    };

    public static byte[] ToBytes(ECParameters parameters)
    {
        var bytes = new byte[ISigning.PublicKeyBytes];
        parameters.Q.X!.CopyTo(bytes, CoordinateBytes - parameters.Q.X.Length);
        parameters.Q.Y!.CopyTo(bytes, ISigning.PublicKeyBytes - parameters.Q.Y.Length);
        return bytes;
    }
}
