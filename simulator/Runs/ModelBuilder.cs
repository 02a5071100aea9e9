using Overlay.Simulator.Churn;
using Overlay.Simulator.Network;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Workloads;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Runs;

/// <summary>Makes models of what a scenario says in words and numbers.</summary>
internal static class ModelBuilder
{
    /// <summary>Numbers that a run needs: the nodes of the beginning, what flash crowds and arrivals may add, and those of a trace.</summary>
    public static int CapacityOf(Scenario scenario, TraceBook traces)
    {
        var most = (double)scenario.Nodes;
        foreach (var phase in scenario.Phases)
        {
            var churn = scenario.ChurnOf(phase);
            most += churn.Renewal == RenewalKind.Poisson ? 10 + Math.Sqrt(churn.Rate!.Value * phase.Duration.TotalSeconds) : 0;
            most += churn.Renewal == RenewalKind.Fixed && churn.Graceful > 0 ? 16 + (scenario.Nodes / 50.0) : 0; // Who leaves politely is still there for a moment.
            foreach (var fault in phase.Faults)
            {
                most += fault.Kind == FaultKind.FlashCrowd ? fault.Count ?? fault.Share!.Value * most : 0;
            }

            if (churn.Renewal == RenewalKind.Trace)
            {
                most = Math.Max(most, traces[churn].Max(entry => entry.Node) + 1);
            }
        }

        return (int)Math.Min(most, Scenario.MaxNodes * 2.0);
    }

    public static WorldOptions World(Scenario scenario, ulong seed, int capacity, NetworkModel network) => new()
    {
        Seed = seed,
        Capacity = capacity,
        Overlay = scenario.Options with { Topology = scenario.Topology },
        Network = network,
        IsContact = scenario.Mode == LinkMode.Contact,
        Wire = scenario.Wire,
        Introducers = scenario.Introducers?.Count ?? 0,
        Strangers = scenario.Introducers?.Strangers ?? false,
        TraceLength = scenario.Checks.Count == 0 ? 64 : 4096,
    };

    public static NetworkModel Network(NetworkSpec spec, int capacity, ulong seed) => new(
        new NetworkOptions
        {
            Delay = Delay(spec.Delay, seed),
            Loss = spec.Loss,
            Duplication = spec.Duplication,
            Reordering = spec.Reordering,
            UpBytesPerSecond = (long)(spec.UpBytesPerSecond ?? 0),
            DownBytesPerSecond = (long)(spec.DownBytesPerSecond ?? 0),
            SetUp = new LinkSetUp
            {
                RoundTrips = spec.SetUp.RoundTrips,
                Bytes = spec.SetUp.Bytes,
                Failure = spec.SetUp.Failure,
                SilentFailure = spec.SetUp.SilentFailure,
            },
            Nat = spec.Nat is null ? NatMix.AllOpen : Nat(spec.Nat),
        },
        seed);

    private static DelayModel Delay(DelaySpec spec, ulong seed) => spec.Law switch
    {
        DelayLaw.Constant => new ConstantDelay(spec.OneWay),
        DelayLaw.Uniform => new UniformDelay(spec.From, spec.To),
        DelayLaw.LogNormal => new LogNormalDelay(spec.OneWay, spec.Sigma, isPerPair: false),
        DelayLaw.Matrix => Matrix(spec.File!),
        _ => PlaneDelay.WideArea(spec.Jitter, seed, spec.Scale),
    };

    /// <summary>Measured matrices give round trips in milliseconds.</summary>
    private static MatrixDelay Matrix(string file)
    {
        using var text = new StreamReader(file);
        return MatrixDelay.Read(text, file, TimeSpan.FromMilliseconds(1), isRoundTrip: true);
    }

    private static NatMix Nat(NatSpec spec) => new()
    {
        Open = spec.Open,
        PortRestrictedCone = spec.Cone,
        Symmetric = spec.Symmetric,
        UdpBlocked = spec.UdpBlocked,
    };

    /// <summary>The law that a scenario names, by the one of scale, median and mean that it gives.</summary>
    public static DurationModel Durations(DurationSpec spec) => (spec.Law, spec) switch
    {
        (DurationLaw.Constant, _) => new ConstantDuration((spec.Scale ?? spec.Median ?? spec.Mean)!.Value),
        (DurationLaw.Exponential, { Median: { } median }) => ExponentialDuration.FromMedian(median),
        (DurationLaw.Exponential, _) => ExponentialDuration.FromMean((spec.Mean ?? spec.Scale)!.Value),
        (DurationLaw.Weibull, { Median: { } median }) => WeibullDuration.FromMedian(spec.Shape!.Value, median),
        (DurationLaw.Weibull, { Mean: { } mean }) => WeibullDuration.FromMean(spec.Shape!.Value, mean),
        (DurationLaw.Weibull, _) => WeibullDuration.FromScale(spec.Shape!.Value, spec.Scale!.Value),
        (DurationLaw.LogNormal, { Mean: { } mean }) => LogNormalDuration.FromMean(spec.Shape!.Value, mean),
        (DurationLaw.LogNormal, _) => LogNormalDuration.FromMedian(spec.Shape!.Value, (spec.Median ?? spec.Scale)!.Value),
        (DurationLaw.Pareto, { Median: { } median }) => ParetoDuration.FromMedian(spec.Shape!.Value, median),
        (DurationLaw.Pareto, { Mean: { } mean }) => ParetoDuration.FromMean(spec.Shape!.Value, mean),
        (DurationLaw.Pareto, _) => ParetoDuration.FromScale(spec.Shape!.Value, spec.Scale!.Value),
        (_, { Median: { } median }) => ShiftedParetoDuration.FromMedian(spec.Shape!.Value, median),
        (_, { Mean: { } mean }) => ShiftedParetoDuration.FromMean(spec.Shape!.Value, mean),
        _ => ShiftedParetoDuration.FromScale(spec.Shape!.Value, spec.Scale!.Value),
    };

    /// <summary>The keys that a workload asks for.</summary>
    public static KeyDistribution Keys(KeySpec spec, ulong seed) =>
        spec.Law == KeyLaw.Zipf ? new ZipfKeys(spec.Exponent, spec.Universe, seed) : new UniformKeys();
}
