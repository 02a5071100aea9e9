using Overlay.Simulator.Churn;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Sections <c>churn</c> and <c>workloads</c>.</summary>
internal static class ChurnShapes
{
    /// <summary>Stands for “what the scenario says” while a phase is read; never leaves the reader.</summary>
    public static readonly ChurnSpec Same = new() { Graceful = double.NaN };

    /// <summary>The same for workloads.</summary>
    public static readonly IReadOnlyList<WorkloadSpec> SameWorkloads = [new(WorkloadKind.Lookups, double.NaN)];

    private static readonly DurationShape Length = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(365));

    private static readonly ObjectShape<DurationSpec> Duration = new ObjectShape<DurationSpec>("randomDuration", new(DurationLaw.Exponential))
        .AddDeciding("model", "The law the durations follow. pareto: none is shorter than the scale; shiftedPareto starts at 0.", law => law.Law, (law, value) => law with { Law = value }, isRequired: true)
        .AddOptional("shape", new NumberShape(DurationModel.LeastShape, DurationModel.GreatestShape), "The shape of the law; logNormal: the deviation of the logarithm.", law => law.Shape, (law, value) => law with { Shape = value }, isRequired: true, "pareto", "shiftedPareto", "weibull", "logNormal")
        .AddOptional("scale", Length, "The scale of the law. Exactly one of scale, median and mean is to be there.", law => law.Scale, (law, value) => law with { Scale = value }, kinds: ["pareto", "shiftedPareto", "weibull"])
        .AddOptional("median", Length, "Half of all are shorter.", law => law.Median, (law, value) => law with { Median = value })
        .AddOptional("mean", Length, "The mean.", law => law.Mean, (law, value) => law with { Mean = value })
        .Then(Judge);

    private static readonly ObjectShape<ChurnSpec> Churning = new ObjectShape<ChurnSpec>("churn", new())
        .AddDeciding("renewal", "fixed: who leaves is replaced at once; alternating: each node is up and down by turns; poisson: departures and as many arrivals at one rate; trace: a file says it.", churn => churn.Renewal, (churn, value) => churn with { Renewal = value }, isRequired: true)
        .Add("session", Duration, "How long a node stays.", churn => churn.Session, (churn, value) => churn with { Session = value }, isRequired: true, "fixed", "alternating")
        .Add("downtime", Duration, "How long a node is away.", churn => churn.Downtime, (churn, value) => churn with { Downtime = value }, isRequired: true, "alternating")
        .AddOptional("rate", new NumberShape(0, 1e6), "Departures in a second, and arrivals as many, of the whole network.", churn => churn.Rate, (churn, value) => churn with { Rate = value }, isRequired: true, "poisson")
        .AddValue("graceful", new NumberShape(0, 1), "The share of departures that say good-bye; the others crash.", churn => churn.Graceful, (churn, value) => churn with { Graceful = value }, kinds: ["fixed", "alternating", "poisson", "trace"])
        .Add("trace", new FileShape("a CSV file of node, up, down"), "A CSV file: node, seconds of coming up, seconds of going down.", churn => churn.Trace, (churn, value) => churn with { Trace = value }, isRequired: true, "trace");

    private static readonly ObjectShape<KeySpec> Keys = new ObjectShape<KeySpec>("keys", new())
        .AddDeciding("model", "How keys are spread.", keys => keys.Law, (keys, value) => keys with { Law = value }, isRequired: false)
        .AddValue("exponent", new NumberShape(0, 5), "The k-th key has the weight 1 / k^exponent.", keys => keys.Exponent, (keys, value) => keys with { Exponent = value }, kinds: ["zipf"])
        .AddValue("universe", new WholeShape<int>(1, 10_000_000), "How many keys there are, each at a random place.", keys => keys.Universe, (keys, value) => keys with { Universe = value }, kinds: ["zipf"]);

    private static readonly ObjectShape<WorkloadSpec> Workload = new ObjectShape<WorkloadSpec>("workload", new(WorkloadKind.Lookups, 0))
        .AddDeciding("kind", "lookups: who owns a key; messages: with a receipt; links: to another member, signalled through the overlay; register, resolve: names; broadcast: to all members.", work => work.Kind, (work, value) => work with { Kind = value }, isRequired: true)
        .AddValue("rate", new NumberShape(0, 1000), "How often, for each member and second.", work => work.Rate, (work, value) => work with { Rate = value }, isRequired: true)
        .AddValue("arrivals", new WordShape<ArrivalKind>(), "When the next one comes.", work => work.Arrivals, (work, value) => work with { Arrivals = value })
        .Add("keys", Keys, "Which keys are asked for.", work => work.Keys, (work, value) => work with { Keys = value }, kinds: ["lookups", "messages"])
        .AddValue("bytes", new WholeShape<int>(0, 65_536), "The size of a message's or broadcast's body.", work => work.Bytes, (work, value) => work with { Bytes = value }, kinds: ["messages", "broadcast"])
        .AddValue("names", new WholeShape<int>(1, 100_000), "How many names there are in all; afterwards each attempt is one to take a name that is taken.", work => work.Names, (work, value) => work with { Names = value }, kinds: ["register"]);

    public static Shape<ChurnSpec> Churn { get; } = new WordOr<ChurnSpec>(Churning, ("none", ChurnSpec.None));

    public static Shape<ChurnSpec> ChurnOfPhase { get; } = new WordOr<ChurnSpec>(Churning, ("same", Same), ("none", ChurnSpec.None));

    public static Shape<IReadOnlyList<WorkloadSpec>> Workloads { get; } = new ListShape<WorkloadSpec>(Workload, 0, 16, "workloads");

    public static Shape<IReadOnlyList<WorkloadSpec>> WorkloadsOfPhase { get; } = new WordOr<IReadOnlyList<WorkloadSpec>>(Workloads, ("same", SameWorkloads));

    private static DurationSpec Judge(DurationSpec law, JsonPart part, Findings findings)
    {
        var given = (law.Scale is null ? 0 : 1) + (law.Median is null ? 0 : 1) + (law.Mean is null ? 0 : 1);
        if (given != 1)
        {
            findings.Add(part, given == 0 ? ScenarioReason.MissingKey : ScenarioReason.Impossible, "exactly one of scale, median and mean must be there");
        }

        if (law is { Mean: not null, Law: DurationLaw.Pareto or DurationLaw.ShiftedPareto, Shape: < 1.01 })
        {
            findings.Add(part.At("mean"), ScenarioReason.Impossible, "a pareto law with a shape of 1 or less has no mean, and just above it none to reckon with; give median or scale");
        }

        if (law is { Law: DurationLaw.LogNormal, Shape: > LogNormalDuration.GreatestSigma })
        {
            findings.Add(part.At("shape"), ScenarioReason.OutOfRange, FormattableString.Invariant($"of a logNormal law, the deviation of the logarithm, must be at most {LogNormalDuration.GreatestSigma}, not {law.Shape}"));
        }

        return law;
    }
}
