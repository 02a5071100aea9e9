using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Peer;

/// <content>Which way data goes now: over the pair ICE has found, or over the overlay. It is received on every way.</content>
public sealed partial class PeerConnection
{
    /// <summary>What was put under way over the direct pair may have to go over the overlay again, whose packets are smaller; so the pair must have lasted first.</summary>
    private static readonly TimeSpan LargerPacketsAfter = TimeSpan.FromSeconds(10);

    private SelectedPair? _way;
    private Instant _growAt = Instant.Never;
    private Instant _consentSince;
    private long _timeoutsSeen;

    /// <summary>What has just gone over the overlay, and goes over the doubted pair as well.</summary>
    private byte[] _copy = [];
    private int _copyLength;

    /// <summary>Whether data goes over the overlay now.</summary>
    public bool IsOverOverlay => _options.Overlay is { } overlay && _way is { } way && way.Path == overlay.Path;

    /// <summary>ICE has given up, and only <see cref="RestartIce"/>, or the peer's, makes it look for a direct way again.</summary>
    public bool IsIceOver => _ice.State == IceState.Failed;

    /// <summary>Why ICE has given up, while it has.</summary>
    public IceFailure IceFailure => _ice.Failure;

    /// <summary>The pairs that ICE has tried or would try, the best first.</summary>
    public IReadOnlyList<PairReport> DescribePairs() => _ice.DescribePairs();

    /// <summary>ICE's selected pair; null where there is none.</summary>
    public PairReport? DescribeSelected() => _ice.DescribeSelected();

    /// <summary>Where there is no direct way, silence ends the connection at this moment.</summary>
    private Instant OverlayConsentEnds => _options.Overlay is not null && _dtls is not null ? _consentSince + _options.ConsentTimeout : Instant.Never;

    /// <summary>Send on the best way: ICE's pair unless it is in doubt, else the overlay.</summary>
    private void ChooseWay(Instant now)
    {
        var isDirectSound = _pair is not null && (_options.Overlay is null || _ice.State is not (IceState.Disconnected or IceState.Failed or IceState.Closed));
        var mayRelay = _options.Overlay is { IsLastResort: false } || _ice.State is IceState.Disconnected or IceState.Failed;
        var best = isDirectSound ? _pair : mayRelay && _options.Overlay is { } overlay ? new SelectedPair(overlay.Path, default, default, IsNominated: true) : null;
        var previous = _way;
        _way = best;
        if (previous is { } before && (best is not { } next || !AreSame(before, next)))
        {
            RememberPair(before.Path, before.Remote);
        }

        if (best is not { } way || (previous is { } old && AreSame(old, way)))
        {
            GrowPackets(now);
            return;
        }

        _events.Enqueue(PeerEvent.SelectedPairChanged());
        if (_options.Overlay is not { } beside)
        {
            _association.MaxPacketBytes = SctpPacketBytes(PacketSizeOf(way.Path));
            return;
        }

        _association.MaxPacketBytes = SctpPacketBytes(Math.Min(beside.PacketSize, PacketSizeOf(way.Path)));
        _growAt = way.Path == beside.Path ? Instant.Never : now + LargerPacketsAfter;
        _timeoutsSeen = _association.Statistics.RetransmissionTimeouts;
        if (previous is not null)
        {
            _association.PathChanged();
        }
    }

    private static bool AreSame(in SelectedPair one, in SelectedPair other) => one.Path == other.Path && one.Remote == other.Remote;

    private void GrowPackets(Instant now)
    {
        if (now >= _growAt && _way is { } way)
        {
            _growAt = Instant.Never;
            _association.MaxPacketBytes = SctpPacketBytes(PacketSizeOf(way.Path));
        }
    }

    /// <summary>
    /// Data over the direct pair was not acknowledged in time: ICE finds out whether the pair still works, and data goes over the overlay until it answers. Waiting for
    /// consent to run out would cost half a minute. Meanwhile the pair gets a copy of everything.
    /// </summary>
    private void DoubtDirectWay(Instant now)
    {
        if (_options.Overlay is null || IsOverOverlay || _way is null)
        {
            return;
        }

        var timeouts = _association.Statistics.RetransmissionTimeouts;
        if (timeouts > _timeoutsSeen)
        {
            _timeoutsSeen = timeouts;
            _ice.Doubt(now);
            ChooseWay(now);
        }
    }

    /// <summary>
    /// A pair in doubt may well work, and the overlay may not: perhaps no other node has a link to both ends. If what was lost were only sent over the one that does not work, each timeout would choose that
    /// one again. DTLS drops what arrives twice.
    /// </summary>
    private void CopyForDoubtedPair(ReadOnlySpan<byte> datagram)
    {
        if (IsOverOverlay && _pair is not null && _ice.State == IceState.Disconnected)
        {
            if (_copy.Length < datagram.Length)
            {
                _copy = new byte[LargestPacket];
            }

            datagram.CopyTo(_copy);
            _copyLength = datagram.Length;
        }
    }

    private bool TryTakeCopy(Span<byte> buffer, out Transmit transmit)
    {
        transmit = default;
        if (_copyLength == 0 || _pair is not { } pair)
        {
            return false;
        }

        _copy.AsSpan(0, _copyLength).CopyTo(buffer);
        transmit = new Transmit(pair.Path, pair.Remote, _copyLength);
        _copyLength = 0;
        return true;
    }

    private void EndSilentOverlay(Instant now)
    {
        if (now >= OverlayConsentEnds && State is not (PeerState.Failed or PeerState.Closed))
        {
            Fail(Phase switch
            {
                PeerPhase.Dtls => PeerFailure.DtlsTimeout,
                PeerPhase.Sctp => PeerFailure.SctpTimeout,
                _ => PeerFailure.ConsentExpired,
            });
        }
    }
}
