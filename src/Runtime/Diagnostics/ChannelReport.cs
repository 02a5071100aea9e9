using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Channels;
using Overlay.WebRtc.Ice;

namespace Overlay.Runtime.Diagnostics;

/// <summary>How a connection for channels to another member goes, and what was tried to make it direct.</summary>
/// <param name="Peer">The other member.</param>
/// <param name="Way">How it goes now; <see cref="LinkWay.Unknown"/>: there is none.</param>
/// <param name="Policy">What this node allows its channels.</param>
/// <param name="IceFailure">Why ICE has given up looking for a direct way; none while it looks, or has one.</param>
/// <param name="Pairs">The candidate pairs, the best first.</param>
/// <param name="RoundTrip">Of the connection, over the way that it goes now; null before the first measurement.</param>
public sealed record ChannelReport(RingId Peer, LinkWay Way, ChannelPolicy Policy, IceFailure IceFailure, IReadOnlyList<PairReport> Pairs, TimeSpan? RoundTrip)
{
    /// <summary>How long it took until the connection carried a channel; null: it never did.</summary>
    public TimeSpan? OpenedAfter { get; init; }

    /// <summary>How long it took until it was direct; null: it is not.</summary>
    public TimeSpan? DirectAfter { get; init; }

    /// <summary>Why no connection came about at all; null: one did.</summary>
    public string? Failure { get; init; }

    /// <summary>There is no connection, because of <paramref name="failure"/>.</summary>
    public static ChannelReport None(RingId peer, string? failure = null, ChannelPolicy policy = ChannelPolicy.Auto) =>
        new(peer, LinkWay.Unknown, policy, IceFailure.None, [], null) { Failure = failure };

    /// <summary>Whether nothing will change any more soon.</summary>
    internal bool IsSettled => Way == LinkWay.Direct || (Way == LinkWay.Relayed && (IceFailure != IceFailure.None || Policy == ChannelPolicy.OverlayOnly));
}
