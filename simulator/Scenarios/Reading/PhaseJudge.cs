namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Refuses what does not go together within one phase, or in a phase of this scenario.</summary>
internal static class PhaseJudge
{
    public static void Judge(Scenario scenario, Phase phase, JsonPart part, Findings findings)
    {
        for (var i = 0; i < phase.Faults.Count; i++)
        {
            var where = part["faults"] is { Items: var items } && i < items.Count ? items[i] : part;
            JudgeTimes(phase, phase.Faults[i], where, findings);
            if (phase.Faults[i] is { Kind: FaultKind.MassFailure, Count: { } count } && count >= scenario.Nodes && scenario.ChurnOf(phase).Renewal == RenewalKind.None
                && !phase.Faults.Any(fault => fault.Kind == FaultKind.FlashCrowd))
            {
                findings.Add(where.At("count"), ScenarioReason.Impossible, FormattableString.Invariant($"of {scenario.Nodes} node(s) nobody would be left"));
            }
        }

        JudgeWork(scenario, phase, part, findings);
    }

    private static void JudgeTimes(Phase phase, FaultSpec fault, JsonPart part, Findings findings)
    {
        if (fault.At >= phase.Duration)
        {
            findings.Add(part.At("at"), ScenarioReason.Impossible, $"the phase is over after {Durations.Format(phase.Duration)}");
        }
        else if (fault.Kind != FaultKind.RollingRestart && fault.For is { } length && fault.At + length > phase.Duration)
        {
            findings.Add(part.At("for"), ScenarioReason.Impossible, $"would end after the phase, which is over after {Durations.Format(phase.Duration)}; leave it out to last until then");
        }
        else if (fault.At + fault.Over > phase.Duration)
        {
            findings.Add(part.At("over"), ScenarioReason.Impossible, $"would end after the phase, which is over after {Durations.Format(phase.Duration)}");
        }
    }

    private static void JudgeWork(Scenario scenario, Phase phase, JsonPart part, Findings findings)
    {
        var work = scenario.WorkloadsOf(phase);
        var require = part["require"] ?? part;
        var asked = phase.Require;
        var asksLookups = asked.LookupSuccess ?? asked.FirstTrySuccess ?? asked.MeanHops ?? asked.P99Hops ?? asked.MeanLatency?.Ticks ?? asked.P99Latency?.Ticks;
        if (asksLookups is not null && !work.Any(one => one is { Kind: WorkloadKind.Lookups, Rate: > 0 }))
        {
            findings.Add(require, ScenarioReason.Impossible, "asks for something of look-ups, and there are none in this phase");
        }

        if (asked.DeliverySuccess is not null && !work.Any(one => one is { Kind: WorkloadKind.Messages, Rate: > 0 }))
        {
            findings.Add(require, ScenarioReason.Impossible, "asks for something of messages, and there are none in this phase");
        }

        if (asked.ResolveSuccess is not null && !work.Any(one => one is { Kind: WorkloadKind.Resolve, Rate: > 0 }))
        {
            findings.Add(require, ScenarioReason.Impossible, "asks for something of resolutions, and there are none in this phase");
        }

        if (asked.BroadcastForwards is not null && !work.Any(one => one is { Kind: WorkloadKind.Broadcast, Rate: > 0 }))
        {
            findings.Add(require, ScenarioReason.Impossible, "asks for something of broadcasts, and there are none in this phase");
        }

        if (scenario.Mode == LinkMode.Contact && work.Any(one => one.Kind == WorkloadKind.Links))
        {
            findings.Add(part.At("workloads"), ScenarioReason.Impossible, "in contact mode there are no links to ask for");
        }
    }
}
