namespace Overlay;

// What cannot work, told before a node is made: the machines themselves trust their options.
public sealed partial record OverlayOptions
{
    /// <summary>
    /// The least <see cref="LoneSuspicionTimeout"/> that these periods allow. Who owns an arc answers for it that long without being confirmed, which each round of
    /// stabilizing does: shorter, and arcs stand unowned from the end of a lease to the next round.
    /// </summary>
    public TimeSpan LeastLoneSuspicionTimeout => (1.1 * StabilizePeriod) + (0.5 * QueryTimeout); // Rounds vary by a tenth; an answer has half of its time at the most.

    /// <summary>Every reason why these options cannot work, each naming the key, what was found and what would be right; empty where they can.</summary>
    public IEnumerable<string> Errors()
    {
        foreach (var (name, value, least, most) in Counts())
        {
            if (value < least || value > most)
            {
                yield return $"{name}: {value} is not in {least} … {most}.";
            }
        }

        foreach (var (name, value, least, most) in Times())
        {
            if (value < least || value > most)
            {
                yield return $"{name}: {value} is not in {least} … {most}.";
            }
        }

        if (Topology == Topology.Tree && MaxLinks < (2 * MaxDegree) + 5)
        {
            yield return $"MaxLinks: {MaxLinks} is less than a tree of degree {MaxDegree} needs, {(2 * MaxDegree) + 5}; make it more, or MaxDegree smaller.";
        }

        if (LoneSuspicionTimeout < LeastLoneSuspicionTimeout)
        {
            yield return $"LoneSuspicionTimeout: {LoneSuspicionTimeout} is shorter than a round of stabilizing and its answer take, so that arcs would stand unowned; "
                + $"make it at least {LeastLoneSuspicionTimeout}, or StabilizePeriod ({StabilizePeriod}) shorter.";
        }
    }

    /// <summary>Every number and duration with what it may be, given the others.</summary>
    public IEnumerable<(string Name, string Range)> Ranges()
    {
        foreach (var (name, _, least, most) in Counts())
        {
            yield return (name, $"{least} … {most}");
        }

        foreach (var (name, _, least, most) in Times())
        {
            yield return (name, $"{least} … {most}");
        }
    }

    private IEnumerable<(string Name, int Value, int Least, int Most)> Counts() =>
    [
        (nameof(SuccessorListLength), SuccessorListLength, 2, 32),
        (nameof(LinkedSuccessors), LinkedSuccessors, 1, SuccessorListLength),
        (nameof(MaxFingers), MaxFingers, 0, 48),
        (nameof(MaxLinks), MaxLinks, SuccessorListLength + 4, 1024),
        (nameof(MaxSetUps), MaxSetUps, 1, 16),
        (nameof(MaxDegree), MaxDegree, 2, 64),
        (nameof(MaxPendingCommands), MaxPendingCommands, 1, int.MaxValue),
        (nameof(MaxForwardsPerSecond), MaxForwardsPerSecond, 1, int.MaxValue),
        (nameof(MaxRecords), MaxRecords, 1, int.MaxValue),
        (nameof(NameReplicas), NameReplicas, 0, 16),
        (nameof(MaxNameWatches), MaxNameWatches, 0, int.MaxValue),
        (nameof(MaxConnections), MaxConnections, 1, 65_536),
        (nameof(MaxBroadcastsPerSecond), MaxBroadcastsPerSecond, 1, 10_000),
    ];

    private IEnumerable<(string Name, TimeSpan Value, TimeSpan Least, TimeSpan Most)> Times()
    {
        var (shortest, longest) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        return
        [
            (nameof(StabilizePeriod), StabilizePeriod, shortest, TimeSpan.FromMinutes(1)),
            (nameof(FixFingersPeriod), FixFingersPeriod, shortest, TimeSpan.FromMinutes(10)),
            (nameof(QueryTimeout), QueryTimeout, shortest, TimeSpan.FromSeconds(30)),
            (nameof(ProbePeriod), ProbePeriod, shortest, TimeSpan.FromSeconds(30)),
            (nameof(IdleProbePeriod), IdleProbePeriod, ProbePeriod, longest),
            (nameof(LoneSuspicionTimeout), LoneSuspicionTimeout, shortest, longest),
            (nameof(LinkSetUpTimeout), LinkSetUpTimeout, shortest, TimeSpan.FromMinutes(10)),
            (nameof(ReceiptTimeout), ReceiptTimeout, shortest, TimeSpan.FromMinutes(10)),
            (nameof(CandidateTimeout), CandidateTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            (nameof(NameRefreshPeriod), NameRefreshPeriod, shortest, longest),
            (nameof(NameReservation), NameReservation, TimeSpan.Zero, TimeSpan.FromDays(90)),
            (nameof(NameSyncPeriod), NameSyncPeriod, shortest, longest),
            (nameof(UnneededLinkTimeout), UnneededLinkTimeout, shortest, longest),
        ];
    }
}
