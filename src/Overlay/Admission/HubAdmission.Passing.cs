using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

public sealed partial class HubAdmission
{
    private void Pass(Instant now, HubSession from, in Message message, HubOutbox outbox)
    {
        if (!from.IsBound)
        {
            Drop(from, DropReason.NotProved, outbox);
        }
        else if (from.IsContested && !from.IsGateway && message.Source != from.Member)
        {
            Drop(from, DropReason.NotProved, outbox);
        }
        else if (from.IsGateway || from.IsContested)
        {
            // Who lost its slots speaks with exactly whom it names: passed to anybody else, its words would be routed back to it and come here again.
            PassToNewcomer(now, from, message, outbox);
        }
        else
        {
            PassToGateway(now, from, message, outbox);
        }
    }

    /// <summary>A newcomer speaks for itself only; its words go to the gateway chosen for it, whoever they are for.</summary>
    private void PassToGateway(Instant now, HubSession from, in Message message, HubOutbox outbox)
    {
        if (message.Source != from.Member)
        {
            Drop(from, DropReason.NotProved, outbox);
            return;
        }

        if (!from.Messages.TryTake(now))
        {
            Drop(from, DropReason.Quota, outbox);
            return;
        }

        if (from.Gateway is not { IsGateway: true, IsClosed: false })
        {
            from.Gateway = _gateways.Next(except: from);
        }

        if (from.Gateway is not { } gateway)
        {
            ReturnUnreachable(now, from, message, DropReason.NoRoute, outbox);
            return;
        }

        _counters.ToGateways++;
        CountSignal(message.Kind);
        outbox.Send(gateway.Id, message);
    }

    private void PassToNewcomer(Instant now, HubSession gateway, in Message message, HubOutbox outbox)
    {
        if (!_byMember.TryGetValue(message.Destination, out var to) || to == gateway)
        {
            ReturnUnreachable(now, gateway, message, DropReason.GuestGone, outbox);
            return;
        }

        _counters.FromGateways++;
        CountSignal(message.Kind);
        outbox.Send(to.Id, message);
    }

    private void CountSignal(MessageKind kind)
    {
        if (kind is MessageKind.Offer or MessageKind.Answer or MessageKind.Candidates)
        {
            _counters.Signals++;
        }
    }

    /// <summary>Tells the sender's side that nobody is there; answers to answers are not answered.</summary>
    private void ReturnUnreachable(Instant now, HubSession to, in Message message, DropReason why, HubOutbox outbox)
    {
        _counters.Unreachable++;
        if (message.Kind is MessageKind.Unreachable or MessageKind.Receipt)
        {
            Drop(to, why, outbox);
            return;
        }

        outbox.Send(to.Id, Answer(now, message, new Unreachable(message.MessageId, why)));
    }

    /// <summary>An unsigned answer of the hub itself, back along the way of <paramref name="question"/>.</summary>
    private static Message Answer(Instant now, in Message question, Payload payload) => new()
    {
        Kind = payload.Kind,
        HopsLeft = Message.HopBudget,
        Source = default(RingId),
        HasDestinationVia = question.HasSourceVia,
        Destination = question.Source,
        DestinationVia = question.SourceVia,
        MessageId = question.MessageId,
        HopContext = question.HopContext,
        Body = Unsigned(now, payload),
    };
}
