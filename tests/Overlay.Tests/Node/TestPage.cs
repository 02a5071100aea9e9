using System.Text;
using Overlay.Admission;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Tests.Node;

/// <summary>A page at a hub of the test network, without its JSON: what the hub's host would make of it.</summary>
internal sealed class TestPage(TestNetwork network, int hub, uint address)
{
    public int Hub => hub;

    public uint Address => address;

    /// <summary>What others see of it.</summary>
    public RingId Id => GuestIds.Of((byte)hub, address);

    /// <summary>What it was sent out of the overlay: (from, json).</summary>
    public List<(RingId From, string Json)> Inbox { get; } = [];

    public void Send(RingId to, string json) => network.HubStep(hub, (h, outbox) => h.GuestSignals(network.Now, address, to, Encoding.UTF8.GetBytes(json), outbox));

    public void Close() => network.HubStep(hub, (h, _) => h.GuestClosed(address));

    public void Perform(HubEffect effect)
    {
        if (effect.Kind == HubEffectKind.GuestSignal)
        {
            Inbox.Add((effect.Peer, Encoding.UTF8.GetString(effect.Json.Span)));
        }
    }
}
