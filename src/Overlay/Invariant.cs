using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Overlay;

/// <summary>Checks of what must always hold; on in Debug and in builds with <c>OVERLAY_CHECKS</c>, so the fast simulator keeps them.</summary>
public static class Invariant
{
    /// <summary>Stops with <paramref name="message"/> where <paramref name="holds"/> is false: a bug of ours, never a peer's doing.</summary>
    [Conditional("DEBUG")]
    [Conditional("OVERLAY_CHECKS")]
    public static void Check([DoesNotReturnIf(false)] bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOperationException("Invariant broken: " + message);
        }
    }
}
