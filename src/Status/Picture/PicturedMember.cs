using Overlay.Ring;

namespace Overlay.Status.Picture;

/// <summary>A member in the picture: what it said last, and how often it was silent since.</summary>
internal sealed class PicturedMember(MemberReport report, DateTimeOffset at)
{
    /// <summary>What it said last.</summary>
    public MemberReport Report { get; private set; } = report;

    /// <summary>When it said so.</summary>
    public DateTimeOffset HeardAt { get; private set; } = at;

    /// <summary>Rounds in which it did not answer, since it last did.</summary>
    public int Missed { get; set; }

    /// <summary>Whether it is drawn as one that may be gone.</summary>
    public bool IsSilent => Missed > 0;

    /// <summary>Messages a second to each neighbour between its last two answers; without an entry: not known.</summary>
    public Dictionary<RingId, double> Rates { get; } = [];

    /// <summary>It answered again.</summary>
    public void Hear(MemberReport report, DateTimeOffset at)
    {
        var seconds = (at - HeardAt).TotalSeconds;
        if (seconds >= 0.2) // Two answers at once say nothing of a rate.
        {
            Measure(report, seconds);
            HeardAt = at;
            Report = report;
        }
        else
        {
            Report = report with { Links = Merge(report.Links) };
        }

        Missed = 0;
    }

    private void Measure(MemberReport report, double seconds)
    {
        Rates.Clear();
        foreach (var link in report.Links)
        {
            if (link.Sent is { } sent && Find(link.Peer) is { Sent: { } before } && sent >= before)
            {
                Rates[link.Peer] = (sent - before) / seconds;
            }
        }
    }

    /// <summary>New tables whose counters are the old ones: the rate is measured from where it was.</summary>
    private List<LinkReport> Merge(IReadOnlyList<LinkReport> links) =>
        [.. links.Select(link => Find(link.Peer) is { } old ? link with { Sent = old.Sent } : link)];

    private LinkReport? Find(RingId peer)
    {
        foreach (var link in Report.Links)
        {
            if (link.Peer == peer)
            {
                return link;
            }
        }

        return null;
    }
}
