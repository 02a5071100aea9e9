using Overlay.Messages;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

/// <summary>What a message's bytes are spent for.</summary>
internal enum MessageClass
{
    /// <summary>The overlay's own: the ring, fingers, look-ups, names, certificates.</summary>
    Upkeep,

    /// <summary>Links: keep-alive, probes, proofs, and the signals of set-ups.</summary>
    Link,

    /// <summary>The application's messages and broadcasts, and their receipts.</summary>
    Application,
}

/// <summary>The kinds of messages, by what they are for (mechanisms §3 reports the classes apart).</summary>
internal static class MessageKinds
{
    /// <summary>All kinds.</summary>
    public static readonly MessageKind[] All = Enum.GetValues<MessageKind>();

    /// <summary>What a kind is for.</summary>
    public static MessageClass ClassOf(MessageKind kind) => kind switch
    {
        MessageKind.Data or MessageKind.Receipt or MessageKind.Broadcast or MessageKind.BroadcastDone or MessageKind.BroadcastAsk => MessageClass.Application,
        MessageKind.Ping or MessageKind.Pong or MessageKind.ProbeFor or MessageKind.Proof or MessageKind.LinkStatus
            or MessageKind.Offer or MessageKind.Answer or MessageKind.Candidates or MessageKind.Refuse => MessageClass.Link,
        _ => MessageClass.Upkeep,
    };

    /// <summary>What crossed links, by kind; kinds that did not are left out.</summary>
    public static IReadOnlyList<MessageTotal> Totals(WorldCounters counters)
    {
        var totals = new List<MessageTotal>();
        foreach (var kind in All)
        {
            if (counters.MessagesOf(kind) > 0)
            {
                totals.Add(new(kind.ToString(), counters.MessagesOf(kind), counters.BytesOf(kind)));
            }
        }

        return totals;
    }
}
