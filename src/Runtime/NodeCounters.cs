using Overlay.Effects;
using Overlay.Messages;
using Overlay.Runtime.Telemetry;

namespace Overlay.Runtime;

/// <summary>What a node counted since its start. Written by the loop, read by anybody; a snapshot may be a step behind.</summary>
public sealed class NodeCounters
{
    private const int Failures = (int)LinkFailure.Leaving + 1;

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
    private long _forwardedBytes;
    private long _directLinks;
    private long _relayedLinks;
    private long _settingUp;
    private long _upgrades;
    private long _fallbacks;
    private long _records;
    private long _treeDepth;
    private int _lastParting;
    private readonly long[] _seen = new long[Enum.GetValues<Observation>().Length];
    private readonly long[] _drops = new long[Enum.GetValues<DropReason>().Length];
    private readonly long[] _upkeep = new long[Enum.GetValues<Upkeep>().Length];
    private readonly long[] _ends = new long[(int)(LinkPhase.Open + 1) * Failures];

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

    /// <summary>Bytes of messages passed on for others, as they lie in a link's channel.</summary>
    public long ForwardedBytes => Volatile.Read(ref _forwardedBytes);

    /// <summary>Open links that go straight to the other end.</summary>
    public long DirectLinks => Volatile.Read(ref _directLinks);

    /// <summary>Open links whose datagrams a third node passes on.</summary>
    public long RelayedLinks => Volatile.Read(ref _relayedLinks);

    /// <summary>Links that are being set up.</summary>
    public long SettingUp => Volatile.Read(ref _settingUp);

    /// <summary>Connections of channels that went over from the overlay to a direct way.</summary>
    public long Upgrades => Volatile.Read(ref _upgrades);

    /// <summary>Connections of channels that went back to the overlay.</summary>
    public long Fallbacks => Volatile.Read(ref _fallbacks);

    /// <summary>Names that the node keeps, copies for others included, when it last looked at its clock.</summary>
    public long Records => Volatile.Read(ref _records);

    /// <summary>Links between the node and its tree's root; 0 for the root, and on a ring.</summary>
    public long TreeDepth => Volatile.Read(ref _treeDepth);

    /// <summary>How often something was observed.</summary>
    public long CountOf(Observation what) => Volatile.Read(ref _seen[(int)what]);

    /// <summary>How the neighbour that went last was lost: it said good-bye (<see cref="Observation.PeerLeft"/> and the like), or was found dead.</summary>
    /// <value><see cref="Observation.None"/> where none went.</value>
    public Observation LastParting => (Observation)Volatile.Read(ref _lastParting);

    /// <summary>Messages that ended here for <paramref name="reason"/>.</summary>
    public long DroppedFor(DropReason reason) => Volatile.Read(ref _drops[(int)reason]);

    /// <summary>Links, or their set-ups, that ended in <paramref name="phase"/> (<see cref="LinkPhase.Open"/>: they were usable) for <paramref name="why"/>.</summary>
    public long LinksEnded(LinkPhase phase, LinkFailure why) => Volatile.Read(ref _ends[((int)phase * Failures) + (int)why]);

    /// <summary>Bytes of this node's own messages for <paramref name="purpose"/>.</summary>
    public long UpkeepBytes(Upkeep purpose) => Volatile.Read(ref _upkeep[(int)purpose]);

    /// <summary>A message left: this node's own, or somebody else's. On the loop, the only writer.</summary>
    internal void CountSent(MessageKind kind, bool isOwn, int bytes)
    {
        ref var sum = ref isOwn ? ref _upkeep[(int)Upkeeps.Of(kind)] : ref _forwardedBytes;
        Volatile.Write(ref sum, sum + bytes);
    }

    internal void CountLinks(int direct, int relayed, int settingUp)
    {
        Volatile.Write(ref _directLinks, _directLinks + direct);
        Volatile.Write(ref _relayedLinks, _relayedLinks + relayed);
        Volatile.Write(ref _settingUp, _settingUp + settingUp);
    }

    internal void CountSwitch(bool isDirect) => Interlocked.Increment(ref isDirect ? ref _upgrades : ref _fallbacks);

    internal void Note(int records, int treeDepth)
    {
        Volatile.Write(ref _records, records);
        Volatile.Write(ref _treeDepth, treeDepth);
    }

    internal void CountRelayed(int bytes)
    {
        Interlocked.Increment(ref _relayed);
        Interlocked.Add(ref _relayedBytes, bytes);
    }

    internal void CountRelayDropped() => Interlocked.Increment(ref _relayDropped);

    internal void CountDelivered() => Interlocked.Increment(ref _delivered);

    /// <summary>Nobody took what had come for the application.</summary>
    internal void CountDropped()
    {
        Interlocked.Increment(ref _dropped);
        Interlocked.Increment(ref _drops[(int)DropReason.QueueFull]);
    }

    internal void Count(in NodeObservation seen)
    {
        ref var sum = ref _seen[(int)seen.What];
        Volatile.Write(ref sum, sum + 1); // The loop is the only writer.
        if (seen.What == Observation.LinkEnded)
        {
            Interlocked.Increment(ref _ends[((int)seen.LinkPhase * Failures) + (int)seen.Failure]);
        }

        switch (seen.What)
        {
            case Observation.Evicted or Observation.PeerLeft or Observation.ParentClosed or Observation.ParentFailed or Observation.ChildClosed or Observation.ChildFailed:
                Volatile.Write(ref _lastParting, (int)seen.What);
                break;
            case Observation.Forwarded:
                Interlocked.Increment(ref _forwarded);
                break;
            case Observation.Dropped:
                Interlocked.Increment(ref _dropped);
                Interlocked.Increment(ref _drops[(int)seen.Drop]);
                break;
            case Observation.LinkPhase when seen.LinkPhase == LinkPhase.Open:
                Interlocked.Increment(ref _linksOpened);
                break;
            case Observation.LinkEnded when seen.LinkPhase != LinkPhase.Open:
                Interlocked.Increment(ref _linksFailed);
                break;
            case Observation.Signalled when seen.Number == 1:
                Interlocked.Increment(ref _signalsByHub);
                break;
            case Observation.Signalled:
                Interlocked.Increment(ref _signalsByOverlay);
                break;
        }
    }
}
