using System.Diagnostics.CodeAnalysis;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Sdp;

namespace Overlay.WebRtc.Peer;

/// <summary>Between <see cref="PeerDescription"/> and the plain values of <see cref="SessionDescription"/>, in both directions.</summary>
internal static class PeerDescriptionSdp
{
    /// <summary>Every peer we know uses it, and the association has one port for both sides.</summary>
    private const int SctpPort = 5000;

    public static string Format(PeerDescription description, SessionDescription? offer)
    {
        var candidates = new string[description.Candidates.Count];
        for (var i = 0; i < candidates.Length; i++)
        {
            candidates[i] = description.Candidates[i].ToString();
        }

        var session = new SessionDescription
        {
            SessionId = description.SessionId,
            SessionVersion = description.SessionVersion,
            IceUfrag = description.Ufrag,
            IcePassword = description.Password,
            IsIceLite = description.IsIceLite,
            IsTrickle = true,
            Fingerprints = [new SdpFingerprint(SdpFingerprint.Sha256, description.Fingerprint.ToString())],
            Setup = description.Setup switch
            {
                DtlsSetup.Active => SdpSetup.Active,
                DtlsSetup.Passive => SdpSetup.Passive,
                _ => SdpSetup.ActPass,
            },
            SctpPort = SctpPort,
            MaxMessageSize = description.MaxMessageSize,
            SctpInit = description.SctpInit.IsEmpty ? null : Convert.ToBase64String(description.SctpInit.Span),
            Candidates = candidates,
        };
        return (offer is null ? session : session.AsAnswerTo(offer)).ToString();
    }

    public static bool TryParse(string sdp, [NotNullWhen(true)] out PeerDescription? description, out string error)
    {
        description = null;
        if (!SessionDescription.TryParse(sdp, out var session, out error))
        {
            return false;
        }

        if (session.SctpPort != SctpPort)
        {
            error = $"SCTP port {session.SctpPort} is not the {SctpPort} that data channels use";
            return false;
        }

        if (!Fingerprint.TryParse(session.Sha256Fingerprint, out var fingerprint))
        {
            error = "no SHA-256 fingerprint";
            return false;
        }

        description = new PeerDescription
        {
            Fingerprint = fingerprint,
            Ufrag = session.IceUfrag,
            Password = session.IcePassword,
            Candidates = ReadCandidates(session),
            Setup = session.Setup switch
            {
                SdpSetup.Active => DtlsSetup.Active,
                SdpSetup.Passive => DtlsSetup.Passive,
                _ => DtlsSetup.ActPass,
            },

            // RFC 8841 §6.1: 0 means that any size is welcome.
            MaxMessageSize = session.MaxMessageSize is 0 or > int.MaxValue ? int.MaxValue : (int)session.MaxMessageSize,
            IsIceLite = session.IsIceLite,
            SctpInit = ReadSctpInit(session.SctpInit),
            SessionId = session.SessionId,
            SessionVersion = session.SessionVersion,
            Source = session,
        };
        return true;
    }

    private static List<Candidate> ReadCandidates(SessionDescription session)
    {
        var candidates = new List<Candidate>();
        foreach (var line in session.Candidates)
        {
            if (Candidate.TryParse(line, out var candidate))
            {
                candidates.Add(candidate);
            }
        }

        return candidates;
    }

    private static ReadOnlyMemory<byte> ReadSctpInit(string? text)
    {
        var bytes = new byte[text is null ? 0 : text.Length];
        return text is not null && Convert.TryFromBase64String(text, bytes, out var length) ? bytes.AsMemory(0, length) : default;
    }
}
