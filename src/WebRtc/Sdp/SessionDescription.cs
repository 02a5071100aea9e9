using System.Diagnostics.CodeAnalysis;

namespace Overlay.WebRtc.Sdp;

/// <summary>What an offer or an answer says about a data-channel connection (RFC 8839, RFC 8841, RFC 8842, RFC 8866), as plain values.</summary>
/// <remarks>
/// The text itself does not say whether it is an offer or an answer; signalling does. Candidates stay text: what they mean is known
/// to ICE alone.
/// </remarks>
public sealed record SessionDescription
{
    /// <summary>What an absent max-message-size means (RFC 8841 §6.1).</summary>
    public const int DefaultMaxMessageSize = 65_536;

    /// <summary>Longer texts are refused unread, in characters.</summary>
    public const int MaxTextLength = 65_536;

    /// <summary>Candidates kept; further ones are dropped, and may still trickle.</summary>
    public const int MaxCandidates = 64;

    /// <summary>sess-id of the o= line; stays the same through renegotiations.</summary>
    public ulong SessionId { get; init; }

    /// <summary>sess-version of the o= line; one more with each description of the same session.</summary>
    public ulong SessionVersion { get; init; } = 1;

    /// <summary>ice-ufrag, 4 … 256 characters.</summary>
    public required string IceUfrag { get; init; }

    /// <summary>ice-pwd, 22 … 256 characters.</summary>
    public required string IcePassword { get; init; }

    /// <summary>Whether the agent is a lite one, which never checks by itself.</summary>
    public bool IsIceLite { get; init; }

    /// <summary>Whether candidates may follow later (RFC 8838).</summary>
    public bool IsTrickle { get; init; }

    /// <summary>Hashes of the certificate; at least one is SHA-256.</summary>
    public required IReadOnlyList<SdpFingerprint> Fingerprints { get; init; }

    /// <summary>Who begins the DTLS handshake.</summary>
    public required SdpSetup Setup { get; init; }

    /// <summary>a=mid of the data section; null when there is none.</summary>
    public string? Mid { get; init; } = "0";

    /// <summary>The SCTP port, 1 … 65,535.</summary>
    public int SctpPort { get; init; } = 5000;

    /// <summary>The largest message its author can receive, in bytes; 0 is any size.</summary>
    public long MaxMessageSize { get; init; } = DefaultMaxMessageSize;

    /// <summary>a=sctp-init: the INIT chunk in base64, by which two nodes spare the SCTP handshake; null when absent.</summary>
    public string? SctpInit { get; init; }

    /// <summary>"candidate:…" lines, without "a=".</summary>
    public IReadOnlyList<string> Candidates { get; init; } = [];

    /// <summary>Whether no more candidates follow (RFC 8838 §8.2).</summary>
    public bool HasEndOfCandidates { get; init; }

    /// <summary>The media sections that are no data channel, in order.</summary>
    public IReadOnlyList<SdpOtherSection> OtherSections { get; init; } = [];

    /// <summary>The SHA-256 fingerprint's value.</summary>
    public string Sha256Fingerprint
    {
        get
        {
            foreach (var fingerprint in Fingerprints)
            {
                if (fingerprint.Algorithm == SdpFingerprint.Sha256)
                {
                    return fingerprint.Value;
                }
            }

            return "";
        }
    }

    /// <summary>Reads an offer or answer. Unknown lines are skipped.</summary>
    /// <param name="text">The SDP; lines may end in CRLF or LF.</param>
    /// <param name="description">What it says.</param>
    /// <param name="error">Where it is wrong, naming line and cause; empty when it is right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out SessionDescription? description, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new SdpReader(text).TryRead(out description, out error);
    }

    /// <summary>This description in the place the offer gives it: the offer's mid, and its other sections rejected.</summary>
    public SessionDescription AsAnswerTo(SessionDescription offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        return this with { Mid = offer.Mid, OtherSections = offer.OtherSections };
    }

    /// <summary>The SDP text with CRLF line ends.</summary>
    public override string ToString() => SdpWriter.Write(this);
}
