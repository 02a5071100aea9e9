using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Tests.Node;

/// <summary>What the host of a test network measures: the same of every link, and a millisecond from the wire to the machine.</summary>
internal sealed class TestGauges(TestNetwork network) : IGauges
{
    public static readonly TimeSpan Held = TimeSpan.FromMilliseconds(1);

    public Instant ArrivedAt(Instant now) => now + -Held;

    public LinkGauge Of(LinkId link) => new(LinkWay.Direct, CandidateType.Host, CandidateType.Host, network.Latency * 2, 0);

    public ulong? SentOver(LinkId link) => 7;

    public NodeTotals Totals(Instant now) => new(1, 2, 3, 4, 5, 6, 7, 8);

    public void AddQuotas(Instant now, ICollection<QuotaEntry> quotas)
    {
        ArgumentNullException.ThrowIfNull(quotas);
        quotas.Add(new(QuotaKind.RelayedBytesPerSecond, 1, 2));
    }
}
