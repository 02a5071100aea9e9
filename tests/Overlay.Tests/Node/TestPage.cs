using System.Text;
using Overlay.Admission;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Tests.Node;

/// <summary>A page at a hub of the test network, without its JSON: what the hub's host would make of it.</summary>
internal sealed class TestPage(TestNetwork network, int hub, uint address)
{
    private long _lastTicket;

    public int Hub => hub;

    public uint Address => address;

    /// <summary>What others see of it.</summary>
    public RingId Id => GuestIds.Of((byte)hub, address);

    /// <summary>What it was sent out of the overlay: (from, json).</summary>
    public List<(RingId From, string Json)> Inbox { get; } = [];

    public void Send(RingId to, string json) => network.HubStep(hub, (h, outbox) => h.GuestSignals(network.Now, address, to, Encoding.UTF8.GetBytes(json), outbox));

    public void Close() => network.HubStep(hub, (h, outbox) => h.GuestClosed(network.Now, address, outbox));

    /// <summary>How its questions about names ended.</summary>
    public Dictionary<long, (Outcome Outcome, RingId Found)> Answers { get; } = [];

    /// <summary>Names that it lost.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>Registers a name and waits for the answer.</summary>
    public Outcome Register(string name)
    {
        var ticket = ++_lastTicket;
        network.HubStep(hub, (h, outbox) => h.GuestRegisters(network.Now, address, ticket, name, outbox));
        network.RunUntil(() => Answers.ContainsKey(ticket), TimeSpan.FromSeconds(10));
        return Answers[ticket].Outcome;
    }

    /// <summary>Looks a name up and waits for the answer.</summary>
    public (Outcome Outcome, RingId Found) LookUp(string name)
    {
        var ticket = ++_lastTicket;
        network.HubStep(hub, (h, outbox) => h.GuestLooksUp(network.Now, address, ticket, name, outbox));
        network.RunUntil(() => Answers.ContainsKey(ticket), TimeSpan.FromSeconds(10));
        return Answers[ticket];
    }

    public void Perform(HubEffect effect)
    {
        if (effect.Kind == HubEffectKind.GuestNameEnded)
        {
            Answers.Add(effect.Ticket, (effect.Outcome, effect.Peer));
        }
        else if (effect.Kind == HubEffectKind.GuestNameLost)
        {
            Lost.Add(effect.Name!);
        }

        if (effect.Kind == HubEffectKind.GuestSignal)
        {
            Inbox.Add((effect.Peer, Encoding.UTF8.GetString(effect.Json.Span)));
        }
    }
}
