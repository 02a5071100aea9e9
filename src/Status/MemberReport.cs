using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Status;

/// <summary>What a member said of itself.</summary>
/// <param name="Id">Who.</param>
/// <param name="Phase">Where it is in its life.</param>
public sealed record MemberReport(RingId Id, NodePhase Phase)
{
    /// <summary>A name, where the server knows one.</summary>
    public string? Name { get; init; }

    /// <summary>On a ring its predecessor, on a tree its parent.</summary>
    public RingId? Above { get; init; }

    /// <summary>On a ring its successors, the nearest first; on a tree its children.</summary>
    public IReadOnlyList<RingId> Below { get; init; } = [];

    /// <summary>Its fingers; none on a tree.</summary>
    public IReadOnlyList<FingerEntry> Fingers { get; init; } = [];

    /// <summary>Its links, open ones and those that are being set up.</summary>
    public IReadOnlyList<LinkReport> Links { get; init; } = [];

    /// <summary>Neighbours that it lost lately, and how.</summary>
    public IReadOnlyList<DepartureEntry> Departures { get; init; } = [];

    /// <summary>What it has done since its start; null where it did not say.</summary>
    public NodeTotals? Totals { get; init; }

    /// <summary>The tables of a <see cref="State"/>.</summary>
    public static MemberReport Of(RingId id, State state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(id, state.Phase)
        {
            Above = state.Predecessor?.Id,
            Below = [.. state.Successors.Select(static successor => successor.Id)],
            Fingers = state.Fingers,
            Links = [.. state.Links.Select(LinkReport.Of)],
            Departures = state.Departures,
            Totals = state.Totals,
        };
    }
}

/// <summary>How a link's datagrams go.</summary>
public enum LinkCarrier
{
    /// <summary>The member did not say.</summary>
    Unknown,

    /// <summary>Straight to the other end.</summary>
    Direct,

    /// <summary>A third member passes them on.</summary>
    Relayed,
}

/// <summary>A link of a member.</summary>
/// <param name="Peer">The other end.</param>
/// <param name="Phase">How far it is.</param>
/// <param name="Purpose">What this end wants it for.</param>
/// <param name="IsIncoming">The other end offered it.</param>
public sealed record LinkReport(RingId Peer, LinkPhase Phase, LinkPurpose Purpose, bool IsIncoming)
{
    /// <summary>How its datagrams go.</summary>
    public LinkCarrier Carrier { get; init; }

    /// <summary>There and back; null where it was not said.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Messages that this end sent over it since it is open; null where it was not said.</summary>
    public ulong? Sent { get; init; }

    internal static LinkReport Of(LinkEntry link) => new(link.Id, link.Phase, link.Purpose, link.IsIncoming)
    {
        Carrier = link.Gauge.Way switch
        {
            LinkWay.Direct => LinkCarrier.Direct,
            LinkWay.Relayed => LinkCarrier.Relayed,
            _ => LinkCarrier.Unknown,
        },
        RoundTrip = link.Gauge.RoundTrip,
        Sent = link.Sent,
    };
}
