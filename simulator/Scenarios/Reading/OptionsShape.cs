namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Section <c>overlay</c>: the tunables of every node, with the ranges that <see cref="OverlayOptions"/> documents.</summary>
internal static class OptionsShape
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    public static ObjectShape<OverlayOptions> Options { get; } = new ObjectShape<OverlayOptions>("overlay", OverlayOptions.Default)
        .AddValue("successors", new WholeShape<int>(2, 32), "Entries of the successor list.", options => options.SuccessorListLength, (options, value) => options with { SuccessorListLength = value })
        .AddValue("linkedSuccessors", new WholeShape<int>(1, 32), "Successors that are kept linked; at most successors.", options => options.LinkedSuccessors, (options, value) => options with { LinkedSuccessors = value })
        .AddValue("routing", new WordShape<RoutingWays>(), "Which way messages go; clockwise only for comparison with the literature.", options => options.Routing, (options, value) => options with { Routing = value })
        .AddValue("fingers", new WholeShape<int>(0, 48), "Distinct fingers that are linked.", options => options.MaxFingers, (options, value) => options with { MaxFingers = value })
        .AddValue("maxLinks", new WholeShape<int>(6, 1024), "Links that a node holds at the most; at least successors + 4.", options => options.MaxLinks, (options, value) => options with { MaxLinks = value })
        .AddValue("maxSetUps", new WholeShape<int>(1, 16), "Link set-ups in flight at the most.", options => options.MaxSetUps, (options, value) => options with { MaxSetUps = value })
        .AddValue("stabilizePeriod", UpTo(TimeSpan.FromMinutes(1)), "Time between two stabilize rounds without a change.", options => options.StabilizePeriod, (options, value) => options with { StabilizePeriod = value })
        .AddValue("fixFingersPeriod", UpTo(TimeSpan.FromMinutes(10)), "Time between two finger refreshes, one row each.", options => options.FixFingersPeriod, (options, value) => options with { FixFingersPeriod = value })
        .AddValue("queryTimeout", UpTo(TimeSpan.FromSeconds(30)), "How long one ring query may stay unanswered.", options => options.QueryTimeout, (options, value) => options with { QueryTimeout = value })
        .AddValue("probePeriod", UpTo(TimeSpan.FromSeconds(30)), "Silence of a ring neighbour after which it is probed.", options => options.ProbePeriod, (options, value) => options with { ProbePeriod = value })
        .AddValue("idleProbePeriod", UpTo(TimeSpan.FromHours(1)), "Silence of any other link after which it is probed; at least probePeriod.", options => options.IdleProbePeriod, (options, value) => options with { IdleProbePeriod = value })
        .AddValue("loneSuspicionTimeout", UpTo(TimeSpan.FromHours(1)), "How long a suspect without helpers may stay silent before it is dead.", options => options.LoneSuspicionTimeout, (options, value) => options with { LoneSuspicionTimeout = value })
        .AddValue("linkSetUpTimeout", UpTo(TimeSpan.FromMinutes(10)), "The whole of a link set-up.", options => options.LinkSetUpTimeout, (options, value) => options with { LinkSetUpTimeout = value })
        .AddValue("receiptTimeout", UpTo(TimeSpan.FromMinutes(10)), "How long a sender waits for the receipt.", options => options.ReceiptTimeout, (options, value) => options with { ReceiptTimeout = value })
        .AddValue("answersDiagnostics", new FlagShape(), "Whether nodes tell their tables, and what they do with traced messages.", options => options.AnswersDiagnostics, (options, value) => options with { AnswersDiagnostics = value })
        .AddValue("maxPendingCommands", new WholeShape<int>(1, 1_000_000), "Commands that may wait for their results.", options => options.MaxPendingCommands, (options, value) => options with { MaxPendingCommands = value })
        .AddValue("maxForwardsPerSecond", new WholeShape<int>(1, 10_000_000), "Messages of one neighbour that are passed on in a second.", options => options.MaxForwardsPerSecond, (options, value) => options with { MaxForwardsPerSecond = value })
        .AddValue("maxDegree", new WholeShape<int>(2, 64), "Children of a node in a tree.", options => options.MaxDegree, (options, value) => options with { MaxDegree = value })
        .AddValue("candidateTimeout", UpTo(TimeSpan.FromMinutes(10)), "How long a place in a tree is kept for who was promised it.", options => options.CandidateTimeout, (options, value) => options with { CandidateTimeout = value })
        .AddValue("maxRecords", new WholeShape<int>(1, 10_000_000), "Names that a node keeps for others.", options => options.MaxRecords, (options, value) => options with { MaxRecords = value })
        .AddValue("nameRefreshPeriod", UpTo(TimeSpan.FromHours(1)), "Time between two refreshes of a registered name.", options => options.NameRefreshPeriod, (options, value) => options with { NameRefreshPeriod = value })
        .AddValue("nameReplicas", new WholeShape<int>(0, 16), "Nodes that keep copies of what the responsible one keeps.", options => options.NameReplicas, (options, value) => options with { NameReplicas = value })
        .AddValue("nameReservation", new DurationShape(TimeSpan.Zero, TimeSpan.FromDays(90)), "How long a name that lapsed stays reserved for its key.", options => options.NameReservation, (options, value) => options with { NameReservation = value })
        .AddValue("nameSyncPeriod", UpTo(TimeSpan.FromHours(1)), "Time between two digests that a keeper of names sends its replicas.", options => options.NameSyncPeriod, (options, value) => options with { NameSyncPeriod = value })
        .AddValue("maxNameWatches", new WholeShape<int>(0, 10_000_000), "Watches of names that a node serves at a time.", options => options.MaxNameWatches, (options, value) => options with { MaxNameWatches = value })
        .AddValue("maxConnections", new WholeShape<int>(1, 65_536), "Connections with other members for the application's channels.", options => options.MaxConnections, (options, value) => options with { MaxConnections = value })
        .AddValue("maxBroadcastsPerSecond", new WholeShape<int>(1, 10_000), "Broadcasts of one origin that are passed on in a second.", options => options.MaxBroadcastsPerSecond, (options, value) => options with { MaxBroadcastsPerSecond = value })
        .AddValue("unneededLinkTimeout", UpTo(TimeSpan.FromHours(1)), "Idle time after which a link that neither side needs is closed.", options => options.UnneededLinkTimeout, (options, value) => options with { UnneededLinkTimeout = value })
        .Then(Judge);

    private static DurationShape UpTo(TimeSpan longest) => new(Shortest, longest);

    private static OverlayOptions Judge(OverlayOptions options, JsonPart part, Findings findings)
    {
        if (options.MaxLinks < options.SuccessorListLength + 4)
        {
            findings.Add(part.At("maxLinks"), ScenarioReason.Impossible, FormattableString.Invariant($"must be at least successors + 4, {options.SuccessorListLength + 4}, not {options.MaxLinks}"));
        }

        if (options.LinkedSuccessors > options.SuccessorListLength)
        {
            findings.Add(part.At("linkedSuccessors"), ScenarioReason.Impossible, FormattableString.Invariant($"must be at most successors, {options.SuccessorListLength}, not {options.LinkedSuccessors}"));
        }

        if (options.IdleProbePeriod < options.ProbePeriod)
        {
            findings.Add(part.At("idleProbePeriod"), ScenarioReason.Impossible, $"must be at least probePeriod, {Durations.Format(options.ProbePeriod)}");
        }

        if (options.LoneSuspicionTimeout < options.LeastLoneSuspicionTimeout)
        {
            var where = part["loneSuspicionTimeout"] ?? part["stabilizePeriod"] ?? part.At("queryTimeout");
            var found = $"{Durations.Format(options.LoneSuspicionTimeout)} is shorter than a round of stabilizing ({Durations.Format(options.StabilizePeriod)}) and its answer take";
            var cure = $"make loneSuspicionTimeout at least {Durations.Format(options.LeastLoneSuspicionTimeout)}, or stabilizePeriod shorter";
            findings.Add(where, ScenarioReason.Impossible, $"loneSuspicionTimeout {found}, so keys would have no owner between the rounds; {cure}");
        }

        return options;
    }
}
