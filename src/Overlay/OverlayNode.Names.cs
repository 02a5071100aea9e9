using Overlay.Chord;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Names: records at the member responsible for SHA-256(name).</summary>
public sealed partial class OverlayNode : IArcContents
{
    RingId IArcContents.CopyUpper(in RingArc arc, int max, ICollection<NameRecord> into) => _names?.CopyUpper(arc, max, into) ?? arc.After;

    void IArcContents.Adopt(Instant now, IReadOnlyList<NameRecord> records)
    {
        if (records.Count > 0)
        {
            Names.Adopt(now, records);
        }
    }

    void IArcContents.Forget(in RingArc arc) => _names?.Forget(arc);

    /// <summary>Registers a name for this node and keeps it refreshed. Result: the <see cref="NameRecord"/>.</summary>
    public RequestId Register(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            Names.Register(now, request, name);
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
            Names.Resolve(now, request, name);
        }

        Settle(now);
        return request;
    }

    private void ReceiveRecord(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case PutRecord put when IsForItsKeeper(arrival.Message, put.Record.Name):
                Reply(now, arrival, Names.OnPutRecord(now, put));
                break;
            case GetRecord question when IsForItsKeeper(arrival.Message, question.Name):
                Reply(now, arrival, _names?.OnGetRecord(now, question) ?? new RecordAnswer(question.Nonce, null));
                break;
            case RecordStored stored:
                _names?.OnRecordStored(now, stored);
                break;
            case RecordAnswer answer:
                _names?.OnRecord(now, answer);
                break;
        }
    }

    /// <summary>Records come to the member responsible for their name, never to a chosen one.</summary>
    private static bool IsForItsKeeper(in Message message, string name) =>
        message.Has(MessageFlags.Responsible) && NodeName.KeyOf(name) == message.Destination;

    private bool TakeNameResults()
    {
        var moved = false;
        while (_names is not null && _names.TryTakeResult(out var result))
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
