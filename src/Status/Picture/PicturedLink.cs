using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Status.Picture;

/// <summary>The two ends of a link, the lower id first.</summary>
internal readonly record struct LinkEnds(RingId Low, RingId High)
{
    public static LinkEnds Of(RingId one, RingId other) => one.Value < other.Value ? new(one, other) : new(other, one);
}

/// <summary>A link as it is drawn: what its ends say of it, put together.</summary>
/// <param name="Carrier">Relayed where either end says so.</param>
/// <param name="Purpose">What either end wants it for.</param>
/// <param name="RateUp">Messages a second from the lower id to the higher, two digits; −1: not known.</param>
/// <param name="RateDown">The same from the higher to the lower.</param>
internal readonly record struct PicturedLink(LinkCarrier Carrier, LinkPurpose Purpose, double RateUp, double RateDown)
{
    private const double Unknown = -1;

    /// <summary>The link between two members; null where neither of them tells of an open one.</summary>
    public static PicturedLink? Between(LinkEnds ends, PicturedMember? low, PicturedMember? high)
    {
        var up = Open(low, ends.High);
        var down = Open(high, ends.Low);
        return up is null && down is null ? null : new(
            (LinkCarrier)Math.Max((int)(up?.Carrier ?? 0), (int)(down?.Carrier ?? 0)),
            (up?.Purpose ?? LinkPurpose.None) | (down?.Purpose ?? LinkPurpose.None),
            Rate(low, ends.High),
            Rate(high, ends.Low));
    }

    private static LinkReport? Open(PicturedMember? member, RingId peer)
    {
        foreach (var link in member?.Report.Links ?? [])
        {
            if (link.Peer == peer && link.Phase == LinkPhase.Open)
            {
                return link;
            }
        }

        return null;
    }

    /// <summary>Two digits, so that a flow that hardly changes is no change of the picture.</summary>
    private static double Rate(PicturedMember? member, RingId peer)
    {
        if (member is null || !member.Rates.TryGetValue(peer, out var rate))
        {
            return Unknown;
        }

        if (rate < 0.05)
        {
            return 0;
        }

        var unit = Math.Pow(10, Math.Floor(Math.Log10(rate)) - 1);
        return Math.Round(Math.Round(rate / unit) * unit, 2);
    }
}
