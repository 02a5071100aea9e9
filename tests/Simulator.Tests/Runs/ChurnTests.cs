using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Networks whose members come and go.</summary>
public sealed class ChurnTests
{
    private static readonly WorkloadSpec Lookups = new(WorkloadKind.Lookups, 0.1);
    private static readonly WorkloadSpec Messages = new(WorkloadKind.Messages, 0.1);

    [Theory]
    [InlineData(RenewalKind.Fixed, LinkMode.Links)]
    [InlineData(RenewalKind.Fixed, LinkMode.Contact)]
    [InlineData(RenewalKind.Alternating, LinkMode.Links)]
    [InlineData(RenewalKind.Poisson, LinkMode.Links)]
    public void Look_ups_and_messages_arrive_while_members_come_and_go(RenewalKind renewal, LinkMode mode)
    {
        var scenario = new Scenario
        {
            Name = "churn",
            Nodes = 200,
            Mode = mode,
            Churn = new ChurnSpec
            {
                Renewal = renewal,
                Session = new DurationSpec(DurationLaw.Weibull) { Shape = 0.6, Median = TimeSpan.FromMinutes(10) },
                Downtime = new DurationSpec(DurationLaw.Exponential) { Mean = TimeSpan.FromMinutes(2) },
                Rate = 0.2,
                Graceful = 0.5,
            },
            Workloads = [Lookups, Messages],
            Phases =
            [
                new Phase { Name = "safety", Duration = TimeSpan.FromMinutes(10) },
                new Phase { Name = "liveness", Duration = TimeSpan.FromMinutes(2), Churn = ChurnSpec.None, Require = new Requirements { CorrectRing = true } },
            ],
        };

        var result = new SimulationRun().Run(scenario, RunSettings.Quiet);

        Assert.Equal(0, result.ViolationCount);
        Assert.True(result.Succeeded, $"{result.Samples[^1]} {result.Totals}");
    }

    [Fact]
    public void A_trace_goes_on_from_phase_to_phase()
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv");
        File.WriteAllText(file, "node,up,down\n0,0,\n1,5,\n2,10,40\n3,15,\n4,70,\n5,100,\n");
        var scenario = new Scenario
        {
            Name = "trace",
            Nodes = 6,
            Churn = new ChurnSpec { Renewal = RenewalKind.Trace, Trace = file },
            Phases = [new Phase { Name = "first", Duration = TimeSpan.FromMinutes(1) }, new Phase { Name = "second", Duration = TimeSpan.FromMinutes(1) }],
        };

        var result = new SimulationRun().Run(scenario, RunSettings.Quiet);
        File.Delete(file);

        Assert.Equal(0, result.ViolationCount);
        Assert.Equal([4, 2], result.Phases.Select(phase => phase.Totals.Joins));
        Assert.Equal([1, 0], result.Phases.Select(phase => phase.Totals.Crashes));
    }
}
