namespace Overlay.WebRtc.Peer;

/// <summary>The kinds of <see cref="PeerEvent"/>.</summary>
public enum PeerEventKind : byte
{
    /// <summary><see cref="PeerEvent.State"/> is new; on Failed, <see cref="PeerEvent.Failure"/> says why.</summary>
    StateChanged,

    /// <summary>The set-up has entered <see cref="PeerEvent.Phase"/>; the one before is done.</summary>
    PhaseReached,

    /// <summary><see cref="PeerEvent.Channel"/> carries messages now, whoever made it.</summary>
    ChannelOpened,

    /// <summary><see cref="PeerEvent.Channel"/> is gone. Every message that arrived on it was handed out before.</summary>
    ChannelClosed,

    /// <summary>ICE sends on another pair of addresses now; see <c>PeerConnection.Statistics</c>.</summary>
    SelectedPairChanged,
}

/// <summary>Something the host may want to act upon. Nothing waits for it.</summary>
/// <param name="Kind">Which of the other members have a meaning.</param>
/// <param name="State">For <see cref="PeerEventKind.StateChanged"/>.</param>
/// <param name="Phase">For <see cref="PeerEventKind.PhaseReached"/>; on Failed, the phase that failed.</param>
/// <param name="Failure">For <see cref="PeerEventKind.StateChanged"/> to Failed.</param>
/// <param name="Channel">For the two channel kinds.</param>
public readonly record struct PeerEvent(PeerEventKind Kind, PeerState State, PeerPhase Phase, PeerFailure Failure, ChannelId Channel)
{
    internal static PeerEvent StateChanged(PeerState state) => new(PeerEventKind.StateChanged, state, default, PeerFailure.None, default);

    internal static PeerEvent Failed(PeerPhase phase, PeerFailure reason) =>
        new(PeerEventKind.StateChanged, PeerState.Failed, phase, reason, default);

    internal static PeerEvent PhaseReached(PeerPhase phase) => new(PeerEventKind.PhaseReached, default, phase, PeerFailure.None, default);

    internal static PeerEvent ChannelOpened(ChannelId channel) =>
        new(PeerEventKind.ChannelOpened, default, default, PeerFailure.None, channel);

    internal static PeerEvent ChannelClosed(ChannelId channel) =>
        new(PeerEventKind.ChannelClosed, default, default, PeerFailure.None, channel);

    internal static PeerEvent SelectedPairChanged() =>
        new(PeerEventKind.SelectedPairChanged, default, default, PeerFailure.None, default);
}
