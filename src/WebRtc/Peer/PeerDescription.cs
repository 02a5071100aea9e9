using System.Diagnostics.CodeAnalysis;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Sdp;

namespace Overlay.WebRtc.Peer;

/// <summary>Which DTLS role a description takes or leaves open (RFC 8842 §5, <c>a=setup</c>).</summary>
public enum DtlsSetup : byte
{
    /// <summary>An offer that leaves the choice to the answer.</summary>
    ActPass,

    /// <summary>Will send the ClientHello.</summary>
    Active,

    /// <summary>Will wait for it.</summary>
    Passive,
}

/// <summary>All that one side must tell the other: the contents of an offer or an answer, in whatever form it travels.</summary>
/// <remarks>Between our own nodes it travels as a signed message; at doors to foreign stacks as SDP (<see cref="ToSdp"/>).</remarks>
public sealed record PeerDescription
{
    /// <summary>The certificate the handshake will show.</summary>
    public required Fingerprint Fingerprint { get; init; }

    /// <summary>ICE user name fragment: 4 … 256 characters. Another one than before means an ICE restart.</summary>
    public required string Ufrag { get; init; }

    /// <summary>ICE password: 22 … 256 characters. A secret of the two sides.</summary>
    public required string Password { get; init; }

    /// <summary>Addresses known so far; more may follow one by one.</summary>
    public IReadOnlyList<Candidate> Candidates { get; init; } = [];

    /// <summary>The DTLS role.</summary>
    public DtlsSetup Setup { get; init; }

    /// <summary>The longest message the sender of this description accepts.</summary>
    /// <value>Default 65,536: what an absent line means (RFC 8841 §6.1).</value>
    public int MaxMessageSize { get; init; } = 65_536;

    /// <summary>Whether the sender is an ICE-lite agent, which only answers checks.</summary>
    public bool IsIceLite { get; init; }

    /// <summary>SCTP's INIT parameters, or empty: with them on both sides SCTP needs no handshake.</summary>
    public ReadOnlyMemory<byte> SctpInit { get; init; }

    /// <summary>Names the session in SDP's o= line; stays the same through ICE restarts.</summary>
    public ulong SessionId { get; init; }

    /// <summary>Counts the descriptions of a session in SDP's o= line.</summary>
    public ulong SessionVersion { get; init; } = 1;

    /// <summary>The SDP this was read from: an answer repeats its section names.</summary>
    internal SessionDescription? Source { get; init; }

    /// <summary>Names the fragment only: a password does not belong in a log.</summary>
    public override string ToString() => Ufrag;

    /// <summary>The description as SDP with CRLF line ends.</summary>
    /// <param name="answerTo">The offer as <see cref="TryParseSdp"/> read it, if this is an answer: its sections are answered in their order.</param>
    public string ToSdp(PeerDescription? answerTo = null) => PeerDescriptionSdp.Format(this, answerTo?.Source);

    /// <summary>Reads the SDP of an offer or answer with one data-channel section.</summary>
    /// <param name="sdp">The text; anything may come.</param>
    /// <param name="description">What it says; candidates that cannot be read are left out.</param>
    /// <param name="error">Why it was refused, or empty.</param>
    public static bool TryParseSdp(string? sdp, [NotNullWhen(true)] out PeerDescription? description, out string error) =>
        PeerDescriptionSdp.TryParse(sdp ?? "", out description, out error);
}
