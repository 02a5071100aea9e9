namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Section <c>phases</c>.</summary>
internal static class PhaseShapes
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);
    private static readonly DurationShape Moment = new(TimeSpan.Zero, Longest);
    private static readonly DurationShape Length = new(TimeSpan.FromMilliseconds(1), Longest);
    private static readonly NumberShape Share = new(0, 1);

    private static readonly ObjectShape<FaultSpec> Fault = new ObjectShape<FaultSpec>("fault", new(FaultKind.MassFailure, TimeSpan.Zero))
        .AddDeciding("kind", "What is done to the network.", fault => fault.Kind, (fault, value) => fault with { Kind = value }, isRequired: true)
        .AddValue("at", Moment, "When, from the beginning of the phase.", fault => fault.At, (fault, value) => fault with { At = value }, isRequired: true)
        .AddOptional("share", new NumberShape(0, 1, aboveMin: true), "The share of the living nodes concerned; partition: the share cut off.", fault => fault.Share, (fault, value) => fault with { Share = value }, kinds: ["massFailure", "flashCrowd", "rollingRestart", "suspend", "partition"])
        .AddOptional("count", new WholeShape<int>(1, Scenario.MaxNodes), "The number of nodes concerned, in place of a share.", fault => fault.Count, (fault, value) => fault with { Count = value }, kinds: ["massFailure", "flashCrowd", "rollingRestart", "suspend"])
        .AddValue("over", Moment, "The time over which the nodes arrive; 0: all at once.", fault => fault.Over, (fault, value) => fault with { Over = value }, kinds: ["flashCrowd"])
        .AddOptional("every", Length, "The time between two nodes.", fault => fault.Every, (fault, value) => fault with { Every = value }, isRequired: true, "rollingRestart")
        .AddOptional("for", Length, "How long it lasts (rollingRestart: how long each node is down). Without it: until the phase is over.", fault => fault.For, (fault, value) => fault with { For = value }, kinds: ["rollingRestart", "partition", "suspend", "hubDown"])
        .AddValue("oneWay", new FlagShape(), "The later part still hears the earlier ones.", fault => fault.OneWay, (fault, value) => fault with { OneWay = value }, kinds: ["partition"])
        .Add("parts", new ListShape<double>(new NumberShape(0, 1, aboveMin: true, belowMax: true), 0, 16, "shares"), "The shares of several parts, together 1, in place of one share.", fault => fault.Parts, (fault, value) => fault with { Parts = value }, kinds: ["partition"])
        .Then(JudgeFault);

    private static readonly ObjectShape<Requirements> Require = new ObjectShape<Requirements>("require", Requirements.None)
        .AddOptional("lookupSuccess", Share, "At least this share of the look-ups answered rightly.", asked => asked.LookupSuccess, (asked, value) => asked with { LookupSuccess = value })
        .AddOptional("firstTrySuccess", Share, "At least this share of the look-ups answered rightly at the first try.", asked => asked.FirstTrySuccess, (asked, value) => asked with { FirstTrySuccess = value })
        .AddOptional("deliverySuccess", Share, "At least this share of the messages delivered.", asked => asked.DeliverySuccess, (asked, value) => asked with { DeliverySuccess = value })
        .AddOptional("meanHops", new NumberShape(0, 1000), "At most so many links crossed by a look-up in the mean.", asked => asked.MeanHops, (asked, value) => asked with { MeanHops = value })
        .AddOptional("p99Hops", new NumberShape(0, 1000), "At most so many links crossed by 99 of 100 look-ups.", asked => asked.P99Hops, (asked, value) => asked with { P99Hops = value })
        .AddOptional("meanLatency", Length, "At most so long a look-up takes in the mean.", asked => asked.MeanLatency, (asked, value) => asked with { MeanLatency = value })
        .AddOptional("p99Latency", Length, "At most so long 99 of 100 look-ups take.", asked => asked.P99Latency, (asked, value) => asked with { P99Latency = value })
        .AddOptional("upkeepBytes", new NumberShape(0, 1e9), "At most so many bytes of overlay messages for each node and second.", asked => asked.UpkeepBytes, (asked, value) => asked with { UpkeepBytes = value })
        .AddOptional("medianDetection", Length, "At most so long until half of the dead neighbours were noticed.", asked => asked.MedianDetection, (asked, value) => asked with { MedianDetection = value })
        .AddOptional("p99Detection", Length, "At most so long until 99 of 100 dead neighbours were noticed.", asked => asked.P99Detection, (asked, value) => asked with { P99Detection = value })
        .AddOptional("p99NeighbourDetection", Length, "At most so long until 99 of 100 crashes were noticed by the next neighbours on the ring.", asked => asked.P99NeighbourDetection, (asked, value) => asked with { P99NeighbourDetection = value })
        .AddOptional("falseEvictionsPerHour", new NumberShape(0, 1000), "At most so many living nodes taken for dead, as a share of the nodes in an hour.", asked => asked.FalseEvictionsPerHour, (asked, value) => asked with { FalseEvictionsPerHour = value })
        .AddOptional("medianJoin", Length, "At most so long until half of the newcomers were members.", asked => asked.MedianJoin, (asked, value) => asked with { MedianJoin = value })
        .AddOptional("medianFirstMessage", Length, "At most so long until half of the newcomers had sent a message, through a gateway, that was delivered.", asked => asked.MedianFirstMessage, (asked, value) => asked with { MedianFirstMessage = value })
        .AddOptional("medianAllFingers", Length, "At most so long until half of the newcomers had links to all their fingers.", asked => asked.MedianAllFingers, (asked, value) => asked with { MedianAllFingers = value })
        .AddOptional("resolveSuccess", Share, "At least this share of the resolutions of names answered with the name's holder.", asked => asked.ResolveSuccess, (asked, value) => asked with { ResolveSuccess = value })
        .AddOptional("contestedNames", new WholeShape<int>(0, 1_000_000), "At most so many names with two owners that reach each other, when the phase is over.", asked => asked.ContestedNames, (asked, value) => asked with { ContestedNames = value })
        .AddOptional("lostNames", new WholeShape<int>(0, 1_000_000), "At most so many names of which all copies died, so that nobody can find their holders.", asked => asked.LostNames, (asked, value) => asked with { LostNames = value })
        .AddOptional("gateways", new WholeShape<int>(0, 8), "At least so many members hold the hub's gateway slots when the phase is over.", asked => asked.Gateways, (asked, value) => asked with { Gateways = value })
        .AddOptional("broadcastReach", Share, "At least this share of the members that were there throughout got each broadcast that was judged in this phase, 35 s after it began.", asked => asked.BroadcastReach, (asked, value) => asked with { BroadcastReach = value })
        .AddOptional("broadcastForwards", new NumberShape(0, 1000), "At most so many messages for each member that a broadcast was to reach.", asked => asked.BroadcastForwards, (asked, value) => asked with { BroadcastForwards = value })
        .AddOptional("treeBrokenFor", Length, "At most so long in which it is not one tree of all living nodes.", asked => asked.TreeBrokenFor, (asked, value) => asked with { TreeBrokenFor = value })
        .AddOptional("orphansAtOnce", new WholeShape<int>(0, 1_000_000), "At least so many members of a tree looked for a parent at one moment.", asked => asked.OrphansAtOnce, (asked, value) => asked with { OrphansAtOnce = value })
        .AddOptional("atOptimalDepth", Share, "At least this share of a tree no deeper than the best tree is.", asked => asked.AtOptimalDepth, (asked, value) => asked with { AtOptimalDepth = value })
        .AddOptional("withinOneOfOptimal", Share, "At least this share of a tree no deeper than one more.", asked => asked.WithinOneOfOptimal, (asked, value) => asked with { WithinOneOfOptimal = value })
        .AddOptional("longestPath", new NumberShape(0, 1000), "At most so long the longest path in a tree, in parts of the best tree's.", asked => asked.LongestPath, (asked, value) => asked with { LongestPath = value })
        .AddOptional("ring", new WordShape<RingState>(), "correct: all members stand in one correct ring at the end of the phase; on a tree, all living nodes in one tree.", asked => asked.CorrectRing ? RingState.Correct : null, (asked, value) => asked with { CorrectRing = value == RingState.Correct });

    private static readonly ObjectShape<Phase> Phase = new ObjectShape<Phase>("phase", new() { Name = "", Duration = TimeSpan.Zero })
        .Add("name", new TextShape(1, 40), "A short name, for tables and charts. Without it: its number.", phase => phase.Name.Length > 0 ? phase.Name : null, (phase, value) => phase with { Name = value })
        .AddOptional("duration", Length, "How long it is. The last phase may leave it out where the scenario states a duration.", phase => phase.Duration > TimeSpan.Zero ? phase.Duration : null, (phase, value) => phase with { Duration = value })
        .Add("churn", ChurnShapes.ChurnOfPhase, "Arrivals and departures; without it, or same: those of the scenario.", phase => phase.Churn, (phase, value) => phase with { Churn = value == ChurnShapes.Same ? null : value })
        .Add("workloads", ChurnShapes.WorkloadsOfPhase, "What the members do; without it, or same: what the scenario says.", phase => phase.Workloads, (phase, value) => phase with { Workloads = ReferenceEquals(value, ChurnShapes.SameWorkloads) ? null : value })
        .Add("faults", new ListShape<FaultSpec>(Fault, 0, 1000, "faults"), "What is done to the network. None of it outlives the phase.", phase => phase.Faults, (phase, value) => phase with { Faults = value })
        .Add("require", Require, "What must hold when the phase is over.", phase => phase.Require, (phase, value) => phase with { Require = value });

    /// <summary>What <c>require.ring</c> may say.</summary>
    public enum RingState
    {
        Correct,
    }

    public static Shape<IReadOnlyList<Phase>> Phases { get; } = new ListShape<Phase>(Phase, 1, 100, "phases");

    private static FaultSpec JudgeFault(FaultSpec fault, JsonPart part, Findings findings)
    {
        if (fault.Kind == FaultKind.Partition)
        {
            JudgeParts(fault, part, findings);
        }
        else if (fault.Share is not null && fault.Count is not null)
        {
            findings.Add(part.At("count"), ScenarioReason.Impossible, "'share' and 'count' say the same thing; one of them must go");
        }
        else if (fault is { Share: null, Count: null, Kind: FaultKind.MassFailure or FaultKind.FlashCrowd or FaultKind.Suspend })
        {
            findings.Add(part, ScenarioReason.MissingKey, "'share' or 'count' is missing: how many nodes are concerned");
        }

        if (fault is { Kind: FaultKind.MassFailure, Share: 1 })
        {
            findings.Add(part.At("share"), ScenarioReason.Impossible, "nobody would be left");
        }

        return fault;
    }

    private static void JudgeParts(FaultSpec fault, JsonPart part, Findings findings)
    {
        if (fault.Share is null == (fault.Parts.Count == 0))
        {
            findings.Add(part, fault.Share is null ? ScenarioReason.MissingKey : ScenarioReason.Impossible, "exactly one of 'share' and 'parts' must be there");
        }

        if (fault.Share is 1)
        {
            findings.Add(part.At("share"), ScenarioReason.Impossible, "nobody would be on the other side");
        }

        if (fault.Parts.Count == 1 || (fault.Parts.Count > 1 && Math.Abs(fault.Parts.Sum() - 1) > 1e-6))
        {
            findings.Add(part.At("parts"), ScenarioReason.Impossible, FormattableString.Invariant($"must be two or more shares that are together 1, not {fault.Parts.Sum():0.######}"));
        }
    }
}
