namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>The whole of a scenario file.</summary>
internal static class ScenarioShape
{
    private static readonly TimeSpan DefaultDuration = TimeSpan.FromMinutes(10);
    private static readonly DurationShape Length = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(365));

    private static readonly ObjectShape<IntroducersSpec> Introducers = new ObjectShape<IntroducersSpec>("introducers", new())
        .AddValue("count", new WholeShape<int>(1, 255), "How many.", one => one.Count, (one, value) => one with { Count = value })
        .AddValue("downtime", new DurationShape(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)), "How long one that ended is away before it is started again, with its key and its right.", one => one.Downtime, (one, value) => one with { Downtime = value })
        .AddValue("strangers", new FlagShape(), "Who comes while the hub is away knows nothing of it, only these members.", one => one.Strangers, (one, value) => one with { Strangers = value });

    public static ObjectShape<Scenario> Scenario { get; } = new ObjectShape<Scenario>("scenario", new() { Name = "", Phases = [] })
        .Ignore("$schema")
        .Add("name", new TextShape(1, 80), "A short name, used in titles and file names.", scenario => scenario.Name, (scenario, value) => scenario with { Name = value }, isRequired: true)
        .Add("description", new TextShape(0, 2000), "What the experiment shows.", scenario => scenario.Description, (scenario, value) => scenario with { Description = value })
        .AddValue("nodes", new WholeShape<int>(1, Scenarios.Scenario.MaxNodes), "Nodes at the start.", scenario => scenario.Nodes, (scenario, value) => scenario with { Nodes = value })
        .AddValue("topology", new WordShape<Topology>(), "What the nodes build.", scenario => scenario.Topology, (scenario, value) => scenario with { Topology = value })
        .AddValue("seed", new WholeShape<ulong>(0, ulong.MaxValue), "Decides everything that chance decides.", scenario => scenario.Seed, (scenario, value) => scenario with { Seed = value })
        .AddValue("start", new WordShape<StartState>(), "ideal: a perfect ring; join: a founded ring that the others join; founding: every node alone with the hub.", scenario => scenario.Start, (scenario, value) => scenario with { Start = value })
        .AddValue("joinOver", new DurationShape(TimeSpan.Zero, TimeSpan.FromHours(24)), "Time over which the others join; of no use when the start is ideal.", scenario => scenario.JoinOver, (scenario, value) => scenario with { JoinOver = value })
        .AddValue("mode", new WordShape<LinkMode>(), "links: a link must be set up before it carries anything; contact: whoever is known can be talked to, as in the literature.", scenario => scenario.Mode, (scenario, value) => scenario with { Mode = value })
        .AddValue("wire", new FlagShape(), "Messages are encoded and decoded at every hop; slower, with the same effects.", scenario => scenario.Wire, (scenario, value) => scenario with { Wire = value })
        .Add("overlay", OptionsShape.Options, "The tunables of every node.", scenario => scenario.Options, (scenario, value) => scenario with { Options = value })
        .Add("network", NetworkShapes.Network, "Delay, loss, bandwidth, cost of a link, NATs.", scenario => scenario.Network, (scenario, value) => scenario with { Network = value })
        .Add("churn", ChurnShapes.Churn, "Arrivals and departures of every phase that states none of its own.", scenario => scenario.Churn, (scenario, value) => scenario with { Churn = value })
        .Add("introducers", Introducers, "Members that introduce newcomers while no hub is there: the first of the nodes, remembered by all.", scenario => scenario.Introducers, (scenario, value) => scenario with { Introducers = value })
        .Add("workloads", ChurnShapes.Workloads, "What the members do in every phase that states nothing of its own.", scenario => scenario.Workloads, (scenario, value) => scenario with { Workloads = value })
        .AddOptional("duration", Length, "The whole run, for a file without phases (default 10m) or with a last phase that states none.", _ => null, (scenario, _) => scenario)
        .Add("phases", PhaseShapes.Phases, "The parts of the run, in order. Without them: one phase.", scenario => scenario.Phases.Count > 0 ? scenario.Phases : null, (scenario, value) => scenario with { Phases = value })
        .Add("checks", new ListShape<CheckKind>(new WordShape<CheckKind>(), 0, 16, "checks"), "The checkers that watch.", scenario => scenario.Checks, (scenario, value) => scenario with { Checks = value })
        .AddValue("sampleEvery", new DurationShape(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)), "Simulated time between two samples.", scenario => scenario.SampleEvery, (scenario, value) => scenario with { SampleEvery = value })
        .Then(Complete);

    /// <summary>Gives every phase its name and its length, and refuses what does not go together.</summary>
    private static Scenario Complete(Scenario scenario, JsonPart part, Findings findings)
    {
        var before = findings.Count;
        TimeSpan? duration = part["duration"] is { } given && Length.TryRead(given, findings, out var value) ? value : null;
        scenario = scenario with { Phases = PhasesOf(scenario, duration, part, findings) };
        if (findings.Count > before)
        {
            return scenario;
        }

        JudgeSamples(scenario, part, findings);
        JudgeMode(scenario, part, findings);
        for (var i = 0; i < scenario.Phases.Count; i++)
        {
            var where = part["phases"] is { Items: var items } && i < items.Count ? items[i] : part;
            PhaseJudge.Judge(scenario, scenario.Phases[i], where, findings);
            JudgeSessions(scenario, i, scenario.Phases[i].Churn is null ? part : where, findings);
        }

        return scenario;
    }

    private static List<Phase> PhasesOf(Scenario scenario, TimeSpan? duration, JsonPart part, Findings findings)
    {
        if (scenario.Phases.Count == 0)
        {
            return [new() { Name = "run", Duration = duration ?? DefaultDuration }];
        }

        var phases = scenario.Phases.Select((phase, i) => phase.Name.Length > 0 ? phase : phase with { Name = FormattableString.Invariant($"phase {i + 1}") }).ToList();
        var items = part["phases"]!.Items;
        for (var i = 0; i < phases.Count; i++)
        {
            if (phases.FindIndex(phase => phase.Name == phases[i].Name) < i)
            {
                findings.Add(items[i].At("name"), ScenarioReason.Impossible, $"another phase is called '{phases[i].Name}' already");
            }

            if (phases[i].Duration == TimeSpan.Zero && (i < phases.Count - 1 || duration is null))
            {
                findings.Add(items[i], ScenarioReason.MissingKey, "'duration' is missing; only the last phase may leave it out, and only where the scenario states its own");
            }
        }

        var sum = phases.Aggregate(TimeSpan.Zero, (total, phase) => total + phase.Duration);
        if (duration is { } whole)
        {
            FitInto(whole, sum, phases, part, findings);
        }

        return phases;
    }

    private static void FitInto(TimeSpan whole, TimeSpan sum, List<Phase> phases, JsonPart part, Findings findings)
    {
        var isOpen = phases[^1].Duration == TimeSpan.Zero;
        if (isOpen && sum < whole)
        {
            phases[^1] = phases[^1] with { Duration = whole - sum };
        }
        else if (isOpen || sum > whole)
        {
            findings.Add(part.At("duration"), ScenarioReason.Impossible, $"the phases take {Durations.Format(sum)}{(isOpen ? " before the last one begins" : "")}, longer than {Durations.Format(whole)}");
        }
        else if (sum < whole)
        {
            findings.Add(part.At("duration"), ScenarioReason.Impossible, $"the phases are over after {Durations.Format(sum)}; let the last one state no duration to fill {Durations.Format(whole)}");
        }
    }

    private static void JudgeSamples(Scenario scenario, JsonPart part, Findings findings)
    {
        if (scenario.Duration / scenario.SampleEvery > Scenarios.Scenario.MaxSamples)
        {
            findings.Add(part.At("sampleEvery"), ScenarioReason.Impossible, FormattableString.Invariant($"more than {Scenarios.Scenario.MaxSamples:#,0} samples in {Durations.Format(scenario.Duration)}; take fewer"));
        }

        if (scenario.Checks.Distinct().Count() < scenario.Checks.Count)
        {
            findings.Add(part.At("checks"), ScenarioReason.Impossible, "names a check twice");
        }
    }

    /// <summary>Whoever is there when churn begins is met in the middle of its session, which a law without a mean does not have.</summary>
    private static void JudgeSessions(Scenario scenario, int index, JsonPart part, Findings findings)
    {
        var phase = scenario.Phases[index];
        var isFirstOfItsChurn = phase.Churn is not null || scenario.Phases.Take(index).All(earlier => earlier.Churn is not null);
        if (isFirstOfItsChurn && scenario.ChurnOf(phase) is { Renewal: RenewalKind.Fixed or RenewalKind.Alternating, Session: { Law: DurationLaw.Pareto or DurationLaw.ShiftedPareto, Shape: <= 1 } })
        {
            findings.Add(
                part.At("churn").At("session").At("shape"),
                ScenarioReason.Impossible,
                "a pareto law with a shape of 1 or less has no mean, so nobody can say how far in their sessions the nodes are that are there already; take a shape above 1, or another law");
        }
    }

    private static void JudgeMode(Scenario scenario, JsonPart part, Findings findings)
    {
        if (scenario.Mode == LinkMode.Contact && scenario.Network.Nat is not null)
        {
            findings.Add(part.At("mode"), ScenarioReason.Impossible, "in contact mode there are no links, so network.nat means nothing");
        }
    }
}
