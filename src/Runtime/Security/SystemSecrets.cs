using System.Security.Cryptography;
using Overlay.Identity;

namespace Overlay.Runtime.Security;

/// <summary>Secrets from the operating system's generator.</summary>
public sealed class SystemSecrets : ISecrets
{
    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
