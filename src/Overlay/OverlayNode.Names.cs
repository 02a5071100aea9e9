using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Names: records at the member responsible for SHA-256(name).</summary>
public sealed partial class OverlayNode
{
    /// <summary>Registers a name for this node and keeps it refreshed. Result: the <see cref="NameRecord"/>.</summary>
    public RequestId Register(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            _names.Register(now, request, name);
        }

        Settle(now);
        return request;
    }

    /// <summary>Asks who holds a name. Result: the <see cref="NameRecord"/>.</summary>
    public RequestId Resolve(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            _names.Resolve(now, request, name);
        }

        Settle(now);
        return request;
    }

    private void ReceiveRecord(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case PutRecord put when IsForItsKeeper(arrival.Message, put.Record.Name):
                Reply(now, arrival, _names.OnPutRecord(now, put));
                break;
            case GetRecord question when IsForItsKeeper(arrival.Message, question.Name):
                Reply(now, arrival, _names.OnGetRecord(now, question));
                break;
            case RecordStored stored:
                _names.OnRecordStored(now, stored);
                break;
            case RecordAnswer answer:
                _names.OnRecord(now, answer);
                break;
        }
    }

    /// <summary>Records come to the member responsible for their name, never to a chosen one.</summary>
    private static bool IsForItsKeeper(in Message message, string name) =>
        message.Has(MessageFlags.Responsible) && NodeName.KeyOf(name) == message.Destination;

    private bool TakeNameResults()
    {
        var moved = false;
        while (_names.TryTakeResult(out var result))
        {
            moved = true;
            if (result.Request == default)
            {
                _context.Outbox.Observe(new Effect { Observation = Observation.NameLost, Detail = result.Record });
            }
            else
            {
                _context.Outbox.Completed(result.Request, result.Outcome, result.Record);
            }
        }

        return moved;
    }
}
