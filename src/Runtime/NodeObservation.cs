using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Runtime;

/// <summary>Something a node did or saw, as its host tells it: the value behind logs, metrics and spans.</summary>
/// <param name="At">When.</param>
/// <param name="What">What kind of thing.</param>
/// <param name="Peer">The other node concerned, or the source of the message concerned.</param>
/// <param name="Link">The link concerned.</param>
/// <param name="LinkPhase">For link observations.</param>
/// <param name="Failure">Why a link ended.</param>
/// <param name="Drop">Why a message ended.</param>
/// <param name="Phase">The node's new phase.</param>
/// <param name="Purpose">What the link is for.</param>
/// <param name="Number">See <see cref="Observation"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NodeObservation(
    Instant At,
    Observation What,
    RingId Peer,
    LinkId Link,
    LinkPhase LinkPhase,
    LinkFailure Failure,
    DropReason Drop,
    NodePhase Phase,
    LinkPurpose Purpose,
    int Number)
{
    internal static NodeObservation From(Instant at, in Effect effect) => new(
        at, effect.Observation, effect.Peer, effect.Link, effect.LinkPhase, effect.Failure, effect.Drop, effect.Phase, effect.Purpose, effect.Number);
}

/// <summary>A message that arrived for the application.</summary>
/// <param name="From">Who signed it.</param>
/// <param name="Bytes">The content.</param>
/// <param name="Hops">Links crossed, the last one included.</param>
public sealed record OverlayMessage(RingId From, ReadOnlyMemory<byte> Bytes, int Hops)
{
    /// <summary>The span of its delivery, to be the parent of what is done with it; none where nobody traces it.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary>The content as text (UTF-8).</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);
}
