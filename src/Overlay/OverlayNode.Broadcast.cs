using Overlay.Broadcast;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Messages to all members.</summary>
public sealed partial class OverlayNode
{
    private IBroadcasts? _broadcasts; // Made with the first one.

    private IBroadcasts Broadcasts => _broadcasts ??= MakeBroadcasts();

    /// <summary>
    /// Sends <paramref name="bytes"/> to all members but this one, exactly once to each that is there throughout. Result: a <see cref="BroadcastReport"/>, when all have reported;
    /// at most <see cref="BroadcastData.MaxDataBytes"/> bytes. Only members can; guests and newcomers neither send nor get broadcasts.
    /// </summary>
    public RequestId Broadcast(Instant now, ReadOnlyMemory<byte> bytes, Outbox outbox)
    {
        if (TryBegin(now, outbox, out var request))
        {
            if (_context.Phase is NodePhase.Member or NodePhase.Founding)
            {
                Broadcasts.Start(now, request, bytes);
            }
            else
            {
                outbox.Completed(request, Outcome.NotJoined);
            }
        }

        Settle(now);
        return request;
    }

    private IBroadcasts MakeBroadcasts()
    {
        var gate = new BroadcastGate(_context.Options, this, _context.Signing, _context.Certificates);
        return IsOnTree ? new TreeBroadcasts(this, this, gate) : new RingBroadcasts(this, this, gate);
    }

    private void ReceiveBroadcast(Instant now, in Arrival arrival)
    {
        if (!_context.IsMember)
        {
            _context.Drop(DropReason.NoRoute, arrival.Message, arrival.Link);
            return;
        }

        switch (arrival.Payload)
        {
            case BroadcastData broadcast:
                Broadcasts.OnBroadcast(now, arrival.Message.Source, broadcast);
                break;
            case BroadcastAsk question:
                Broadcasts.OnAsk(now, arrival.Message.Source, question);
                break;
            case BroadcastDone done:
                _broadcasts?.OnDone(now, arrival.Message.Source, done);
                break;
        }
    }

    private bool TakeBroadcasts()
    {
        var moved = false;
        while (_broadcasts is not null && _broadcasts.TryTakeArrival(out var message))
        {
            moved = true;
            _context.Outbox.Add(new Effect { Kind = EffectKind.Broadcast, Detail = message, Message = new() { Source = message.Origin } });
        }

        while (_broadcasts is not null && _broadcasts.TryTakeResult(out var result))
        {
            moved = true;
            _context.Outbox.Completed(result.Request, result.Outcome, result.Report);
        }

        return moved;
    }
}
