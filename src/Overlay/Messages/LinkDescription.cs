namespace Overlay.Messages;

/// <summary>What one end of a link must know of the other: carried in a signed offer or answer, made by the host's connection stack.</summary>
/// <remarks>
/// Wire (MessagePack array): <c>[fingerprint (bin 32), ufrag (str), pwd (str), candidates (array of str), sctpInit (bin)]</c>.
/// The core looks at the fingerprint only (the proof binds it) and never interprets a candidate.
/// </remarks>
public sealed record LinkDescription(
    byte[] Fingerprint,
    string Ufrag,
    string Password,
    IReadOnlyList<string> Candidates,
    byte[] SctpInit)
{
    /// <summary>Candidates that a description or a trickled batch may carry.</summary>
    public const int MaxCandidates = 32;

    /// <summary>Characters of one candidate line.</summary>
    public const int MaxCandidateLength = 256;

    /// <summary>Bytes of SCTP's INIT parameters.</summary>
    public const int MaxSctpInitBytes = 512;

    /// <summary>Names the fragment only: a password does not belong in a log.</summary>
    public override string ToString() => Ufrag;
}
