using Overlay.Effects;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Signalling;
using Overlay.Time;

namespace Overlay;

/// <summary>Pages that speak Smoke's protocol at a hub: guests of the network.</summary>
public sealed partial class OverlayNode
{
    private GuestSignals? _guestSignals;

    private GuestSignals Guests => _guestSignals ??= new GuestSignals(_context, _courier, _hubs);

    /// <summary>The number of the hub that admitted this node: a bare address is that of a page there.</summary>
    public byte HomeHub => _hubs.HomeHub;

    /// <summary>
    /// Sends one JSON value of Smoke's signalling to a page (<see cref="Identity.GuestIds"/>) or a member. Done when the page's hub or the member has it; where unreachable,
    /// the result is the <see cref="DropReason"/>: <see cref="DropReason.GuestGone"/> where the hub says that no page has the address.
    /// </summary>
    /// <remarks>Refused: not one JSON value in UTF-8. Each arrives once, and in order as long as nothing is lost on the way; what had to be sent again may come later.</remarks>
    public RequestId SendGuestSignal(Instant now, RingId to, ReadOnlyMemory<byte> json, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            Guests.Send(now, request, to, json);
        }

        Settle(now);
        return request;
    }

    private void ReceiveGuest(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case Messages.GuestSignal signal:
                Guests.Receive(now, arrival, signal);
                break;
            case Messages.GuestAnswer answer:
                _guestSignals?.Receive(arrival, answer);
                break;
        }
    }

    /// <summary>What a hub says for a page of its own goes on, with this gateway as the page's anchor; a hub speaks for no other hub's pages.</summary>
    private void ReceiveForGuest(Instant now, LinkId session, in Messages.Message message)
    {
        if (_hubs.IsHubOf(session, message.Source))
        {
            Route(now, message with { HasSourceVia = true, SourceVia = _context.Self.Id }, session, neighbour: null);
        }
        else
        {
            _context.Drop(DropReason.NotProved, message, session);
        }
    }
}
