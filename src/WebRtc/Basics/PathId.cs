using System.Globalization;

namespace Overlay.WebRtc;

/// <summary>Names the way a datagram takes out of this host: a local socket today, another kind of path later.</summary>
/// <remarks>The core never looks inside; it only hands back the value the host gave it. Each path has its own packet size.</remarks>
/// <param name="Value">The number the host chose; unique among the paths of one connection.</param>
public readonly record struct PathId(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"path {Value}");
}
