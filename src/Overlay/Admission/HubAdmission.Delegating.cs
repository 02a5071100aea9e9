using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Admission;

// The chain hub → delegate → member (mechanisms §5), from both of its ends:
//   at a hub:       member → AskDelegation → hub;  hub → Delegated → member
//   at a delegate:  newcomer → Admit → delegate;   delegate → Admitted(certificate under its delegation) → newcomer
public sealed partial class HubAdmission
{
    private readonly DelegateBook _delegates;
    private Delegation? _delegation;
    private IReadOnlyList<string> _seeds;
    private uint _numbersUsed;
    private long _delegatedUntil;

    /// <summary>Whether a member introduces here, not a hub.</summary>
    public bool IsDelegate => _delegation is not null;

    /// <summary>A delegate was granted a newer delegation (its numbers begin anew), or heard of other places where one is admitted.</summary>
    /// <exception cref="InvalidOperationException">This is a hub, or the delegation is for another key.</exception>
    public void Redelegate(Delegation delegation, IReadOnlyList<string> seeds)
    {
        ArgumentNullException.ThrowIfNull(delegation);
        ArgumentNullException.ThrowIfNull(seeds);
        if (_delegation is null || !delegation.Key.SequenceEqual(_delegation.Key))
        {
            throw new InvalidOperationException("Only a delegate can be granted another delegation, and only for its own key.");
        }

        if (!delegation.Equals(_delegation))
        {
            (_delegation, _numbersUsed) = (delegation, 0);
        }

        _seeds = seeds;
    }

    private static void CheckDelegation(HubIdentity identity)
    {
        if (identity.Delegation is { } delegation)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(identity.NetworkKey.Length, ISigning.PublicKeyBytes);
            if (!delegation.Key.SequenceEqual(identity.Signing.PublicKey) || !delegation.IsValid(identity.Signing, identity.NetworkKey.Span))
            {
                throw new ArgumentException("The delegation is not for this key, or the network's hub did not sign it.", nameof(identity));
            }
        }
    }

    private void OnAskDelegation(Instant now, HubSession session, AskDelegation ask, HubOutbox outbox)
    {
        if (!session.Requests.TryTake(now) || (!session.IsCharged && !_limits.TryAttach(now, session.Remote)))
        {
            Decline(now, session, AdmitRefusal.TooMany, "too many requests for delegations; try again later", outbox);
            return;
        }

        session.IsCharged = true;
        var certificate = ask.Certificate;
        if (JudgeDelegate(now, session, ask) is ({ } refusal, var text))
        {
            Decline(now, session, refusal, text, outbox);
            return;
        }

        var delegation = _delegates.Find(certificate.Id);
        var unixSeconds = now.UnixMilliseconds / 1000;
        if (delegation is null || delegation.IsOld(unixSeconds) || !delegation.Key.SequenceEqual(certificate.PublicKey))
        {
            delegation = Delegation.Issue(
                _identity.Signing,
                certificate.PublicKey,
                unixSeconds,
                unixSeconds + (long)_options.DelegationLife.TotalSeconds,
                (uint)_options.AdmissionsPerDelegation,
                (uint)_options.CertificateLife.TotalSeconds);
        }

        if (!_delegates.TryNote(now, certificate.Id, delegation, ask.Address))
        {
            Decline(now, session, AdmitRefusal.TooMany, "so many members introduce already that no more are needed", outbox);
            return;
        }

        _counters.Delegations++;
        _gatewaySeenAt = now; // A member: its network lives, and its neighbours hear of this hub now.
        if (delegation.NotAfter > _delegatedUntil)
        {
            _delegatedUntil = delegation.NotAfter;
            outbox.Persist();
        }

        Reply(now, session, new Delegated(delegation, _delegates.Seeds(now, _seeds)), outbox);
        outbox.Observe(HubObservation.Delegated, session.Id, certificate.Id);
    }

    /// <summary>Whether the member may introduce; cheap questions first, the signatures last.</summary>
    private (AdmitRefusal? Refusal, string Text) JudgeDelegate(Instant now, HubSession session, AskDelegation ask)
    {
        if (IsDelegate || _options.Policy == AdmissionPolicy.Closed || _options.MaxDelegates == 0)
        {
            return (AdmitRefusal.Closed, IsDelegate ? "only a hub can let members introduce" : "this hub lets no member introduce");
        }

        if (_options.Policy == AdmissionPolicy.Tokens && !_tokens.Contains(ask.Token))
        {
            return ask.Token.Length == 0
                ? (AdmitRefusal.TokenNeeded, "to introduce others, this hub needs a join token")
                : (AdmitRefusal.TokenUnknown, "this hub does not know the join token");
        }

        var certificate = ask.Certificate;
        if (certificate.Audience != Network)
        {
            return (AdmitRefusal.WrongNetwork, "the certificate is for another network");
        }

        if (session.IsBound && session.Member != certificate.Id)
        {
            return (AdmitRefusal.BadSignature, "this session proved another key before");
        }

        if (!HubProofs.VerifyAskDelegation(_identity.Signing, _speakerKey, session.Challenge, ask))
        {
            return (AdmitRefusal.BadSignature, "the signature does not fit certificate, challenge and hub");
        }

        return certificate.IsValid(_identity.Signing, _hubKey, now.UnixMilliseconds / 1000)
            ? (null, "")
            : (AdmitRefusal.BadCertificate, "the certificate is not valid now");
    }

    /// <summary>Says no. A gateway or a newcomer keeps its session: what it does there is not in question.</summary>
    private void Decline(Instant now, HubSession session, AdmitRefusal why, string text, HubOutbox outbox)
    {
        if (!session.IsBound)
        {
            Refuse(now, session, why, text, outbox);
            return;
        }

        _counters.Refused[(int)why]++;
        Reply(now, session, new AdmitRefused(why, text), outbox);
        outbox.Observe(new() { Observation = HubObservation.Refused, Session = session.Id, Peer = session.Member, Refusal = why });
    }

    /// <summary>The certificate that the newcomer kept, where it is true: its id stays what it was, whoever admitted it then.</summary>
    private NodeCertificate? Kept(Instant now, Admit admit, UInt128 keyName) =>
        admit.Certificate is { } kept
        && kept.PublicKey.SequenceEqual(admit.PublicKey.Span)
        && !_members.IsTakenByAnother(kept.Id, keyName)
        && kept.IsValid(_identity.Signing, _hubKey, now.UnixMilliseconds / 1000)
            ? kept
            : null;

    /// <summary>Whether a certificate that was kept does for now. A hub would rather sign itself what a delegate signed.</summary>
    private bool Serves(Instant now, NodeCertificate kept) =>
        (IsDelegate || !kept.IsDelegated) && now.UnixMilliseconds / 1000 < kept.NotBefore + ((kept.NotAfter - kept.NotBefore) / 2);

    /// <summary>Signs a certificate; null where this is a delegate whose number is used up or whose time is over.</summary>
    private NodeCertificate? Issue(Instant now, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> nonce, HubOutbox outbox)
    {
        var from = now.UnixMilliseconds / 1000;
        var to = from + (long)_options.CertificateLife.TotalSeconds;
        if (_delegation is not { } delegation)
        {
            return NodeCertificate.Issue(_identity.Signing, publicKey, nonce, from, to);
        }

        if (!delegation.IsInForce(from) || _numbersUsed >= delegation.Admissions)
        {
            return null;
        }

        outbox.Persist(); // A number is never given twice, also after a restart.
        to = Math.Min(Math.Min(to, from + delegation.Life), delegation.NotAfter);
        return NodeCertificate.IssueDelegated(_identity.Signing, delegation, _numbersUsed++, publicKey, nonce, from, to);
    }
}
