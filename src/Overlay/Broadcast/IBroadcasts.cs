using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

/// <summary>Brings messages to all members: a machine for each topology, by the same messages.</summary>
/// <remarks>The owner routes the messages here, calls <see cref="Advance"/> when <see cref="NextDue"/> has come, and takes arrivals and results after each call.</remarks>
internal interface IBroadcasts
{
    /// <summary>When to call <see cref="Advance"/> next.</summary>
    Instant NextDue { get; }

    /// <summary>Sends <paramref name="bytes"/> to all members but this one.</summary>
    void Start(Instant now, RequestId request, ReadOnlyMemory<byte> bytes);

    /// <summary>A broadcast came: it is delivered if it is new, and passed on.</summary>
    void OnBroadcast(Instant now, RingId from, BroadcastData broadcast);

    /// <summary>Whoever was given a broadcast, or asked about one, says how far it is.</summary>
    void OnDone(Instant now, RingId from, BroadcastDone done);

    /// <summary>Somebody asks how far this node is.</summary>
    void OnAsk(Instant now, RingId from, BroadcastAsk question);

    /// <summary>The neighbours may have changed.</summary>
    void NeighboursChanged(Instant now);

    /// <summary>A link ended, or a broadcast sent over it came back.</summary>
    void LinkFailed(Instant now, RingId peer);

    /// <summary>Time passed.</summary>
    void Advance(Instant now);

    /// <summary>Takes the next broadcast of somebody else.</summary>
    bool TryTakeArrival(out BroadcastMessage message);

    /// <summary>Takes the next end of a broadcast of this node.</summary>
    bool TryTakeResult(out BroadcastResult result);
}
