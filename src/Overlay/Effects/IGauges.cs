using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Effects;

/// <summary>What a host has measured and a node may tell who diagnoses the network. Read within a step, on the node's thread; says the same as long as the step lasts.</summary>
/// <remarks>A node whose host measures nothing has none, and says <c>Unknown</c>.</remarks>
public interface IGauges
{
    /// <summary>When the last bytes of the message came in that the present step began with; the moment of the step where it began with something else.</summary>
    Instant ArrivedAt(Instant now);

    /// <summary>What is known of a link or of a hub session.</summary>
    LinkGauge Of(LinkId link);

    /// <summary>Messages that were sent over an open link; null where that is not counted.</summary>
    ulong? SentOver(LinkId link);

    /// <summary>What the node has done since its start.</summary>
    NodeTotals Totals(Instant now);

    /// <summary>Adds the quotas that the host keeps.</summary>
    void AddQuotas(Instant now, ICollection<QuotaEntry> quotas);
}
