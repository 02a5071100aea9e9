using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Signalling;
using Overlay.Time;

namespace Overlay.Admission;

// Pages that speak Smoke's protocol here (mechanisms §9). They have no key: the hub signs for them and verifies for them.
//   page → host → GuestSignals(address, to, json);    hub → GuestSignal(srcId = guest) → a gateway → … → to;    back: GuestAnswer
//   a gateway → GuestSignal(to = guest) → hub;        HubEffectKind.GuestSignal → host → page;                  hub → GuestAnswer(srcId = guest) → that gateway
public sealed partial class HubAdmission
{
    /// <summary>Signals of one page, and of all, that may wait for an answer.</summary>
    private const int MaxPendingOfGuest = 128;
    private const int MaxPendingSignals = 4096;
    private const int MaxPendingSignalBytes = 32 * 1024 * 1024;

    /// <summary>Members whose certificates were checked lately.</summary>
    private const int MaxVerifiedSenders = 1024;

    /// <summary>A page's signal goes to so many gateways before it is given up; each says for itself whether it can pass it on.</summary>
    private const int WaysOfGuest = 2;

    private readonly Dictionary<uint, HubGuest> _guests = [];
    private readonly SignalPost _signals = new(MaxPendingSignals, MaxPendingSignalBytes);
    private readonly CertificateStore _senders;
    private readonly long _guestInstance;
    private RecentMessages _delivered;
    private ulong _lastGuestMessage;

    /// <summary>Whether pages are guests of a network here: not before one was founded, and not where a member introduces, whose own key signs for nobody else.</summary>
    public bool ServesGuests => !IsDelegate && _isFounded;

    /// <summary>A page came; its address was never another's since this hub's start.</summary>
    public void GuestOpened(uint address) => _guests[address] = new(address, _options);

    /// <summary>A page is gone, and its name with it.</summary>
    public void GuestClosed(Instant now, uint address, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        if (_guests.Remove(address))
        {
            _signals.EndAll(IdOf(address));
            _guestNames.EndQuestionsOf(address);
            GuestUnregisters(now, address, outbox);
        }
    }

    /// <summary>
    /// A page's signal to a member or to a page of another hub. It waits for the first gateway (<see cref="SignalPost.Patience"/>), since a page offers once and never again; where
    /// nobody takes it, it is lost, as Smoke's pages expect.
    /// </summary>
    public void GuestSignals(Instant now, uint address, RingId to, ReadOnlyMemory<byte> json, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        if (!_guests.TryGetValue(address, out var guest) || IsDelegate)
        {
            CountGuestDrop(DropReason.NoRoute);
        }
        else if (to.Value == 0 || !GuestJson.IsWellFormed(json.Span))
        {
            CountGuestDrop(DropReason.Malformed);
        }
        else if (!guest.Outgoing.TryTake(now))
        {
            CountGuestDrop(DropReason.Quota);
        }
        else
        {
            var signal = new PendingSignal(IdOf(address), to, ++_lastGuestMessage, json, WaysOfGuest, now + SignalPost.Patience);
            if (guest.Pending >= MaxPendingOfGuest || !_signals.TryAdd(now, signal))
            {
                CountGuestDrop(DropReason.QueueFull);
            }
            else
            {
                guest.Pending++;
                AdvanceSignals(now, outbox);
            }
        }

        SetWakeUp(outbox);
    }

    private RingId IdOf(uint address) => GuestIds.Of((byte)_options.HubNumber, address);

    private bool IsOwnGuest(RingId id) => GuestIds.IsGuest(id) && GuestIds.HubOf(id) == _options.HubNumber && !IsDelegate;

    /// <summary>Next tries and ends of the pages' signals.</summary>
    private void AdvanceSignals(Instant now, HubOutbox outbox)
    {
        while (_signals.TryTakeDue(now, out var signal))
        {
            if (signal.IsOver(now))
            {
                EndSignal(signal);
                CountGuestDrop(signal.Failure == Outcome.Unreachable ? DropReason.GuestGone : DropReason.Expired);
            }
            else
            {
                _signals.Sent(now, signal, TrySignal(now, signal, outbox));
            }
        }
    }

    private ulong TrySignal(Instant now, PendingSignal signal, HubOutbox outbox)
    {
        var address = GuestIds.AddressOf(signal.From);
        if (_gateways.Near(address, signal.Tries) is not { } gateway)
        {
            return 0; // One may come back while there is time.
        }

        var (to, flags) = (signal.To, MessageFlags.None);
        if (GuestIds.IsGuest(to))
        {
            to = HubSlots.KeyOf(_hubKey, GuestIds.HubOf(to), (int)((GuestIds.AddressOf(to) + (uint)signal.Tries) % Attach.SlotCount));
            flags = MessageFlags.Responsible;
        }

        return SendForGuest(now, gateway, signal.From, to, via: null, flags, new GuestSignal(signal.To, signal.Nonce, null, signal.Json), outbox);
    }

    private void EndSignal(PendingSignal signal)
    {
        _signals.End(signal);
        if (_guests.TryGetValue(GuestIds.AddressOf(signal.From), out var guest))
        {
            guest.Pending--;
        }
    }

    /// <summary>Sends a message of a page, signed by the hub.</summary>
    private ulong SendForGuest(Instant now, HubSession gateway, RingId guest, RingId to, RingId? via, MessageFlags flags, Payload payload, HubOutbox outbox)
    {
        var message = new Message
        {
            Kind = payload.Kind,
            Flags = flags,
            HopsLeft = Message.HopBudget,
            Source = guest,
            Destination = to,
            HasDestinationVia = via is not null,
            DestinationVia = via ?? default,
            MessageId = ++_lastGuestMessage,
            Body = new SignedBody
            {
                Instance = _guestInstance,
                ExpiresAt = now.UnixMilliseconds + (long)Courier.MessageLife.TotalMilliseconds,
                Payload = payload,
            },
        };
        MessageSecurity.Sign(message, (SignedBody)message.Body, _identity.Signing);
        _counters.FromGuests++;
        outbox.Send(gateway.Id, message);
        return message.MessageId;
    }

    /// <summary>A gateway brings something for a page here. True where it was that, whatever became of it.</summary>
    private bool TryTakeForGuest(Instant now, HubSession gateway, in Message message, HubOutbox outbox)
    {
        if (!gateway.IsGateway || IsDelegate || (message.Kind != MessageKind.GuestSignal && !IsOwnGuest(message.Destination)))
        {
            return false;
        }

        if (!MessageCodec.TryOpen(message, out var body, out var why))
        {
            DropForGuest(gateway, why, outbox);
            return true;
        }

        if (body.Payload is GuestSignal other && !IsOwnGuest(other.To))
        {
            return false; // For somebody else who is here: a newcomer.
        }

        if (!gateway.ForGuests.TryTake(now))
        {
            DropForGuest(gateway, DropReason.Quota, outbox); // Before any signature is looked at: a gateway that floods costs little.
            return true;
        }

        switch (body.Payload)
        {
            case Unreachable unreachable:
                _signals.Refused(now, unreachable.MessageId, unreachable.Reason); // From anybody: it only makes the hub ask another one sooner.
                AdvanceSignals(now, outbox);
                break;
            case GuestAnswer answer:
                OnGuestAnswer(now, gateway, message, body, answer, outbox);
                break;
            case RecordStored stored:
                OnRecordStored(now, gateway, message, body, stored, outbox);
                break;
            case RecordAnswer record:
                OnRecord(now, gateway, message, body, record, outbox);
                break;
            case GuestSignal signal:
                OnGuestSignal(now, gateway, message, body, signal, outbox);
                break;
            default:
                DropForGuest(gateway, DropReason.UnknownKind, outbox);
                break;
        }

        return true;
    }

    private void OnGuestAnswer(Instant now, HubSession gateway, in Message message, SignedBody body, GuestAnswer answer, HubOutbox outbox)
    {
        if (!_signals.TryFind(answer.Nonce, out var signal) || signal.From != message.Destination || signal.To != message.Source)
        {
            return; // Late, or not asked for.
        }

        if (!IsAuthentic(now, message, body, answer.Certificate))
        {
            DropForGuest(gateway, DropReason.BadSignature, outbox);
            return;
        }

        EndSignal(signal);
        if (answer.Outcome != GuestOutcome.Taken)
        {
            CountGuestDrop(answer.Outcome == GuestOutcome.Gone ? DropReason.GuestGone : DropReason.QueueFull);
        }
    }

    private void OnGuestSignal(Instant now, HubSession gateway, in Message message, SignedBody body, GuestSignal signal, HubOutbox outbox)
    {
        if (!IsAuthentic(now, message, body, signal.Certificate) || !GuestJson.IsWellFormed(signal.Json.Span))
        {
            DropForGuest(gateway, DropReason.BadSignature, outbox);
            return;
        }

        var outcome = GuestOutcome.Taken;
        if (!_guests.TryGetValue(GuestIds.AddressOf(signal.To), out var guest))
        {
            outcome = GuestOutcome.Gone;
        }
        else if (!guest.Incoming.TryTake(now))
        {
            outcome = GuestOutcome.Full;
        }
        else if (_delivered.TryAdd(now, message.Source, body.Instance, signal.Nonce, MessageSecurity.EndOfLife(body, now, Intake.ClockTolerance)))
        {
            _counters.ToGuests++;
            outbox.GuestSignal(guest.Address, message.Source, signal.Json);
        }

        var via = message.HasSourceVia ? message.SourceVia : default(RingId?);
        SendForGuest(now, gateway, signal.To, message.Source, via, MessageFlags.None, new GuestAnswer(signal.Nonce, outcome, null), outbox);
    }

    /// <summary>What a node checks of everything that was routed to it (<see cref="Intake"/>), for the pages: time, certificate, signature.</summary>
    private bool IsAuthentic(Instant now, in Message message, SignedBody body, NodeCertificate? shown)
    {
        if (MessageSecurity.IsExpired(body, now, Intake.ClockTolerance)
            || body.ExpiresAt - now.UnixMilliseconds > (long)(Courier.MessageLife + Intake.ClockTolerance).TotalMilliseconds)
        {
            return false;
        }

        if (GuestIds.IsGuest(message.Source))
        {
            return MessageSecurity.Verify(message, body, _hubKey, _identity.Signing);
        }

        return shown is not null && shown.Id == message.Source && _senders.TryAdd(now, shown, out _) && MessageSecurity.Verify(message, body, shown, _identity.Signing);
    }

    private void DropForGuest(HubSession gateway, DropReason why, HubOutbox outbox) => Drop(gateway, why, outbox);

    private void CountGuestDrop(DropReason why)
    {
        _counters.GuestDrops++;
        _counters.Dropped[(int)why]++;
    }
}
