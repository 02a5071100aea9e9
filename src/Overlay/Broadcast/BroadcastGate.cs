using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

/// <summary>What is the same on both topologies: which broadcasts are true, new and within their origin's quota, and what the application is told.</summary>
/// <remarks>At most <see cref="MaxOrigins"/> origins have a quota at a time; one more is refused.</remarks>
internal sealed class BroadcastGate(OverlayOptions options, INodePort port, ISigning signing, CertificateStore certificates)
{
    /// <summary>How long a broadcast is good for.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    /// <summary>How far the clocks of two nodes may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private const int MaxOrigins = 65_536;

    private readonly Dictionary<RingId, TokenBucket> _quotas = [];
    private readonly Queue<BroadcastMessage> _arrived = new(0);
    private readonly Queue<BroadcastResult> _results = new(0);
    private ulong _lastNumber;

    public BroadcastMemory Memory { get; } = new();

    /// <summary>Takes the next broadcast of somebody else.</summary>
    public bool TryTakeArrival(out BroadcastMessage message) => _arrived.TryDequeue(out message!);

    /// <summary>Takes the next end of a broadcast of this node.</summary>
    public bool TryTakeResult(out BroadcastResult result) => _results.TryDequeue(out result);

    /// <summary>A broadcast of this node ended.</summary>
    public void End(RequestId request, Outcome outcome, BroadcastReport report = default) => _results.Enqueue(new(request, outcome, report));

    /// <summary>A broadcast of this node, signed and remembered; false where it may not be sent, which the application is told.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="request">The command.</param>
    /// <param name="bytes">What is sent.</param>
    /// <param name="hasRoom">Whether one more can be watched over.</param>
    /// <param name="broadcast">The broadcast.</param>
    public bool TrySign(Instant now, RequestId request, ReadOnlyMemory<byte> bytes, bool hasRoom, out BroadcastData broadcast)
    {
        broadcast = null!;
        if (bytes.Length > BroadcastData.MaxDataBytes)
        {
            End(request, Outcome.TooLarge);
            return false;
        }

        var self = port.Self;
        if (!hasRoom || Memory.Count >= BroadcastMemory.MaxEntries || !TryTakeQuota(now, self.Id))
        {
            End(request, Outcome.Busy);
            return false;
        }

        broadcast = BroadcastSecurity.Sign(signing, self.Certificate, self.Instance, ++_lastNumber, now.UnixMilliseconds + (long)Life.TotalMilliseconds, bytes);
        Memory.TryAdd(now, broadcast.Key, self.Id, now + Life + ClockTolerance);
        return true;
    }

    /// <summary>Whether a broadcast is what its origin sent, not long ago, and not this node's own.</summary>
    public bool IsTrue(Instant now, BroadcastData broadcast)
    {
        var inHand = broadcast.ExpiresAt - now.UnixMilliseconds;
        return broadcast.Depth is > 0 and <= BroadcastData.MaxDepth
            && broadcast.Bytes.Length <= BroadcastData.MaxDataBytes
            && broadcast.Origin.Id != port.Self.Id
            && inHand >= -(long)ClockTolerance.TotalMilliseconds
            && inHand <= (long)(Life + ClockTolerance).TotalMilliseconds
            && certificates.TryAdd(now, broadcast.Origin, out _)
            && BroadcastSecurity.Verify(signing, broadcast);
    }

    /// <summary>Notes a true broadcast that is not known; false where it is old, over the quota, or there is no room.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="broadcast">The broadcast.</param>
    /// <param name="isCaughtUpOn">It was sent a while ago, and counts against no quota.</param>
    public bool TryRemember(Instant now, BroadcastData broadcast, bool isCaughtUpOn = false)
    {
        var until = now + TimeSpan.FromMilliseconds(broadcast.ExpiresAt - now.UnixMilliseconds + 1) + ClockTolerance;
        return !Memory.IsOld(broadcast.Key) && (isCaughtUpOn || TryTakeQuota(now, broadcast.Origin.Id)) && Memory.TryAdd(now, broadcast.Key, broadcast.Limit, until);
    }

    /// <summary>Gives a broadcast to the application.</summary>
    public void Deliver(BroadcastData broadcast) => _arrived.Enqueue(new(broadcast.Origin.Id, broadcast.Bytes, broadcast.Depth));

    /// <summary>Forgets what is old.</summary>
    public void Advance(Instant now, bool isIdle)
    {
        Memory.Advance(now);
        if (isIdle && Memory.Count == 0)
        {
            _quotas.Clear();
        }
    }

    /// <summary>What was read lies in the memory of the message; a broadcast that is passed on later needs its own.</summary>
    public static BroadcastData Detached(BroadcastData broadcast) => broadcast with { Bytes = broadcast.Bytes.ToArray(), Signature = broadcast.Signature.ToArray() };

    private bool TryTakeQuota(Instant now, RingId origin)
    {
        var bucket = _quotas.GetValueOrDefault(origin);
        if ((_quotas.Count >= MaxOrigins && !_quotas.ContainsKey(origin)) || !bucket.TryTake(now, options.MaxBroadcastsPerSecond))
        {
            return false;
        }

        _quotas[origin] = bucket;
        return true;
    }
}
