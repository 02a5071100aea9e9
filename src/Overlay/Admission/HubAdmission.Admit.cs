using System.Security.Cryptography;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

public sealed partial class HubAdmission
{
    /// <summary>More roots than follow each other between two appointments.</summary>
    private const uint EpochsBySecret = 1024;

    private void OnAdmit(Instant now, HubSession session, Admit admit, HubOutbox outbox)
    {
        if (!session.Requests.TryTake(now) || (!session.IsCharged && !_limits.TryAdmit(now, session.Remote)))
        {
            Refuse(now, session, AdmitRefusal.TooMany, "too many requests for admission; try again later", outbox);
            return;
        }

        session.IsCharged = true;
        if (Judge(session, admit) is ({ } refusal, var text))
        {
            Refuse(now, session, refusal, text, outbox);
            return;
        }

        var keyName = PositionBook.NameOf(admit.PublicKey.Span);
        Span<byte> nonce = stackalloc byte[NodeCertificate.NonceBytes];
        if (!TryPlace(now, session, admit, keyName, nonce, out var id, out var kept, outbox))
        {
            Refuse(now, session, AdmitRefusal.TooMany, "no free position for this key", outbox);
            return;
        }

        if (_members.HasNewer(id, admit.Instance))
        {
            Refuse(now, session, AdmitRefusal.OldInstance, "a newer instance of this key was started", outbox);
            return;
        }

        var certificate = _members.FreshCertificate(now, id, keyName) ?? (kept is not null && Serves(now, kept) ? kept : null)
            ?? Issue(now, admit.PublicKey.Span, nonce, outbox);
        if (certificate is null)
        {
            Refuse(now, session, AdmitRefusal.DelegationEnded, "this member may admit nobody more; try a hub, or another member that introduces", outbox);
            return;
        }

        _members.Note(id, keyName, admit.Instance);
        _members.Keep(certificate, keyName);
        Bind(now, session, certificate, keyName, admit.Instance, outbox);
        _contested.Remove(session);
        session.IsContested = false;
        if (session.IsGateway)
        {
            _gateways.Release(session); // It lost its place on the ring: nobody is introduced through it, itself least of all.
            LoseGateway(now, session, outbox);
        }

        Welcome(now, session, admit, outbox);
    }

    /// <summary>Where the newcomer belongs: where its certificate of an earlier time put it, else where this hub draws it.</summary>
    private bool TryPlace(
        Instant now, HubSession session, Admit admit, UInt128 keyName, Span<byte> nonce, out RingId id, out NodeCertificate? kept, HubOutbox outbox)
    {
        kept = Kept(now, admit, keyName) ?? session.Certificate; // Who asks once more is whom it was a moment ago.
        if (kept is not null)
        {
            kept.Nonce.CopyTo(nonce);
            id = kept.Id;
            return true;
        }

        var isPlaced = _positions.TryPlace(admit.PublicKey.Span, _members, nonce, out id, out var isNewCollision);
        if (isNewCollision)
        {
            outbox.Persist();
        }

        return isPlaced;
    }

    /// <summary>Whether the newcomer may come in; cheap questions first, the signature last.</summary>
    private (AdmitRefusal? Refusal, string Text) Judge(HubSession session, Admit admit)
    {
        if (_options.Policy == AdmissionPolicy.Closed)
        {
            return (AdmitRefusal.Closed, "this hub admits nobody new");
        }

        if (_options.Policy == AdmissionPolicy.Tokens && !_tokens.Contains(admit.Token))
        {
            return admit.Token.Length == 0
                ? (AdmitRefusal.TokenNeeded, "this hub needs a join token")
                : (AdmitRefusal.TokenUnknown, "this hub does not know the join token");
        }

        if (session.Certificate is { } bound && !bound.PublicKey.SequenceEqual(admit.PublicKey.Span))
        {
            return (AdmitRefusal.BadSignature, "this session proved another key before");
        }

        if (!HubProofs.VerifyAdmit(_identity.Signing, _speakerKey, session.Challenge, admit))
        {
            return (AdmitRefusal.BadSignature, "the signature does not fit key, challenge and hub");
        }

        return admit.RootProof.IsEmpty || KnowsRootSecret(session, admit) ? (null, "")
            : (AdmitRefusal.RootSecretWrong, IsDelegate || _options.RootSecret.Length == 0 ? "nobody becomes root by a secret here" : "this is not the secret of the root");
    }

    private bool KnowsRootSecret(HubSession session, Admit admit) =>
        !IsDelegate && _options.RootSecret.Length > 0
        && CryptographicOperations.FixedTimeEquals(HubProofs.ProveRoot(_options.RootSecret, session.Challenge, _speakerKey, admit.PublicKey.Span), admit.RootProof.Span);

    /// <summary>The session speaks for this node from now on; an older session of the same node ends.</summary>
    private void Bind(Instant now, HubSession session, NodeCertificate certificate, UInt128 keyName, long instance, HubOutbox outbox)
    {
        if (_byMember.TryGetValue(certificate.Id, out var older) && older != session)
        {
            Close(now, older, HubClose.Superseded, outbox);
        }

        session.Certificate = certificate;
        session.KeyName = keyName;
        session.Instance = instance;
        _byMember[certificate.Id] = session;
        Shelve(now, session);
    }

    private void Welcome(Instant now, HubSession session, Admit admit, HubOutbox outbox)
    {
        Descriptor? gateway = null;
        var retryAfter = TimeSpan.Zero;
        AdmitMode mode;
        if (!admit.RootProof.IsEmpty)
        {
            mode = AdmitMode.Found; // Also where a network stands: it goes over to the root that knows the secret.
        }
        else if ((session.Gateway = _gateways.Next(except: session)) is { } chosen)
        {
            mode = AdmitMode.Introduce;
            gateway = chosen.Descriptor;
        }
        else if (!admit.IsGuest && _options.RootSecret.Length == 0 && _options.CanFound && !IsDelegate && MayFound(now) && (_founder is null || _founder == session))
        {
            mode = AdmitMode.Found;
            _founder = session;
            _founderDue = now + _options.FounderTimeout;
        }
        else
        {
            mode = AdmitMode.Retry;
            retryAfter = _founder is not null ? _options.RetryWhileFounding : _options.RetryWithoutGateway;
        }

        _counters.Modes[(int)mode]++;
        var servers = _options.Ice.For(now, session.Member.ToString());
        var admitted = new Admitted(session.Certificate!, mode, (int)retryAfter.TotalMilliseconds, gateway, servers)
        {
            Seeds = _delegates.Seeds(now, _seeds),
            Appointment = mode == AdmitMode.Found ? Appoint(session, bySecret: !admit.RootProof.IsEmpty, outbox) : null,
        };
        Reply(now, session, admitted, outbox);
        outbox.Observe(new() { Observation = HubObservation.Admitted, Session = session.Id, Peer = session.Member, Mode = mode });
    }

    /// <summary>Should the network be a tree, its founder is the root, of a later epoch than whoever this hub appointed before; by the secret of a much later one, so that a tree that
    /// changed its root without the hub goes over to it.</summary>
    private RootAppointment Appoint(HubSession session, bool bySecret, HubOutbox outbox)
    {
        _rootEpoch += bySecret ? EpochsBySecret : 1;
        outbox.Persist();
        return RootAppointment.Issue(_identity.Signing, session.Member, _rootEpoch);
    }

    /// <summary>
    /// Mechanisms §4: once, and again only when nobody of the founded network showed up for 20 s. Longer where members may have let others in meanwhile: those learn of
    /// this hub by members that introduce, who ask for it every half a minute.
    /// </summary>
    private bool MayFound(Instant now)
    {
        return !_isFounded || (_gateways.Count == 0 && now - _gatewaySeenAt >= (MayHaveDelegates(now) ? _options.FoundAgainWithDelegates : _options.FoundAgainAfter));
    }

    /// <summary>Members may introduce others of whom this hub knows nothing.</summary>
    private bool MayHaveDelegates(Instant now) => now.UnixMilliseconds / 1000 < _delegatedUntil;

    private void OnRenew(Instant now, HubSession from, in Message message, Renew renew, HubOutbox outbox)
    {
        var certificate = renew.Certificate;
        if (!from.IsBound || certificate.Id != message.Source || (!from.IsGateway && from.Member != message.Source))
        {
            Drop(from, DropReason.NotProved, outbox);
            return;
        }

        // The asker's own signature is not needed: a certificate is public, and worth nothing without its key.
        var keyName = PositionBook.NameOf(certificate.PublicKey);
        var fresh = _members.FreshCertificate(now, certificate.Id, keyName);
        if (fresh is null && !from.Requests.TryTake(now))
        {
            Drop(from, DropReason.Quota, outbox);
            return;
        }

        if (!certificate.IsValid(_identity.Signing, _hubKey, now.UnixMilliseconds / 1000) || _members.IsTakenByAnother(certificate.Id, keyName))
        {
            Drop(from, DropReason.UnknownCertificate, outbox);
            return;
        }

        fresh ??= Issue(now, certificate.PublicKey, certificate.Nonce, outbox);
        if (fresh is null)
        {
            Drop(from, DropReason.Quota, outbox);
            return;
        }

        _members.Keep(fresh, keyName);
        _counters.Renewals++;
        outbox.Send(from.Id, Answer(now, message, new Renewed(fresh)));
    }
}
