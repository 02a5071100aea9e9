using System.Diagnostics.CodeAnalysis;

namespace Overlay.WebRtc.Ice;

/// <summary>How a candidate was found (RFC 8445 §5.1.1).</summary>
public enum CandidateKind : byte
{
    /// <summary>An address of the host itself.</summary>
    Host,

    /// <summary>What the other agent saw as our address, or we as theirs, during checks.</summary>
    PeerReflexive,

    /// <summary>What a STUN server saw as the address.</summary>
    ServerReflexive,

    /// <summary>An address at a relay.</summary>
    Relayed,
}

/// <summary>The transport a candidate uses.</summary>
public enum CandidateTransport : byte
{
    /// <summary>UDP, the only one this stack checks.</summary>
    Udp,

    /// <summary>TCP (RFC 6544): read, and passed over.</summary>
    Tcp,
}

/// <summary>An address where an agent may be reached, as it is told to the other agent (RFC 8839 §5.1).</summary>
/// <remarks>
/// Either <see cref="Address"/> is meaningful, or <see cref="HostName"/> is set: Chromium hides its addresses behind
/// "….local" names (RFC 8828); such a candidate is read, kept in the model and never checked.
/// </remarks>
public sealed record Candidate
{
    /// <summary>Candidates that come from the same base by the same means have the same one; 1 … 32 ice-chars.</summary>
    public required string Foundation { get; init; }

    /// <summary>1 for data; 2 was RTCP once.</summary>
    public int Component { get; init; } = 1;

    /// <summary>The transport.</summary>
    public CandidateTransport Transport { get; init; }

    /// <summary>Higher is better, 1 … 2^31 − 1 (RFC 8445 §5.1.2).</summary>
    public required uint Priority { get; init; }

    /// <summary>Where datagrams go.</summary>
    public TransportAddress Address { get; init; }

    /// <summary>A name in place of an address, or null.</summary>
    public string? HostName { get; init; }

    /// <summary>How it was found.</summary>
    public CandidateKind Kind { get; init; }

    /// <summary>The base of a reflexive or relayed candidate, for diagnosis only; null when not told.</summary>
    public TransportAddress? RelatedAddress { get; init; }

    /// <summary>The fragment of the generation it belongs to; null when not told.</summary>
    public string? Ufrag { get; init; }

    /// <summary>Whether this stack can send checks to it: UDP, component 1, an address (no name) that a datagram can reach.</summary>
    public bool IsCheckable =>
        Transport == CandidateTransport.Udp && Component == 1 && HostName is null && Address.IsUsableAsRemote;

    /// <summary>
    /// Reads "candidate:…" with or without "a=" in front (RFC 8839 §5.1). Unknown extensions are skipped. False for anything else.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out Candidate? candidate) =>
        CandidateText.TryParse(text, out candidate);

    /// <summary>"candidate:…", the form that signalling carries; put "a=" in front for SDP.</summary>
    public override string ToString() => CandidateText.Format(this);
}
