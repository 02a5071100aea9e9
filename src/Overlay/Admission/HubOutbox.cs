using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Admission;

/// <summary>Where a step of the hub leaves its effects. Owned by the host, which drains it after each input.</summary>
public sealed class HubOutbox
{
    private HubEffect[] _effects = new HubEffect[16];
    private int _count;

    /// <summary>When the hub wants to be advanced next, whatever else comes.</summary>
    public Instant WakeAt { get; set; } = Instant.Never;

    /// <summary>Whether everything was drained.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>The effects of the step, in order. Valid until <see cref="Clear"/>.</summary>
    public ReadOnlySpan<HubEffect> Effects => _effects.AsSpan(0, _count);

    /// <summary>Forgets the effects, which the host has performed.</summary>
    public void Clear()
    {
        _effects.AsSpan(0, _count).Clear(); // Bodies must not be kept alive by an idle outbox.
        _count = 0;
    }

    public void Add(in HubEffect effect)
    {
        if (_count == _effects.Length)
        {
            Array.Resize(ref _effects, _count * 2);
        }

        _effects[_count++] = effect;
    }

    public void Send(SessionId session, in Message message) => Add(new() { Kind = HubEffectKind.Send, Session = session, Message = message });

    public void Close(SessionId session, HubClose why) => Add(new() { Kind = HubEffectKind.CloseSession, Session = session, Close = why });

    public void GuestSignal(uint guest, RingId from, ReadOnlyMemory<byte> json) =>
        Add(new() { Kind = HubEffectKind.GuestSignal, Guest = guest, Peer = from, Json = json });

    public void GuestNameEnded(uint guest, long ticket, Outcome outcome, RingId found) =>
        Add(new() { Kind = HubEffectKind.GuestNameEnded, Guest = guest, Ticket = ticket, Outcome = outcome, Peer = found });

    public void GuestNameLost(uint guest, string name) => Add(new() { Kind = HubEffectKind.GuestNameLost, Guest = guest, Name = name });

    public void Persist() => Add(new() { Kind = HubEffectKind.Persist });

    public void Observe(HubObservation what, SessionId session, RingId peer) =>
        Add(new() { Kind = HubEffectKind.Observed, Observation = what, Session = session, Peer = peer });

    public void Observe(in HubEffect observation) => Add(observation with { Kind = HubEffectKind.Observed });
}
