namespace Overlay.WebRtc.Ice;

/// <summary>The two priority formulas of RFC 8445.</summary>
public static class CandidatePriority
{
    /// <summary>Priority of a candidate (RFC 8445 §5.1.2.1).</summary>
    /// <param name="kind">How it was found; decides the upper eight bits by the recommended preferences 126, 110, 100, 0.</param>
    /// <param name="localPreference">0 … 65,535: preference among candidates of the same kind.</param>
    /// <param name="component">1 … 256.</param>
    public static uint Of(CandidateKind kind, int localPreference, int component = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(localPreference);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(localPreference, ushort.MaxValue);
        uint typePreference = kind switch
        {
            CandidateKind.Host => 126,
            CandidateKind.PeerReflexive => 110,
            CandidateKind.ServerReflexive => 100,
            _ => 0,
        };
        return (typePreference << 24) + ((uint)localPreference << 8) + (uint)(256 - component);
    }

    /// <summary>Priority of a pair, the same number on both sides (RFC 8445 §6.1.2.3).</summary>
    /// <param name="controlling">Priority of the controlling agent's candidate (G).</param>
    /// <param name="controlled">Priority of the controlled agent's candidate (D).</param>
    public static ulong OfPair(uint controlling, uint controlled)
    {
        ulong min = Math.Min(controlling, controlled);
        ulong max = Math.Max(controlling, controlled);
        return (min << 32) + (2 * max) + (controlling > controlled ? 1UL : 0UL);
    }
}
