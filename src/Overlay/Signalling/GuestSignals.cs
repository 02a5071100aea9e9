using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay.Signalling;

/// <summary>A signal of Smoke's protocol that came for this node.</summary>
/// <param name="From">The page (a guest id) or the member that sent it.</param>
/// <param name="IsVouched">A hub signed for its page: there is no key behind it, and the connection that it leads to proves nothing in-band.</param>
/// <param name="Json">One JSON value in UTF-8.</param>
public sealed record GuestSignalArrival(RingId From, bool IsVouched, ReadOnlyMemory<byte> Json);

/// <summary>A member's side of the pages at hubs (mechanisms §9): its own signals to and from them, and those that it passes on as a gateway.</summary>
/// <remarks>
/// <para>To a page: in responsible mode to the ring key of gateway slot (hub, address mod 8); whoever answers for it passes the signal over its hub socket. Where that
/// says no or nothing, the next slot. To a member: like any message.</para>
/// <para>Each is answered by whom it was for: by the member, or by the hub for its page. Nobody on the way can say that a page is gone, only the hub can.</para>
/// <para>Bounds: <see cref="MaxPending"/> signals under way, one more ends as <see cref="Outcome.Busy"/>.</para>
/// </remarks>
public sealed class GuestSignals(NodeContext context, Courier courier, HubSessions hubs)
{
    /// <summary>Signals of this node that may wait for an answer.</summary>
    public const int MaxPending = 512;

    private const int MaxPendingBytes = 4 * 1024 * 1024;

    private readonly SignalPost _post = new(MaxPending, MaxPendingBytes);
    private RecentMessages _taken;

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue => _post.NextDue;

    /// <summary>Signals that wait for an answer.</summary>
    public int Count => _post.Count;

    /// <summary>Sends one JSON value to a page or a member. Ends when it has it, or says why not.</summary>
    public void Send(Instant now, RequestId request, RingId to, ReadOnlyMemory<byte> json)
    {
        if (json.Length > GuestSignal.MaxJsonBytes)
        {
            context.Outbox.Completed(request, Outcome.TooLarge);
        }
        else if (to.Value == 0 || !GuestJson.IsWellFormed(json.Span))
        {
            context.Outbox.Completed(request, Outcome.Refused);
        }
        else if (to == context.Self.Id)
        {
            Deliver(to, isVouched: false, json);
            context.Outbox.Completed(request, Outcome.Done);
        }
        else
        {
            var ways = GuestIds.IsGuest(to) ? Attach.SlotCount : 1;
            var signal = new PendingSignal(context.Self.Id, to, context.NextNonce(), json, ways, now + SignalPost.Patience) { Request = request };
            if (_post.TryAdd(now, signal))
            {
                Advance(now);
            }
            else
            {
                context.Outbox.Completed(request, Outcome.Busy);
            }
        }
    }

    /// <summary>A signal arrived: for this node, or for a page of a hub that this node is a gateway of.</summary>
    public void Receive(Instant now, in Arrival arrival, GuestSignal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (signal.To != context.Self.Id)
        {
            PassToHub(now, arrival, signal.To);
            return;
        }

        if (!GuestJson.IsWellFormed(signal.Json.Span))
        {
            context.Drop(DropReason.Malformed, arrival.Message, arrival.Link);
            return;
        }

        var from = arrival.Message.Source;
        if (_taken.TryAdd(now, from, arrival.Body.Instance, signal.Nonce, MessageSecurity.EndOfLife(arrival.Body, now, Intake.ClockTolerance)))
        {
            Deliver(from, GuestIds.IsGuest(from), signal.Json);
        }

        courier.Answer(now, new Letter(from, new GuestAnswer(signal.Nonce, GuestOutcome.Taken, context.Self.Certificate)) { Via = arrival.ReplyVia, AlwaysSigned = true }, arrival.Link);
    }

    /// <summary>Whom a signal of this node was for has answered.</summary>
    public void Receive(in Arrival arrival, GuestAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (_post.TryFind(answer.Nonce, out var signal) && signal.To == arrival.Message.Source)
        {
            End(signal, answer.Outcome switch
            {
                GuestOutcome.Taken => Outcome.Done,
                GuestOutcome.Gone => Outcome.Unreachable,
                _ => Outcome.Busy,
            }, answer.Outcome == GuestOutcome.Gone ? DropReason.GuestGone : DropReason.None);
        }
    }

    /// <summary>Somebody could not pass on a message of this node. True where it was a signal: the next way is tried.</summary>
    public bool Receive(Instant now, Unreachable unreachable)
    {
        ArgumentNullException.ThrowIfNull(unreachable);
        if (!_post.Refused(now, unreachable.MessageId, unreachable.Reason))
        {
            return false;
        }

        Advance(now);
        return true;
    }

    /// <summary>Time passed: next ways, and ends.</summary>
    public void Advance(Instant now)
    {
        while (_post.TryTakeDue(now, out var signal))
        {
            if (signal.IsOver(now))
            {
                End(signal, signal.Failure, signal.Reason);
            }
            else
            {
                _post.Sent(now, signal, Try(now, signal));
            }
        }
    }

    /// <summary>The node is leaving.</summary>
    public void CancelAll()
    {
        foreach (var signal in _post.EndAll())
        {
            context.Outbox.Completed(signal.Request, Outcome.Cancelled);
        }
    }

    private ulong Try(Instant now, PendingSignal signal)
    {
        var payload = new GuestSignal(signal.To, signal.Nonce, context.Self.Certificate, signal.Json);
        if (!GuestIds.IsGuest(signal.To))
        {
            return courier.Send(now, new Letter(signal.To, payload) { AlwaysSigned = true }).MessageId;
        }

        var slot = (int)((GuestIds.AddressOf(signal.To) + (uint)signal.Tries) % Attach.SlotCount);
        return hubs.TrySlotKey(GuestIds.HubOf(signal.To), slot, out var key)
            ? courier.Send(now, new Letter(key, payload) { Flags = MessageFlags.Responsible, AlwaysSigned = true }).MessageId
            : 0;
    }

    /// <summary>This node answers for the slot's key: the signal goes on over its socket with that hub, if it has one.</summary>
    private void PassToHub(Instant now, in Arrival arrival, RingId guest)
    {
        var message = arrival.Message;
        if (!GuestIds.IsGuest(guest) || !courier.TryFindGuest(guest, out var session))
        {
            courier.Undeliverable(now, message, DropReason.NoRoute, arrival.Link);
            return;
        }

        if (arrival.Body.Signature.IsEmpty && message.Source == context.Self.Id)
        {
            MessageSecurity.Sign(message, arrival.Body, context.Signing); // What this node sent to itself was not signed on its way.
        }

        context.Outbox.Send(session, message with { HopsLeft = (byte)Math.Max(1, message.HopsLeft - 1) });
    }

    private void Deliver(RingId from, bool isVouched, ReadOnlyMemory<byte> json) => context.Outbox.Add(new Effect
    {
        Kind = EffectKind.GuestSignal,
        Detail = new GuestSignalArrival(from, isVouched, json),
        Message = new() { Source = from },
    });

    private void End(PendingSignal signal, Outcome outcome, DropReason why)
    {
        _post.End(signal);
        context.Outbox.Completed(signal.Request, outcome, outcome == Outcome.Unreachable ? why : null);
    }
}
