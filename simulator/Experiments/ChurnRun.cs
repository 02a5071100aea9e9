using System.Globalization;
using Overlay.Effects;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Experiments;

/// <summary>A run under churn whose first part only brings the network into its steady state.</summary>
internal static class ChurnRun
{
    /// <summary>What happened after the network had settled.</summary>
    /// <exception cref="InvalidDataException">A checker saw a violation: the figures would be worth nothing.</exception>
    public static Totals Measure(Scenario scenario, TimeSpan settle, TimeSpan measure, ReproductionSettings settings, Action<double> progress)
    {
        scenario = scenario with
        {
            Seed = settings.Seed,
            Phases = [new() { Name = "settle", Duration = settle }, new() { Name = "measure", Duration = measure }],
            SampleEvery = TimeSpan.FromMinutes(1),
        };
        var result = new SimulationRun().Run(scenario, new RunSettings
        {
            Progress = told => progress(told.Simulated / told.Total),
            Stop = settings.Stop,
        });
        settings.Stop.ThrowIfCancellationRequested();
        return result.ViolationCount == 0
            ? result.Phases[^1].Totals
            : throw new InvalidDataException($"{scenario.Name}, seed {scenario.Seed}: {result.Checks.SelectMany(check => check.Violations).First()}");
    }

    /// <summary>Look-ups that ended one way or the other; where the asker itself left meanwhile there is nothing to judge.</summary>
    public static long Judged(Totals totals) => totals.LookupsOk + totals.LookupsFailedTotal - totals.LookupsFailed.GetValueOrDefault(nameof(Outcome.Cancelled));

    /// <summary>How look-ups ended that did not end well, for the remarks.</summary>
    public static string Failures(string what, Totals totals)
    {
        var parts = totals.LookupsFailed.Select(failed => string.Create(CultureInfo.InvariantCulture, $"{failed.Value} {failed.Key}"))
            .Append(string.Create(CultureInfo.InvariantCulture, $"{totals.LookupsOk - totals.LookupsFirstTry} at the second try"));
        return string.Create(CultureInfo.InvariantCulture, $"{what}: of {totals.LookupsOk + totals.LookupsFailedTotal} look-ups {string.Join(", ", parts)}.");
    }
}
