using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Same seed, same run: to the last effect.</summary>
public sealed class HashTests
{
    private static readonly Scenario Busy = new()
    {
        Name = "busy",
        Nodes = 60,
        Seed = 7,
        Start = StartState.Join,
        JoinOver = TimeSpan.FromSeconds(20),
        Network = new NetworkSpec { Loss = 0.02, Reordering = 0.05, Duplication = 0.01, SetUp = new SetUpSpec { Failure = 0.1, SilentFailure = 0.05 } },
        Churn = new ChurnSpec { Renewal = RenewalKind.Fixed, Session = new DurationSpec(DurationLaw.Weibull) { Shape = 0.5, Median = TimeSpan.FromMinutes(5) }, Graceful = 0.3 },
        Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 0.2), new WorkloadSpec(WorkloadKind.Messages, 0.2), new WorkloadSpec(WorkloadKind.Links, 0.02)],
        Phases = [new Phase { Name = "all", Duration = TimeSpan.FromMinutes(3) }],
    };

    [Fact]
    public void The_same_seed_gives_the_same_effects_and_another_seed_others()
    {
        var first = Run(Busy);

        Assert.Equal(first, Run(Busy));
        Assert.NotEqual(first, Run(Busy with { Seed = 8 }));
    }

    /// <summary>
    /// Whatever configuration these tests were built in, and on whatever machine. Who changes what nodes do on purpose writes the value that fails here in its place, in the
    /// same commit, and says there what changed; who changed nothing on purpose has found a fault.
    /// </summary>
    [Fact]
    public void The_effects_are_those_that_were_written_down() => Assert.Equal("65c0a0ad0a0e1726", Run(Busy));

    [Fact]
    public void Messages_as_values_and_as_bytes_give_the_same_effects() => Assert.Equal(Run(Busy), Run(Busy with { Wire = true }));

    [Fact]
    public void Runs_side_by_side_do_not_disturb_each_other()
    {
        var alone = Enumerable.Range(1, 4).Select(seed => Run(Busy with { Seed = (ulong)seed })).ToArray();
        var together = new string[alone.Length];

        Parallel.For(0, together.Length, index => together[index] = Run(Busy with { Seed = (ulong)index + 1 }));

        Assert.Equal(alone, together);
    }

    /// <summary>A look-up that ends at a node without the arc is answered only to newcomers: they ask for a place, all others for an owner.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(11)]
    [InlineData(21)]
    [InlineData(31)]
    public void Nobody_answers_for_a_key_that_another_member_owns(int firstSeed)
    {
        for (var seed = firstSeed; seed < firstSeed + 10; seed++)
        {
            var result = new SimulationRun().Run(Busy with { Seed = (ulong)seed }, RunSettings.Quiet);

            Assert.Empty(result.Checks.SelectMany(static check => check.Violations));
        }
    }

    private static string Run(Scenario scenario) => new SimulationRun().Run(scenario, RunSettings.Quiet).EffectHash;
}
