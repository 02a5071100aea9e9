using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Admission;

public sealed partial class HubAdmission
{
    private void OnAttach(Instant now, HubSession session, Attach attach, HubOutbox outbox)
    {
        if (!session.Requests.TryTake(now) || (!session.IsCharged && !_limits.TryAttach(now, session.Remote)))
        {
            Refuse(now, session, AdmitRefusal.TooMany, "too many requests for slots; try again later", outbox);
            return;
        }

        session.IsCharged = true;
        if (!TryReadSlots(attach, out var wanted))
        {
            Drop(session, DropReason.Malformed, outbox);
            Close(now, session, HubClose.BadMessage, outbox);
            return;
        }

        var keyName = PositionBook.NameOf(attach.Certificate.PublicKey);
        if (Judge(now, session, attach, keyName) is ({ } refusal, var text))
        {
            Refuse(now, session, refusal, text, outbox);
            return;
        }

        var certificate = attach.Certificate;
        var isItsFirstWord = !session.IsBound;
        _members.Note(certificate.Id, keyName, attach.Instance);
        _members.Keep(certificate, keyName);
        Bind(now, session, certificate, keyName, attach.Instance, outbox);
        GiveSlots(now, session, wanted, isQuestion: wanted == 0 && isItsFirstWord, outbox);
    }

    private static bool TryReadSlots(Attach attach, out byte wanted)
    {
        wanted = 0;
        if (attach.Slots.Count > Attach.SlotCount)
        {
            return false;
        }

        foreach (var slot in attach.Slots)
        {
            if (slot is < 0 or >= Attach.SlotCount)
            {
                return false;
            }

            wanted |= (byte)(1 << slot);
        }

        return true;
    }

    private (AdmitRefusal? Refusal, string Text) Judge(Instant now, HubSession session, Attach attach, UInt128 keyName)
    {
        var certificate = attach.Certificate;
        if (certificate.Audience != Network)
        {
            return (AdmitRefusal.WrongNetwork, "the certificate is for another network");
        }

        if (IsDelegate && attach.Slots.Count > 0 && !certificate.PublicKey.SequenceEqual(_speakerKey))
        {
            return (AdmitRefusal.Closed, "the only gateway of a member that introduces is itself");
        }

        if (session.IsBound && session.KeyName != keyName)
        {
            return (AdmitRefusal.BadSignature, "this session proved another key before");
        }

        if (_members.IsTakenByAnother(certificate.Id, keyName))
        {
            return (AdmitRefusal.BadCertificate, "the position belongs to another key; ask for admission again");
        }

        if (_members.HasNewer(certificate.Id, attach.Instance))
        {
            return (AdmitRefusal.OldInstance, "a newer instance of this key was started");
        }

        if (!HubProofs.VerifyAttach(_identity.Signing, _speakerKey, session.Challenge, attach))
        {
            return (AdmitRefusal.BadSignature, "the signature does not fit certificate, challenge and hub");
        }

        return certificate.IsValid(_identity.Signing, _hubKey, now.UnixMilliseconds / 1000)
            ? (null, "")
            : (AdmitRefusal.BadCertificate, "the certificate is not valid now");
    }

    private void GiveSlots(Instant now, HubSession session, byte wanted, bool isQuestion, HubOutbox outbox)
    {
        var wasGateway = session.IsGateway;
        _contested.Remove(session);
        session.IsContested = false;
        _losers.Clear();
        _gateways.Assign(session, wanted, _losers);
        if (isQuestion)
        {
            NameGateway(now, session, outbox);
        }

        Shelve(now, session);
        foreach (var loser in _losers)
        {
            Introduce(now, loser, session, outbox);
            TellSlots(now, loser, wasGateway: true, outbox); // Before the winner hears: sockets exceed their bound for no longer than they must.
        }

        if (session.IsGateway)
        {
            _counters.Attachments++;
            BecomeFounded(session, outbox);
        }

        if (session.IsGateway && !wasGateway)
        {
            outbox.Observe(HubObservation.GatewayAttached, session.Id, session.Member);
        }

        TellSlots(now, session, wasGateway, outbox);
        if (session.IsGateway && !wasGateway && _gateways.Count == 1)
        {
            PublishNames(now);
        }
    }

    /// <summary>
    /// A member that claims nothing asks who is a gateway here: its ring may have been parted from that one's. It may speak with it through this hub, like one whose slots went
    /// to another.
    /// </summary>
    private void NameGateway(Instant now, HubSession session, HubOutbox outbox)
    {
        if (_gateways.Next(except: session) is { Certificate: { } certificate } gateway && gateway.Member != session.Member)
        {
            session.IsContested = true;
            Reply(now, session, new OtherGateway(certificate, gateway.Instance), outbox);
        }
    }

    /// <summary>
    /// Two living members claim one slot. Neighbours on one ring pass it on; if they are none, there are two rings, and each side's gateways hear of the other's. The loser
    /// may speak with the winner through this hub, as a newcomer does with its gateway, and one that does not want to closes its session itself.
    /// </summary>
    private void Introduce(Instant now, HubSession loser, HubSession winner, HubOutbox outbox)
    {
        if (loser.Member != winner.Member)
        {
            loser.IsContested = true;
            Reply(now, loser, new OtherGateway(winner.Certificate!, winner.Instance), outbox);
        }
    }

    /// <summary>Tells a session what it holds; one that holds nothing has no business here any more.</summary>
    private void TellSlots(Instant now, HubSession session, bool wasGateway, HubOutbox outbox)
    {
        var servers = session.IsGateway ? _options.Ice.For(now, session.Member.ToString()) : [];
        Reply(now, session, new Attached(GatewaySlots.ListOf(session.Slots), servers), outbox);
        if (session.IsGateway)
        {
            return;
        }

        if (wasGateway)
        {
            LoseGateway(now, session, outbox);
        }

        if (session.IsContested)
        {
            Shelve(now, session); // It may have to speak with whoever took its place; if not, it closes or falls silent.
            _contested.Remove(session);
            _contested.Add(session);
            if (_contested.Count > Attach.SlotCount)
            {
                Close(now, _contested[0], HubClose.NoSlots, outbox);
            }

            return;
        }

        Close(now, session, HubClose.NoSlots, outbox);
    }

    private void BecomeFounded(HubSession session, HubOutbox outbox)
    {
        _founder = null;
        if (!_isFounded)
        {
            _isFounded = true;
            outbox.Persist();
            outbox.Observe(HubObservation.Founded, session.Id, session.Member);
        }
    }

    /// <summary>Believed only of whoever holds every slot: among two members or more that is rare, and two networks of one hub find each other again.</summary>
    private void OnNetworkEnded(Instant now, HubSession session, HubOutbox outbox)
    {
        if (session.Slots != Attach.AllSlots)
        {
            Drop(session, DropReason.NotProved, outbox);
            return;
        }

        _gateways.Release(session);
        LoseGateway(now, session, outbox);
        Shelve(now, session);
        if (!IsDelegate && !MayHaveDelegates(now))
        {
            _isFounded = false;
            outbox.Persist();
            outbox.Observe(HubObservation.Ended, session.Id, session.Member);
        }
    }
}
