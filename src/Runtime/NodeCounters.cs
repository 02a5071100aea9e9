namespace Overlay.Runtime;

/// <summary>What a node counted since its start. Written by the loop, read by anybody; a snapshot may be a step behind.</summary>
public sealed class NodeCounters
{
    private long _forwarded;
    private long _delivered;
    private long _dropped;
    private long _linksOpened;
    private long _linksFailed;
    private long _signalsByHub;
    private long _signalsByOverlay;
    private long _relayed;
    private long _relayedBytes;
    private long _relayDropped;

    /// <summary>Messages passed on for others.</summary>
    public long Forwarded => Volatile.Read(ref _forwarded);

    /// <summary>Messages given to the application.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>Messages that ended here for a reason.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Links that became usable.</summary>
    public long LinksOpened => Volatile.Read(ref _linksOpened);

    /// <summary>Link set-ups that failed.</summary>
    public long LinksFailed => Volatile.Read(ref _linksFailed);

    /// <summary>Offers, answers and candidate batches of this node that crossed a hub's socket.</summary>
    public long SignalsByHub => Volatile.Read(ref _signalsByHub);

    /// <summary>Offers, answers and candidate batches of this node that went through the overlay only.</summary>
    public long SignalsByOverlay => Volatile.Read(ref _signalsByOverlay);

    /// <summary>Datagrams of others' channels passed on.</summary>
    public long Relayed => Volatile.Read(ref _relayed);

    /// <summary>Bytes of them, their headers included.</summary>
    public long RelayedBytes => Volatile.Read(ref _relayedBytes);

    /// <summary>Datagrams of channels that ended here: no way on, a full queue, or a neighbour's quota.</summary>
    public long RelayDropped => Volatile.Read(ref _relayDropped);

    internal void CountRelayed(int bytes)
    {
        Interlocked.Increment(ref _relayed);
        Interlocked.Add(ref _relayedBytes, bytes);
    }

    internal void CountRelayDropped() => Interlocked.Increment(ref _relayDropped);

    internal void CountDelivered() => Interlocked.Increment(ref _delivered);

    internal void CountDropped() => Interlocked.Increment(ref _dropped);

    internal void Count(in NodeObservation seen)
    {
        switch (seen.What)
        {
            case Effects.Observation.Forwarded:
                Interlocked.Increment(ref _forwarded);
                break;
            case Effects.Observation.Dropped:
                Interlocked.Increment(ref _dropped);
                break;
            case Effects.Observation.LinkPhase when seen.LinkPhase == LinkPhase.Open:
                Interlocked.Increment(ref _linksOpened);
                break;
            case Effects.Observation.LinkEnded when seen.LinkPhase != LinkPhase.Open:
                Interlocked.Increment(ref _linksFailed);
                break;
            case Effects.Observation.Signalled when seen.Number == 1:
                Interlocked.Increment(ref _signalsByHub);
                break;
            case Effects.Observation.Signalled:
                Interlocked.Increment(ref _signalsByOverlay);
                break;
        }
    }
}
