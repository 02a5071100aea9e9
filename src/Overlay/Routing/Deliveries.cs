using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>The application's messages, from the command to the receipt.</summary>
/// <remarks>
/// <para>Where bodies are sealed, the recipient's certificate is found first: for a key, first of all its owner. Then:  a → Data → … → b;  b → Receipt → a.</para>
/// <para>A link may take a message into its grave after acknowledging it. So a message without an answer is sent once more after a third of its time,
/// and one that somebody called unreachable half a second later: under the same id, which is delivered once, however often it arrives.</para>
/// </remarks>
public sealed class Deliveries
{
    /// <summary>Application bytes that one message holds at the most: what <see cref="Message.MaxBytes"/> leaves after envelope, route, seal and signature.</summary>
    public const int MaxDataBytes = Message.MaxBytes - 1024;

    private const int MaxAnchors = 256;

    private static readonly TimeSpan UnreachableRetry = TimeSpan.FromMilliseconds(500);

    private readonly NodeContext _context;
    private readonly Courier _courier;
    private readonly Intake _intake;
    private readonly Dictionary<ulong, Delivery> _pending = [];
    private readonly PriorityQueue<Delivery, (long Ticks, ulong Order)> _due = new();
    private RareList<(RingId Guest, RingId Via)> _anchors;

    public Deliveries(NodeContext context, Courier courier, Intake intake)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(courier);
        ArgumentNullException.ThrowIfNull(intake);
        (_context, _courier, _intake) = (context, courier, intake);
    }

    private enum Stage : byte
    {
        FindOwner,
        FindCertificate,
        AwaitReceipt,
        Ended,
    }

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue { get; private set; } = Instant.Never;

    /// <summary>Messages that wait for something.</summary>
    public int Count => _pending.Count;

    /// <summary>Begins to send. The caller has checked that the node is admitted and that there is room.</summary>
    public void Send(Instant now, RequestId request, RingId to, bool isKey, ReadOnlyMemory<byte> bytes, SendOptions options)
    {
        if (bytes.Length > MaxDataBytes)
        {
            _context.Outbox.Completed(request, Outcome.TooLarge);
            return;
        }

        var timeout = options.Timeout > TimeSpan.Zero ? options.Timeout : _context.Options.ReceiptTimeout;
        var delivery = new Delivery(request, _context.NextMessageId(), bytes, options, now + timeout)
        {
            To = to,
            IsKey = isKey,
            RetryAt = now + (timeout / 3),
        };
        if (!isKey && to == _context.Self.Id)
        {
            DeliverToSelf(now, delivery);
            return;
        }

        _pending.Add(delivery.MessageId, delivery);
        Proceed(now, delivery);
        Schedule(delivery);
    }

    /// <summary>Application bytes for this node arrived; the duplicate of some is only receipted again.</summary>
    public void Accept(Instant now, in Arrival arrival, bool isDuplicate, TreeSide side = TreeSide.None)
    {
        if (!isDuplicate)
        {
            var payload = arrival.Payload;
            if (payload is SealedData locked)
            {
                if (_context.Sealing is null || !MessageSecurity.TryUnseal(arrival.Message, locked, _context.Sealing, out var opened))
                {
                    _context.Drop(DropReason.BadSignature, arrival.Message, arrival.Link);
                    return;
                }

                payload = opened;
            }

            var body = new SignedBody { Instance = arrival.Body.Instance, ExpiresAt = arrival.Body.ExpiresAt, Payload = payload };
            RememberAnchor(arrival);
            _context.Outbox.Deliver(arrival.Message with { Body = body }, side);
        }

        if (arrival.Message.Has(MessageFlags.WantReceipt))
        {
            var hops = (byte)Math.Max(0, Message.HopBudget - arrival.Message.HopsLeft);
            _courier.Send(now, new Letter(arrival.Message.Source, new Receipt(arrival.Message.MessageId, hops, arrival.Message.Route ?? []))
            {
                Via = arrival.ReplyVia,
                HopContext = arrival.Message.HopContext,
            });
        }
    }

    /// <summary>A receipt; authentic, from the node that took the message.</summary>
    public void Receive(in Contact from, Receipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        if (_pending.TryGetValue(receipt.MessageId, out var delivery) && (delivery.IsKey || delivery.To == from.Id))
        {
            Complete(delivery, Outcome.Done, new DeliveryReport(from.Id, receipt.Hops, receipt.Route));
        }
    }

    /// <summary>Somebody could not pass on a message of this node. True where it belonged to a delivery.</summary>
    public bool Receive(Instant now, Unreachable unreachable)
    {
        ArgumentNullException.ThrowIfNull(unreachable);
        foreach (var delivery in _pending.Values)
        {
            if (delivery.QueryId == unreachable.MessageId || delivery.MessageId == unreachable.MessageId)
            {
                if (delivery.WasRetried)
                {
                    Complete(delivery, Outcome.Unreachable, unreachable.Reason);
                }
                else
                {
                    delivery.RetryAt = Instant.Min(delivery.RetryAt, now + UnreachableRetry);
                    Schedule(delivery);
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>An owner answered. True where a delivery had asked.</summary>
    public bool Receive(Instant now, Owner owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        foreach (var delivery in _pending.Values)
        {
            if (delivery.Stage == Stage.FindOwner && delivery.Nonce == owner.Nonce)
            {
                delivery.To = owner.Self.Id;
                delivery.IsKey = false;
                Proceed(now, delivery);
                return true;
            }
        }

        return false;
    }

    /// <summary>Certificates became known: what waited for one goes on.</summary>
    public void CertificatesArrived(Instant now)
    {
        foreach (var delivery in _pending.Values)
        {
            if (delivery.Stage == Stage.FindCertificate && _context.Certificates.TryFind(delivery.To, out _))
            {
                Proceed(now, delivery); // Sending may end it: that only marks it, the sweep removes it.
            }
        }

        Sweep();
    }

    /// <summary>Time passed: second and third tries, and ends.</summary>
    public void Advance(Instant now)
    {
        while (_due.TryPeek(out var delivery, out var due) && due.Ticks <= now.Ticks)
        {
            _due.Dequeue();
            if (delivery.Stage == Stage.Ended)
            {
                continue;
            }

            if (delivery.Due <= now)
            {
                Complete(delivery, Outcome.TimedOut, null);
            }
            else
            {
                if (delivery.RetryAt <= now)
                {
                    delivery.RetryAt = delivery.WasRetried ? Instant.Never : now + ((delivery.Due - now) / 2);
                    delivery.WasRetried = true;
                    Proceed(now, delivery);
                }

                Schedule(delivery);
            }
        }

        Sweep();
        NextDue = _due.TryPeek(out _, out var next) ? new Instant(next.Ticks, 0) : Instant.Never;
    }

    /// <summary>The node is leaving: everything that waits ends.</summary>
    public void CancelAll()
    {
        foreach (var delivery in _pending.Values)
        {
            End(delivery, Outcome.Cancelled, null);
        }

        Sweep();
    }

    private void DeliverToSelf(Instant now, Delivery delivery)
    {
        var data = new Data(delivery.Bytes, delivery.Options.CreationContext);
        _context.Outbox.Deliver(new Message
        {
            Kind = MessageKind.Data,
            HopsLeft = Message.HopBudget,
            Source = _context.Self.Id,
            Destination = _context.Self.Id,
            MessageId = delivery.MessageId,
            HopContext = delivery.Options.HopContext,
            Body = new SignedBody { Instance = _context.Self.Instance, ExpiresAt = now.UnixMilliseconds, Payload = data },
        });
        _context.Outbox.Completed(delivery.Request, Outcome.Done, new DeliveryReport(_context.Self.Id, 0, []));
    }

    /// <summary>The next step of a delivery, or the same one again.</summary>
    private void Proceed(Instant now, Delivery delivery)
    {
        if (_context.Sealing is not null && delivery.IsKey)
        {
            delivery.Stage = Stage.FindOwner;
            delivery.Nonce = _context.NextNonce();
            var question = new FindOwner(delivery.Nonce, LookupPurpose.Application) { Certificate = _context.Self.Certificate };
            delivery.QueryId = _courier.Send(now, new Letter(delivery.To, question) { Flags = MessageFlags.Responsible }).MessageId;
            return;
        }

        if (!delivery.IsKey && delivery.To == _context.Self.Id)
        {
            DeliverToSelf(now, delivery);
            delivery.Stage = Stage.Ended;
            return;
        }

        Contact recipient = default;
        if (_context.Sealing is not null && !_context.Certificates.TryFind(delivery.To, out recipient))
        {
            delivery.Stage = Stage.FindCertificate;
            delivery.QueryId = _intake.Fetch(now, delivery.To, AnchorOf(delivery.To), []);
            return;
        }

        delivery.QueryId = 0;
        delivery.Stage = Stage.AwaitReceipt;
        SendData(now, delivery, recipient);
        if (delivery.Options.NoReceipt)
        {
            End(delivery, Outcome.Done, null);
        }
    }

    /// <summary>Nobody knows who is no member yet.</summary>
    private NodeCertificate? Introduction => _context.IsMember ? null : _context.Self.Certificate;

    private void SendData(Instant now, Delivery delivery, in Contact recipient)
    {
        var flags = (delivery.IsKey ? MessageFlags.Responsible : MessageFlags.None)
            | (delivery.Options.RecordRoute ? MessageFlags.RecordRoute : MessageFlags.None)
            | (delivery.Options.NoReceipt ? MessageFlags.None : MessageFlags.WantReceipt)
            | (delivery.Options.ToNeighbour ? MessageFlags.ToNeighbour : MessageFlags.None);
        Payload payload = new Data(delivery.Bytes, delivery.Options.CreationContext) { Certificate = _context.Sealing is null ? Introduction : null };
        if (_context.Sealing is not null)
        {
            flags |= MessageFlags.Sealed;
            var envelope = new Message
            {
                Kind = MessageKind.Data,
                Flags = flags,
                Source = _context.Self.Id,
                Destination = delivery.To,
                MessageId = delivery.MessageId,
            };
            payload = MessageSecurity.Seal(envelope, payload, recipient.Certificate, _context.Sealing) with { Certificate = Introduction };
        }

        _courier.Send(now, new Letter(delivery.To, payload)
        {
            Via = delivery.IsKey ? null : AnchorOf(delivery.To),
            Flags = flags,
            MessageId = delivery.MessageId,
            HopContext = delivery.Options.HopContext,
        });
    }

    /// <summary>Who is no member can be answered only by the way it came; the guest that spoke longest ago is forgotten first.</summary>
    private void RememberAnchor(in Arrival arrival)
    {
        var guest = arrival.Message.Source;
        _anchors.RemoveAll(entry => entry.Guest == guest);
        if (arrival.ReplyVia is { } via)
        {
            if (_anchors.Count == MaxAnchors)
            {
                _anchors.RemoveAt(0);
            }

            _anchors.Add((guest, via));
        }
    }

    private RingId? AnchorOf(RingId id)
    {
        foreach (var entry in _anchors)
        {
            if (entry.Guest == id)
            {
                return entry.Via;
            }
        }

        return null;
    }

    private void Schedule(Delivery delivery)
    {
        var due = Instant.Min(delivery.RetryAt, delivery.Due);
        _due.Enqueue(delivery, (due.Ticks, delivery.MessageId));
        NextDue = Instant.Min(NextDue, due);
    }

    private void Complete(Delivery delivery, Outcome outcome, object? result)
    {
        End(delivery, outcome, result);
        _pending.Remove(delivery.MessageId);
    }

    private void End(Delivery delivery, Outcome outcome, object? result)
    {
        delivery.Stage = Stage.Ended;
        _context.Outbox.Completed(delivery.Request, outcome, result);
    }

    /// <summary>Removes what ended while the table was being walked.</summary>
    private void Sweep()
    {
        foreach (var (id, delivery) in _pending)
        {
            if (delivery.Stage == Stage.Ended)
            {
                _pending.Remove(id); // Removing does not disturb an enumeration of this type (since .NET Core 3.0).
            }
        }
    }

    private sealed class Delivery(RequestId request, ulong messageId, ReadOnlyMemory<byte> bytes, SendOptions options, Instant due)
    {
        public RequestId Request { get; } = request;

        public ulong MessageId { get; } = messageId;

        public ReadOnlyMemory<byte> Bytes { get; } = bytes;

        public SendOptions Options { get; } = options;

        public Instant Due { get; } = due;

        public RingId To { get; set; }

        /// <summary>Whether <see cref="To"/> is a key whose owner is meant.</summary>
        public bool IsKey { get; set; }

        public Stage Stage { get; set; }

        public Instant RetryAt { get; set; }

        public bool WasRetried { get; set; }

        /// <summary>Of the question for the owner.</summary>
        public ulong Nonce { get; set; }

        /// <summary>The message that asks for owner or certificate, 0 where none is out.</summary>
        public ulong QueryId { get; set; }
    }
}
