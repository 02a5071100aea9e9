using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay.Signalling;

// A member and its gateway slots:  member → Attach(slots) → hub;  hub → Attached(slots held).  And its certificate's second life:  member → Renew → … → hub;  hub → Renewed → … → member.
public sealed partial class HubSessions
{

    /// <summary>How long a session is kept for the signals of two claimants.</summary>
    private static readonly TimeSpan ContestTime = TimeSpan.FromSeconds(30);

    private LinkId _otherBy;

    /// <summary>
    /// Compares the slots that this node is responsible for with those it holds, at each hub: dials, claims or lets go. Asked whenever the arc changed.
    /// </summary>
    public void JudgeSlots(Instant now)
    {
        _slotsAt = _context.IsMember && !_isNewcomer ? now + SlotPeriod : Instant.Never;
        if (_isNewcomer)
        {
            return;
        }

        for (var number = 0; number < HubsWithSlots; number++)
        {
            JudgeSlots(now, number, WantedOfListed(number));
        }

        JudgeLearned(now);
        JudgeOwnSlots(now);
        ForgetFresh();
    }

    private void JudgeSlots(Instant now, int number, int wanted)
    {
        if (wanted == 0 && SessionAt(number) is null)
        {
            return;
        }

        var hub = SessionWith(number);
        hub.Wanted = wanted;
        if (hub.State == HubState.Closed)
        {
            if (wanted != 0 && hub.Due <= now)
            {
                Open(now, hub);
            }
        }
        else if (wanted == 0)
        {
            // A member of this moment: its arc is on its way and may hold a slot. Closing now would mean to dial again.
            if (!_context.OwnsNothingYet && hub.Errand == HubErrand.None)
            {
                LetGo(now, hub);
            }
        }
        else if (hub.State == HubState.Ready && (hub.Asked != wanted || hub.AskAfter <= now))
        {
            Claim(now, hub, wanted);
        }
    }

    /// <summary>A member's request for a new certificate reached this node: it goes on to the hub, if a session is open.</summary>
    public bool TryPassToHub(in Message message)
    {
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is { State: HubState.Ready } && hub.Id != _courier.HubUplink && !IsIntroducer(hub.Hub))
            {
                _context.Outbox.Send(hub.Id, message with { HopsLeft = (byte)Math.Max(1, message.HopsLeft - 1) });
                return true;
            }
        }

        return false;
    }

    /// <summary>The hub's answer to <see cref="Renew"/>: it proves itself.</summary>
    public void ReceiveRenewed(Instant now, Renewed renewed)
    {
        ArgumentNullException.ThrowIfNull(renewed);
        var certificate = renewed.Certificate;
        if (_context.IsAdmitted
            && certificate.Id == _context.Self.Id
            && certificate.NotAfter > _context.Self.Certificate.NotAfter
            && _context.Certificates.TrySetOwn(now, certificate))
        {
            TakeCertificate(now, certificate);
            Event = HubEventKind.Renewed;
        }
    }

    /// <summary>Most members never see a hub again: sessions of which there is nothing to say are forgotten.</summary>
    private void ForgetFresh()
    {
        var isInUse = false;
        foreach (ref var hub in _sessions.AsSpan())
        {
            hub = hub is { IsFresh: true } ? null : hub;
            isInUse |= hub is not null;
        }

        _sessions = isInUse ? _sessions : null;
    }

    /// <summary>The number of the hub that admitted this node, whose guests a bare address means.</summary>
    public byte HomeHub { get; private set; }

    /// <summary>Whether session <paramref name="id"/> is one with the hub that <paramref name="guest"/> lives at.</summary>
    public bool IsHubOf(LinkId id, RingId guest) => Find(id) is { Hello: { Delegation: null } hello } && hello.HubNumber == GuestIds.HubOf(guest);

    /// <summary>The ring key of a gateway slot of the hub with this number; false before the network's key is known.</summary>
    public bool TrySlotKey(byte number, int slot, out RingId key)
    {
        key = _rememberedKey is { } network ? SlotKey(network, number, slot) : default;
        return _rememberedKey is not null;
    }

    private RingId SlotKey(int number, int slot) => SlotKey(_rememberedKey!, unchecked((byte)number), slot);

    private byte NumberOf(int hub) => _numbers is { } numbers && hub < numbers.Length ? numbers[hub] : unchecked((byte)hub);

    private RingId SlotKey(byte[] network, byte number, int slot)
    {
        var slots = _slots ??= new HubSlots(network, HubsWithSlots);
        return number < slots.HubCount ? slots[number, slot] : HubSlots.KeyOf(network, number, slot);
    }

    /// <summary>Hubs are numbered as the host lists them, until one says otherwise: all members must mean the same keys, whatever their lists look like.</summary>
    private void NoteNumber(HubSession hub, HubHello hello)
    {
        var number = unchecked((byte)hello.HubNumber);
        if (hello.Delegation is null && hub.Hub < HubsWithSlots)
        {
            _learned?.Heard(hub.Hub);
        }

        if (hello.Delegation is not null || hub.Hub >= HubsWithSlots || number == NumberOf(hub.Hub))
        {
            return;
        }

        if (_numbers is null)
        {
            _numbers = new byte[HubsWithSlots];
            for (var i = 0; i < _numbers.Length; i++)
            {
                _numbers[i] = (byte)i;
            }
        }

        _numbers[hub.Hub] = number;
    }

    /// <summary>One bit for each slot of the hub with number <paramref name="hub"/> that this node is responsible for.</summary>
    private int SlotsOf(int hub)
    {
        if (_rememberedKey is null || _context.Phase is not (NodePhase.Member or NodePhase.Founding))
        {
            return 0;
        }

        // By place where there is no arc (yet): the hub must see gateways also while arcs are on their way, or it would believe the network gone and found another.
        var view = _context.View;
        var place = view.Successor == view.Self ? RingArc.Between(view.Self, view.Self) : view.Place; // Alone it is all the network there is.
        var keys = view.Owned.Length > 0 ? view.Owned : place;
        var slots = 0;
        for (var slot = 0; slot < Attach.SlotCount; slot++)
        {
            if (_context.Tree is { } tree ? tree.Owns(SlotKey(hub, slot)) : keys.Contains(SlotKey(hub, slot)))
            {
                slots |= 1 << slot;
            }
        }

        return slots;
    }

    private void Claim(Instant now, HubSession hub, int slots)
    {
        var list = new List<int>(Attach.SlotCount);
        for (var slot = 0; slot < Attach.SlotCount; slot++)
        {
            if ((slots & (1 << slot)) != 0)
            {
                list.Add(slot);
            }
        }

        hub.Asked = slots;
        hub.AskAfter = Instant.Never;
        hub.SentAt = now;
        _courier.SendToHub(now, hub.Id, HubProofs.SignAttach(_context.Signing, hub.Hello!, _context.Self.Certificate, _context.Self.Instance, list));
    }

    private void LetGo(Instant now, HubSession hub)
    {
        if (hub.State == HubState.Ready && hub.Asked is not null and not 0)
        {
            Claim(now, hub, 0); // The hub knows that nobody dies here.
        }

        Close(hub);
    }

    /// <summary>The member that the hub named, and may be on another ring; taken by <see cref="TakeEvent"/>'s caller with <see cref="HubEventKind.OtherGateway"/>.</summary>
    public Contact Other { get; private set; }

    /// <summary>The ring looks for a link to the other claimant: the session with the hub stays open for their signals.</summary>
    public void KeepForOther(Instant now)
    {
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is not null && hub.Id == _otherBy && hub.State == HubState.Ready)
            {
                hub.ContestedUntil = now + ContestTime;
                _courier.Guests.Heard(Other.Id, hub.Id);
            }
        }
    }

    private void HearOfOther(Instant now, HubSession hub, OtherGateway other)
    {
        if (_context.Certificates.TryAdd(now, other.Certificate, out var certificate) && _context.Certificates.Witness(certificate.Id, other.Instance))
        {
            var happened = hub.Errand == HubErrand.Meeting ? HubEventKind.MetIntroducer : HubEventKind.OtherGateway;
            (Other, _otherBy, Event) = (new Contact(certificate.Id, other.Instance, certificate), hub.Id, happened);
        }
    }

    private void Attached(Instant now, HubSession hub, Attached attached)
    {
        hub.Served();
        var held = 0;
        foreach (var slot in attached.Slots)
        {
            held |= slot is >= 0 and < Attach.SlotCount ? 1 << slot : 0;
        }

        if (held != 0 && hub.Hello is { Delegation: null } hello)
        {
            _courier.Guests.Attached(unchecked((byte)hello.HubNumber), hub.Id); // Pages of that hub are reached through here.
        }
        else
        {
            _courier.Guests.Detached(hub.Id);
        }

        if (held == 0 && hub.ContestedUntil > now)
        {
            hub.AskAfter = now + SlotPeriod; // The session serves to signal with the other claimant.
        }
        else if (held == 0)
        {
            // Superseded: the newest claim stands. If the ring still says that it is this node's, it claims again later.
            Close(hub);
            hub.BecomeClosed(now, ref _context.Prng);
        }
        else if (hub.Asked is { } asked && (asked & ~held) != 0)
        {
            hub.AskAfter = now + SlotPeriod;
        }
    }

    private void Renew(Instant now)
    {
        _renewAt = now + RenewRetry;
        if (!_context.IsAdmitted)
        {
            return;
        }

        var renew = new Renew(_context.Self.Certificate);
        RenewAtIntroducer(now);
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is { State: HubState.Ready } && !IsIntroducer(hub.Hub))
            {
                _context.Outbox.Send(hub.Id, new Message
                {
                    Kind = MessageKind.Renew,
                    HopsLeft = Message.HopBudget,
                    Source = _context.Self.Id,
                    Destination = SlotKey(hub.Hello!.HubNumber, 0),
                    MessageId = _context.NextMessageId(),
                    Body = _courier.NewBody(now, renew),
                });
                return;
            }
        }

        _courier.Send(now, new Letter(SlotKey(NumberOf(0), 0), renew) { Flags = MessageFlags.Responsible });
    }
}
