using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Effects;

/// <summary>Where a step leaves its effects. Owned by the host, which drains it after each input.</summary>
public sealed class Outbox
{
    private Effect[] _effects = new Effect[16];
    private int _count;

    /// <summary>When the node wants to be advanced next, whatever else comes.</summary>
    public Instant WakeAt { get; set; } = Instant.Never;

    /// <summary>Whether everything was drained.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>The effects of the step, in order. Valid until <see cref="Clear"/>.</summary>
    public ReadOnlySpan<Effect> Effects => _effects.AsSpan(0, _count);

    /// <summary>Forgets the effects, which the host has performed.</summary>
    public void Clear()
    {
        _effects.AsSpan(0, _count).Clear(); // Bodies must not be kept alive by an idle outbox.
        _count = 0;
    }

    public void Add(in Effect effect)
    {
        if (_count == _effects.Length)
        {
            Array.Resize(ref _effects, _count * 2);
        }

        _effects[_count++] = effect;
    }

    /// <param name="link">The link or hub session.</param>
    /// <param name="message">The message.</param>
    /// <param name="isWatched">The node waits for a sign that it arrived (<c>LinkHeard</c>): <see cref="Effect.Number"/> is 1.</param>
    public void Send(LinkId link, in Message message, bool isWatched = false) =>
        Add(new() { Kind = EffectKind.Send, Link = link, Number = isWatched ? 1 : 0, Message = message });

    public void Deliver(in Message message, TreeSide side = TreeSide.None) => Add(new() { Kind = EffectKind.Deliver, Number = (int)side, Message = message });

    public void OpenLink(LinkId link, RingId peer, LinkDescription? remote) =>
        Add(new() { Kind = EffectKind.OpenLink, Link = link, Detail = remote, Message = About(peer) });

    public void AcceptAnswer(LinkId link, LinkDescription remote) => Add(new() { Kind = EffectKind.AcceptAnswer, Link = link, Detail = remote });

    public void AddCandidates(LinkId link, IReadOnlyList<string> lines) => Add(new() { Kind = EffectKind.AddCandidates, Link = link, Detail = lines });

    public void CloseLink(LinkId link, RingId peer, LinkFailure why) =>
        Add(new() { Kind = EffectKind.CloseLink, Link = link, Failure = why, Message = About(peer) });

    public void TakeBack(LinkId link, bool isEarly = false) => Add(new() { Kind = EffectKind.TakeBack, Link = link, Number = isEarly ? 1 : 0 });

    public void OpenHub(LinkId session, int hub, string? address = null) => Add(new() { Kind = EffectKind.OpenHub, Link = session, Number = hub, Detail = address });

    public void CloseHub(LinkId session) => Add(new() { Kind = EffectKind.CloseHub, Link = session });

    public void Completed(RequestId request, Outcome outcome, object? result = null) =>
        Add(new() { Kind = EffectKind.Completed, Outcome = outcome, Detail = result, Message = new() { MessageId = (ulong)request.Value } });

    public void Observe(in Effect observation) => Add(observation with { Kind = EffectKind.Observed });

    /// <summary>An observation about another node.</summary>
    public void Observe(Observation what, RingId peer, LinkId link = default, LinkPhase phase = default, LinkFailure failure = default, LinkPurpose purpose = default) =>
        Add(new()
        {
            Kind = EffectKind.Observed,
            Observation = what,
            Link = link,
            LinkPhase = phase,
            Failure = failure,
            Purpose = purpose,
            Message = About(peer),
        });

    private static Message About(RingId peer) => new() { Source = peer };
}
