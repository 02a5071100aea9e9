using System.Security.Cryptography;
using Overlay.WebRtc;

namespace Overlay.InteropPeer;

/// <summary>Turns the machine's monotonic clock into <see cref="Instant"/>.</summary>
internal sealed class HostClock(TimeProvider time)
{
    private readonly long _origin = time.GetTimestamp();

    public Instant Now => Instant.Zero + time.GetElapsedTime(_origin);
}

/// <summary>The operating system's generator.</summary>
internal sealed class HostSecrets : ISecrets
{
    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
