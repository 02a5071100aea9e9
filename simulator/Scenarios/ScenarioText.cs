using System.Globalization;
using Overlay.Simulator.Scenarios.Reading;

namespace Overlay.Simulator.Scenarios;

/// <summary>Scenarios in words, for the lines a run prints first and for its report.</summary>
public static class ScenarioText
{
    /// <summary>The scenario line by line: what, and what it is.</summary>
    public static IReadOnlyList<(string Name, string Value)> Lines(Scenario scenario)
    {
        var start = scenario.Start == StartState.Ideal ? "ideal" : $"{WordShape<StartState>.WordOf(scenario.Start)} over {Durations.Format(scenario.JoinOver)}";
        var lines = new List<(string Name, string Value)>
        {
            ("nodes", scenario.Nodes.ToString("#,0", CultureInfo.InvariantCulture)),
            ("topology", WordShape<Topology>.WordOf(scenario.Topology)),
            ("start", start),
            ("mode", WordShape<LinkMode>.WordOf(scenario.Mode) + (scenario.Wire ? ", messages encoded" : "")),
            ("delay", Of(scenario.Network.Delay)),
        };
        AddNetwork(scenario.Network, scenario.Mode, lines);
        lines.Add(("churn", Of(scenario.Churn)));
        lines.Add(("workloads", Of(scenario.Workloads)));
        foreach (var phase in scenario.Phases)
        {
            lines.Add(("phase " + phase.Name, Of(phase)));
        }

        lines.Add(("checks", scenario.Checks.Count == 0 ? "none" : string.Join(", ", scenario.Checks.Select(WordShape<CheckKind>.WordOf))));
        return lines;
    }

    /// <summary>A fault in a few words, without its time.</summary>
    public static string Of(FaultSpec fault)
    {
        var many = fault.Count is { } count ? count.ToString("#,0", CultureInfo.InvariantCulture) + " nodes" : fault.Share is { } share ? Percent(share) + " of the nodes" : "all nodes";
        var length = fault.For is { } time ? " for " + Durations.Format(time) : "";
        return fault.Kind switch
        {
            FaultKind.MassFailure => many + " crash",
            FaultKind.RootFailure => "the root crashes",
            FaultKind.FlashCrowd => many + " arrive" + (fault.Over > TimeSpan.Zero ? " within " + Durations.Format(fault.Over) : " at once"),
            FaultKind.RollingRestart => $"rolling restart of {many}, one every {Durations.Format(fault.Every ?? default)}{(length.Length > 0 ? ", down" + length : "")}",
            FaultKind.Partition => (fault.Parts.Count > 0 ? "split into " + string.Join(" / ", fault.Parts.Select(Percent)) : Percent(fault.Share ?? 0.5) + " cut off") + (fault.OneWay ? ", one way" : "") + length,
            FaultKind.Suspend => many + " stand still" + length,
            _ => "hub down" + length,
        };
    }

    /// <summary>Churn in a few words.</summary>
    public static string Of(ChurnSpec churn)
    {
        var text = churn.Renewal switch
        {
            RenewalKind.Fixed => "who leaves is replaced, sessions " + Of(churn.Session!),
            RenewalKind.Alternating => $"up {Of(churn.Session!)}, down {Of(churn.Downtime!)}",
            RenewalKind.Poisson => FormattableString.Invariant($"{churn.Rate} departures and arrivals a second"),
            RenewalKind.Trace => "as in " + Path.GetFileName(churn.Trace),
            _ => "none",
        };
        return churn.Renewal != RenewalKind.None && churn.Graceful > 0 ? $"{text}, {Percent(churn.Graceful)} say good-bye" : text;
    }

    private static string Of(Phase phase)
    {
        var text = Durations.Format(phase.Duration);
        text += phase.Churn is null ? "" : "; churn: " + Of(phase.Churn);
        text += phase.Workloads is null ? "" : "; workloads: " + Of(phase.Workloads);
        return text + string.Concat(phase.Faults.Select(fault => $"; at {Durations.Format(fault.At)} {Of(fault)}"));
    }

    private static void AddNetwork(NetworkSpec network, LinkMode mode, List<(string Name, string Value)> lines)
    {
        if (network.Loss + network.Duplication + network.Reordering > 0)
        {
            lines.Add(("packets", $"{Percent(network.Loss)} lost, {Percent(network.Duplication)} twice, {Percent(network.Reordering)} overtaken"));
        }

        if (network.UpBytesPerSecond is not null || network.DownBytesPerSecond is not null)
        {
            lines.Add(("bandwidth", $"{Bandwidth(network.UpBytesPerSecond)} up, {Bandwidth(network.DownBytesPerSecond)} down"));
        }

        if (mode == LinkMode.Links)
        {
            var setUp = network.SetUp;
            var failures = setUp.Failure + setUp.SilentFailure > 0 ? $", {Percent(setUp.Failure)} fail, {Percent(setUp.SilentFailure)} silently" : "";
            lines.Add(("link set-up", FormattableString.Invariant($"{setUp.RoundTrips} round trips, {setUp.Bytes:#,0} B{failures}")));
        }

        if (network.Nat is { } nat)
        {
            lines.Add(("NATs", $"{Percent(nat.Open)} open, {Percent(nat.Cone)} cone, {Percent(nat.Symmetric)} symmetric, {Percent(nat.UdpBlocked)} without UDP"));
        }
    }

    private static string Of(DelaySpec delay) => delay.Law switch
    {
        DelayLaw.Constant => Durations.Format(delay.OneWay),
        DelayLaw.Uniform => $"{Durations.Format(delay.From)} to {Durations.Format(delay.To)}, uniform",
        DelayLaw.Plane => FormattableString.Invariant($"places in a plane × {delay.Scale}, jitter {Percent(delay.Jitter)}"),
        DelayLaw.LogNormal => FormattableString.Invariant($"log-normal, median {Durations.Format(delay.OneWay)}, sigma {delay.Sigma}"),
        _ => "measured, " + Path.GetFileName(delay.File),
    };

    private static string Of(DurationSpec law)
    {
        var (what, value) = law.Median is { } median ? ("median", median) : law.Mean is { } mean ? ("mean", mean) : ("scale", law.Scale ?? default);
        var shape = law.Shape is { } given ? FormattableString.Invariant($", shape {given}") : "";
        return $"{WordShape<DurationLaw>.WordOf(law.Law)}, {what} {Durations.Format(value)}{shape}";
    }

    private static string Of(IReadOnlyList<WorkloadSpec> workloads) => workloads.Count == 0 ? "none" : string.Join("; ", workloads.Select(Of));

    private static string Of(WorkloadSpec work)
    {
        var size = work.Kind == WorkloadKind.Register ? FormattableString.Invariant($" of {work.Names:#,0} names") : work.Kind is WorkloadKind.Messages or WorkloadKind.Broadcast ? FormattableString.Invariant($" of {work.Bytes:#,0} B") : "";
        var keys = work.Keys.Law == KeyLaw.Zipf ? FormattableString.Invariant($", Zipf {work.Keys.Exponent} over {work.Keys.Universe:#,0} keys") : "";
        var arrivals = work.Arrivals == ArrivalKind.Periodic ? ", periodic" : "";
        return FormattableString.Invariant($"{WordShape<WorkloadKind>.WordOf(work.Kind)}{size}, {work.Rate} a node and second{arrivals}{keys}");
    }

    private static string Percent(double share) => (100 * share).ToString("0.###", CultureInfo.InvariantCulture) + " %";

    private static string Bandwidth(double? bytes) => bytes is { } limit ? limit.ToString("#,0", CultureInfo.InvariantCulture) + " B/s" : "no limit";
}
