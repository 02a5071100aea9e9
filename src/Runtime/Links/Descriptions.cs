using Overlay.Messages;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Links;

/// <summary>Translates between the signed signal of the overlay and the description of the connection stack.</summary>
internal static class Descriptions
{
    /// <summary>What the node signs and sends.</summary>
    public static LinkDescription ToSignal(PeerDescription description)
    {
        var fingerprint = new byte[Fingerprint.Length];
        description.Fingerprint.CopyTo(fingerprint);
        var lines = new List<string>(description.Candidates.Count);
        foreach (var candidate in description.Candidates)
        {
            if (lines.Count < LinkDescription.MaxCandidates)
            {
                lines.Add(candidate.ToString());
            }
        }

        return new(fingerprint, description.Ufrag, description.Password, lines, description.SctpInit.ToArray());
    }

    /// <summary>What the stack connects to; false where the fingerprint is malformed. Candidates that cannot be used are left out.</summary>
    /// <param name="signal">What arrived, its signature verified.</param>
    /// <param name="isOffer">Whether it is the offer (which leaves the DTLS role open) or the answer (whose sender is the DTLS client).</param>
    /// <param name="maxMessageBytes">The longest message the other side takes: a constant of what the connection is for.</param>
    /// <param name="description">The stack's form.</param>
    public static bool TryToStack(LinkDescription signal, bool isOffer, int maxMessageBytes, out PeerDescription description)
    {
        description = null!;
        if (!Fingerprint.TryFromBytes(signal.Fingerprint, out var fingerprint))
        {
            return false;
        }

        var candidates = new List<Candidate>(signal.Candidates.Count);
        foreach (var line in signal.Candidates)
        {
            if (Candidate.TryParse(line, out var candidate))
            {
                candidates.Add(candidate);
            }
        }

        description = new PeerDescription
        {
            Fingerprint = fingerprint,
            Ufrag = signal.Ufrag,
            Password = signal.Password,
            Candidates = candidates,
            Setup = isOffer ? DtlsSetup.ActPass : DtlsSetup.Active,
            MaxMessageSize = maxMessageBytes,
            SctpInit = signal.SctpInit,
        };
        return true;
    }

    /// <summary>Gives the stack late candidates; those that cannot be used are left out.</summary>
    public static void AddCandidates(WebRtc.Instant now, PeerConnection connection, IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
        {
            if (Candidate.TryParse(line, out var candidate))
            {
                connection.AddRemoteCandidate(now, candidate);
            }
        }
    }

    /// <summary>The phase of a link set-up that a step of the stack belongs to.</summary>
    public static LinkPhase ToLinkPhase(PeerPhase phase) => phase switch
    {
        PeerPhase.Signal => LinkPhase.Signal,
        PeerPhase.Check => LinkPhase.Check,
        PeerPhase.Dtls => LinkPhase.Dtls,
        PeerPhase.Sctp => LinkPhase.Sctp,
        _ => LinkPhase.Proof,
    };

    /// <summary>Why a link ended, from the stack's reason.</summary>
    public static LinkFailure ToLinkFailure(PeerFailure failure) => failure switch
    {
        PeerFailure.None => LinkFailure.ClosedByPeer,
        PeerFailure.CheckTimeout or PeerFailure.DtlsTimeout or PeerFailure.SctpTimeout => LinkFailure.PhaseTimeout,
        PeerFailure.FingerprintMismatch => LinkFailure.ProofFailed,
        PeerFailure.ConsentExpired => LinkFailure.Silent,
        _ => LinkFailure.Transport,
    };
}
