using Overlay.Effects;
using Overlay.Messages;
using Overlay.Runtime.Links;
using Overlay.Time;
using Overlay.WebRtc.Ice;

namespace Overlay.Runtime.Diagnostics;

/// <summary>What the loop measures, as the node tells it to who diagnoses the network. On the loop.</summary>
internal sealed class NodeGauges(NodeCounters counters, Instant startedAt) : IGauges
{
    private NodeLoop? _loop;

    /// <summary>The loop whose links these are.</summary>
    public void Attach(NodeLoop loop) => _loop = loop;

    public Instant ArrivedAt(Instant now) => _loop?.ArrivedAt ?? now;

    public LinkGauge Of(LinkId link)
    {
        if (_loop?.TryGetLink(link, out var peer) != true)
        {
            return LinkGauge.Unknown with { Way = _loop?.NameOfHub(link) is null ? LinkWay.Unknown : LinkWay.Hub };
        }

        var connection = peer!.Connection;
        var selected = connection.IsOverOverlay ? null : connection.DescribeSelected();
        var roundTrip = selected is { RoundTrip: var last } && last > TimeSpan.Zero ? last : connection.Statistics.RoundTripTime; // SCTP's has the other end's delay of acknowledgements in it.
        return new(
            connection.IsOverOverlay ? LinkWay.Relayed : LinkWay.Direct,
            TypeOf(selected?.LocalKind),
            TypeOf(selected?.RemoteKind),
            roundTrip > TimeSpan.Zero ? roundTrip : null,
            (uint)Math.Clamp(connection.BufferedAmount(peer.Overlay), 0, uint.MaxValue));
    }

    public ulong? SentOver(LinkId link) => _loop?.TryGetLink(link, out var peer) == true ? peer.Sent : null;

    public NodeTotals Totals(Instant now)
    {
        var own = 0L;
        foreach (var purpose in Enum.GetValues<Telemetry.Upkeep>())
        {
            own += counters.UpkeepBytes(purpose);
        }

        return new(
            (long)(now - startedAt).TotalMilliseconds, counters.Forwarded, counters.ForwardedBytes, counters.Delivered, counters.Dropped, counters.RelayedBytes, counters.RelayDropped, own);
    }

    public void AddQuotas(Instant now, ICollection<QuotaEntry> quotas)
    {
        if (_loop is { } loop)
        {
            var (used, allowed) = loop.RelayUse(now);
            quotas.Add(new(QuotaKind.RelayedBytesPerSecond, used, allowed));
        }
    }

    private static CandidateType TypeOf(CandidateKind? kind) => kind switch
    {
        CandidateKind.Host => CandidateType.Host,
        CandidateKind.ServerReflexive => CandidateType.ServerReflexive,
        CandidateKind.PeerReflexive => CandidateType.PeerReflexive,
        CandidateKind.Relayed => CandidateType.Relayed,
        _ => CandidateType.Unknown,
    };
}
