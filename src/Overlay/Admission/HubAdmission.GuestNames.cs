using System.Buffers.Binary;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

// The names of pages lie in the overlay's directory, like members': the hub's key is their owner, the record names the page.
//   page → host → GuestRegisters(name);  hub → PutRecord(record, srcId = guest) → a gateway → … → keeper;   keeper → RecordStored → … → hub → HubEffectKind.GuestNameEnded → host
//   page → host → GuestLooksUp(name);    hub → GetRecord → a gateway → … → keeper;                          keeper → Record → … → hub → HubEffectKind.GuestNameEnded → host
public sealed partial class HubAdmission
{
    /// <summary>Names in the book; questions that wait.</summary>
    private const int MaxGuestNames = 20_000;
    private const int MaxGuestQuestions = 4096;

    /// <summary>An answer that is not there then is asked for over another gateway.</summary>
    private static readonly TimeSpan NameRetry = TimeSpan.FromMilliseconds(1500);

    /// <summary>How long a name that a page left is tried to be given up; after that it lapses by itself.</summary>
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(15);

    private readonly GuestNames _guestNames = new();
    private readonly NameStore _judge;
    private NodeCertificate? _ownerCertificate;
    private long _lastNameSequence;

    /// <summary>Whether the overlay's directory can be asked: a gateway is here. Else names are this hub's own affair.</summary>
    public bool ServesNames => ServesGuests && _gateways.Count > 0;

    /// <summary>
    /// A page wants a name. Ends with <see cref="HubEffectKind.GuestNameEnded"/>: done, taken, refused (not a name), busy or timed out. Without an overlay it is the page's at
    /// once, and is registered when there is one.
    /// </summary>
    /// <param name="now">Now.</param>
    /// <param name="address">The page.</param>
    /// <param name="ticket">Names the question; 0: nobody waits for the answer.</param>
    /// <param name="text">The name as the page wrote it.</param>
    /// <param name="outbox">Effects.</param>
    public void GuestRegisters(Instant now, uint address, long ticket, string text, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        var outcome = TryBeginName(now, address, text, out var normal);
        if (outcome != Outcome.Done)
        {
            outbox.GuestNameEnded(address, ticket, outcome, default);
        }
        else
        {
            var name = _guestNames.Find(normal) ?? _guestNames.Add(normal);
            (name.Address, name.IsGivenUp, name.IsHeld, name.IsStored, name.Tries) = (address, false, !ServesNames, false, 0);
            (name.Ticket, name.GiveUpAt) = name.IsHeld ? (0, Instant.Never) : (ticket, now + _options.NameTimeout);
            if (name.IsHeld)
            {
                ReleaseOthers(now, name);
                outbox.GuestNameEnded(address, ticket, Outcome.Done, IdOf(address));
            }

            _guestNames.Schedule(name, now);
            AdvanceNames(now, outbox);
        }

        SetWakeUp(outbox);
    }

    /// <summary>A page has a name that is no name in the overlay, or none any more: what it had there is given up.</summary>
    public void GuestUnregisters(Instant now, uint address, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        ReleaseNames(now, address, except: null);
        AdvanceNames(now, outbox);
        SetWakeUp(outbox);
    }

    /// <summary>A page asks who has a name. Ends with <see cref="HubEffectKind.GuestNameEnded"/>: done with an id, unknown, refused (not a name), busy or timed out.</summary>
    public void GuestLooksUp(Instant now, uint address, long ticket, string text, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        ArgumentNullException.ThrowIfNull(text);
        if (!ServesNames || !NodeName.TryNormalize(text, out var normal))
        {
            outbox.GuestNameEnded(address, ticket, Outcome.NameUnknown, default);
        }
        else if (!_guests.TryGetValue(address, out var guest) || !guest.Names.TryTake(now) || _guestNames.QuestionCount >= MaxGuestQuestions)
        {
            outbox.GuestNameEnded(address, ticket, Outcome.Busy, default);
        }
        else
        {
            var question = new GuestQuestion(address, ticket, normal, NextNameNonce(), now + _options.NameTimeout);
            _guestNames.Ask(question);
            _guestNames.Schedule(question, now);
            AdvanceNames(now, outbox);
        }

        SetWakeUp(outbox);
    }

    private Outcome TryBeginName(Instant now, uint address, string text, out string normal)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!NodeName.TryNormalize(text, out normal) || IsDelegate)
        {
            return Outcome.Refused;
        }

        if (!_guests.TryGetValue(address, out var guest) || !guest.Names.TryTake(now))
        {
            return Outcome.Busy;
        }

        return _guestNames.Find(normal) is not { } known ? _guestNames.NameCount < MaxGuestNames ? Outcome.Done : Outcome.Busy
            : known.IsGivenUp ? Outcome.Done
            : Outcome.NameTaken; // Also by the page itself, as Smoke has it.
    }

    /// <summary>A page has one name: what else it has is given up.</summary>
    private void ReleaseOthers(Instant now, GuestName kept) => ReleaseNames(now, kept.Address, kept);

    private void ReleaseNames(Instant now, uint address, GuestName? except)
    {
        foreach (var name in _guestNames.All)
        {
            if (name.Address == address && name != except && !name.IsGivenUp)
            {
                Release(now, name);
            }
        }
    }

    private void Release(Instant now, GuestName name)
    {
        (name.IsGivenUp, name.IsHeld, name.Ticket, name.Tries, name.GiveUpAt) = (true, false, 0, 0, now + ReleasePatience);
        name.IsStored = false;
        _guestNames.Schedule(name, now);
    }

    /// <summary>A gateway is here: what was registered meanwhile is registered in the overlay.</summary>
    private void PublishNames(Instant now)
    {
        foreach (var name in _guestNames.All)
        {
            if (!name.IsStored)
            {
                _guestNames.Schedule(name, now);
            }
        }
    }

    /// <summary>Records and questions whose time has come: sent, sent again, or over.</summary>
    private void AdvanceNames(Instant now, HubOutbox outbox)
    {
        while (_guestNames.TryTakeDue(now, out var name, out var question))
        {
            if (question is not null)
            {
                AdvanceQuestion(now, question, outbox);
            }
            else if (name!.GiveUpAt <= now)
            {
                if (name.Ticket != 0)
                {
                    outbox.GuestNameEnded(name.Address, name.Ticket, Outcome.TimedOut, default);
                    Release(now, name); // What half arrived is given up.
                }
                else
                {
                    _guestNames.Remove(name);
                }
            }
            else
            {
                Put(now, name, outbox);
            }
        }
    }

    private void Put(Instant now, GuestName name, HubOutbox outbox)
    {
        if (_gateways.Near(name.Address, name.Tries) is not { } gateway)
        {
            _guestNames.Schedule(name, now + _options.NameRefreshPeriod); // Sooner where a gateway comes.
            return;
        }

        var isOld = !name.IsGivenUp && name.Record?.ExpiresAt < (now + _options.NameRefreshPeriod).UnixMilliseconds;
        if (name.IsStored || name.Tries == 0 || name.Record is null || isOld)
        {
            var expiresAt = name.IsGivenUp ? 0 : now.UnixMilliseconds + (3 * _options.NameRefreshPeriod.Ticks / TimeSpan.TicksPerMillisecond);
            name.Record = NameRecordSecurity.Sign(
                _identity.Signing, name.Name, OwnerCertificate(now), _guestInstance, ++_lastNameSequence, expiresAt, IdOf(name.Address));
            (name.IsStored, name.Tries) = (false, 0);
            _guestNames.Put(name, NextNameNonce()); // Kept over repetitions: an answer to any of them counts.
        }

        var wait = name.IsHeld ? NameRetry * (1 << Math.Min(name.Tries, 4)) : NameRetry; // Nobody waits for a refresh.
        _guestNames.Schedule(name, now + wait);
        name.Tries++;
        SendForGuest(now, gateway, IdOf(name.Address), NodeName.KeyOf(name.Name), null, MessageFlags.Responsible, new PutRecord(name.Nonce, name.Record), outbox);
    }

    private void AdvanceQuestion(Instant now, GuestQuestion question, HubOutbox outbox)
    {
        if (question.GiveUpAt <= now)
        {
            _guestNames.End(question);
            outbox.GuestNameEnded(question.Address, question.Ticket, Outcome.TimedOut, default);
            return;
        }

        _guestNames.Schedule(question, now + NameRetry);
        if (_gateways.Near(question.Address, question.Tries) is { } gateway)
        {
            question.Tries++;
            var payload = new GetRecord(question.Nonce, question.Name);
            SendForGuest(now, gateway, IdOf(question.Address), NodeName.KeyOf(question.Name), null, MessageFlags.Responsible, payload, outbox);
        }
    }

    /// <summary>A keeper answered a record of a page here.</summary>
    private void OnRecordStored(Instant now, HubSession gateway, in Message message, SignedBody body, RecordStored answer, HubOutbox outbox)
    {
        if (!_guestNames.TryFindPut(answer.Nonce, out var name) || name.IsStored || message.Destination != IdOf(name.Address))
        {
            return;
        }

        if (!IsAuthentic(now, message, body, answer.Certificate))
        {
            DropForGuest(gateway, DropReason.BadSignature, outbox);
            return;
        }

        if (answer.Outcome == Outcome.Busy || (answer.Outcome == Outcome.Done && answer.Tenancy is null))
        {
            return; // Asked again in a while.
        }

        var (ticket, wasHeld) = (name.Ticket, name.IsHeld);
        if (name.IsGivenUp)
        {
            _guestNames.Remove(name);
        }
        else if (answer.Outcome == Outcome.Done)
        {
            (name.IsStored, name.IsHeld, name.Ticket, name.GiveUpAt) = (true, true, 0, Instant.Never);
            _guestNames.Schedule(name, now + _options.NameRefreshPeriod);
            ReleaseOthers(now, name);
            AdvanceNames(now, outbox);
        }
        else
        {
            _guestNames.Remove(name);
            if (wasHeld)
            {
                outbox.GuestNameLost(name.Address, name.Name); // Another has it: the page registered it while no overlay was here, or the network was split.
            }
        }

        if (ticket != 0)
        {
            outbox.GuestNameEnded(name.Address, ticket, answer.Outcome, IdOf(name.Address));
        }
    }

    /// <summary>A keeper answered a page's question. An entry that is not true is no answer.</summary>
    private void OnRecord(Instant now, HubSession gateway, in Message message, SignedBody body, RecordAnswer answer, HubOutbox outbox)
    {
        if (!_guestNames.TryFindQuestion(answer.Nonce, out var question) || message.Destination != IdOf(question.Address))
        {
            return;
        }

        if (!IsAuthentic(now, message, body, answer.Certificate)
            || (answer.Entry is { } entry && (entry.Record.Name != question.Name || entry.Record.ExpiresAt == 0 || !_judge.IsTrue(now, entry.Record))))
        {
            DropForGuest(gateway, DropReason.BadSignature, outbox);
            return;
        }

        _guestNames.End(question);
        var found = answer.Entry?.Record.Target;
        outbox.GuestNameEnded(question.Address, question.Ticket, found is null ? Outcome.NameUnknown : Outcome.Done, found ?? default);
    }

    /// <summary>The hub's own certificate, for its own key: the owner that its pages' records show.</summary>
    private NodeCertificate OwnerCertificate(Instant now)
    {
        var unixSeconds = now.UnixMilliseconds / 1000;
        if (_ownerCertificate is null || unixSeconds >= (_ownerCertificate.NotBefore + _ownerCertificate.NotAfter) / 2)
        {
            Span<byte> nonce = stackalloc byte[NodeCertificate.NonceBytes];
            do
            {
                _identity.Secrets.Fill(nonce);
            }
            while (GuestIds.IsReserved(NodeCertificate.PositionOf(nonce, _identity.Signing.PublicKey)));
            _ownerCertificate = NodeCertificate.Issue(
                _identity.Signing, _identity.Signing.PublicKey, _ownerCertificate is null ? nonce : _ownerCertificate.Nonce, unixSeconds, unixSeconds + (long)_options.CertificateLife.TotalSeconds);
        }

        return _ownerCertificate;
    }

    private ulong NextNameNonce()
    {
        Span<byte> bytes = stackalloc byte[8];
        _identity.Secrets.Fill(bytes);
        return Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }
}
