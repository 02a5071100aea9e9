using System.Collections.Concurrent;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>One hour of heavy churn with whole nodes; the corrected-Chord invariant is checked at every change of ring state.</summary>
/// <remarks>A failure names its seed: <c>simulator run heavy-churn --nodes N --seed S</c> shows it again, with the last events of the nodes concerned.</remarks>
public sealed class HeavyChurnTests
{
    [Fact]
    public void Nothing_that_a_node_does_breaks_the_invariant_in_ten_hours_of_forty_nodes() => Holds(nodes: 40, firstSeed: 1, count: 10);

    [SlowFact]
    public void Nothing_that_a_node_does_breaks_the_invariant_in_a_thousand_hours_of_two_hundred_nodes() => Holds(nodes: 200, firstSeed: 1, count: 1000);

    private static void Holds(int nodes, int firstSeed, int count)
    {
        var scenario = ScenarioReader.Find("heavy-churn") with { Nodes = nodes };
        var (checks, failures) = (new ConcurrentBag<CheckResult>(), new ConcurrentBag<string>());
        Parallel.For(firstSeed, firstSeed + count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            var result = new SimulationRun().Run(scenario with { Seed = (ulong)seed }, RunSettings.Quiet);
            checks.Add(result.Checks.Single(static check => check.Name == CheckKind.Invariant));
            foreach (var violation in result.Checks.SelectMany(static check => check.Violations))
            {
                failures.Add($"seed {seed}, {violation.At}: {violation.Text}\n{string.Join('\n', result.LastEvents)}");
            }
        });

        Assert.Empty(failures);
        Assert.Equal(count, checks.Count);
        Assert.All(checks, check => Assert.True(check.TimesChecked > 50 * nodes, $"only {check.TimesChecked} changes were checked"));
        Assert.True(checks.Sum(static check => check.Excused) * 4 < checks.Sum(static check => check.TimesChecked), "too much was excused to say anything");
    }
}
