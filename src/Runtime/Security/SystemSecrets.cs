using System.Security.Cryptography;
using Overlay.Identity;

namespace Overlay.Runtime.Security;

/// <summary>Secrets from the operating system's generator, for both cores.</summary>
public sealed class SystemSecrets : ISecrets, WebRtc.ISecrets
{
    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
