using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Smaller twins of the scenarios names-churn, names-netsplit, tree-names, broadcast and tree-broadcast.</summary>
public sealed class NamesAndBroadcastsTests
{
    private static readonly ChurnSpec Churn = new()
    {
        Renewal = RenewalKind.Fixed,
        Session = new DurationSpec(DurationLaw.Exponential) { Mean = TimeSpan.FromMinutes(20) },
        Graceful = 0.25,
    };

    private static readonly WorkloadSpec Broadcasts = new(WorkloadKind.Broadcast, 0.004);

    [Theory]
    [InlineData(Topology.Chord, 1)]
    [InlineData(Topology.Chord, 2)]
    [InlineData(Topology.Tree, 1)]
    [InlineData(Topology.Tree, 2)]
    [InlineData(Topology.Tree, 3)]
    public void Broadcasts_come_exactly_once_to_all_who_are_there_throughout(Topology topology, ulong seed)
    {
        var result = Run(new Scenario
        {
            Name = "broadcasts",
            Options = OverlayOptions.Default with { Topology = topology, MaxDegree = 4 },
            Nodes = 120,
            Seed = seed,
            Workloads = [Broadcasts],
            Phases =
            [
                new Phase { Name = "at rest", Duration = TimeSpan.FromMinutes(1), Require = new Requirements { BroadcastForwards = 1.0001 } },
                new Phase { Name = "churn", Duration = TimeSpan.FromMinutes(6), Churn = Churn, Require = new Requirements { BroadcastForwards = 1.05, BroadcastReach = 1 } },
                new Phase { Name = "quiet", Duration = TimeSpan.FromMinutes(1), Workloads = [], Require = new Requirements { BroadcastReach = 1, CorrectRing = true } },
            ],
        });

        Assert.True(result.Totals.Broadcasts > 100, result.Totals.ToString());
        Assert.True(result.Totals.Crashes > 10, result.Totals.ToString());
    }

    [Theory]
    [InlineData(Topology.Chord)]
    [InlineData(Topology.Tree)]
    public void Names_that_nobody_refreshes_outlive_their_keepers(Topology topology)
    {
        var result = Run(new Scenario
        {
            Name = "names",
            Nodes = 120,
            Options = OverlayOptions.Default with { Topology = topology, MaxDegree = 4, NameRefreshPeriod = TimeSpan.FromHours(1) },
            Workloads = [new WorkloadSpec(WorkloadKind.Register, 0.05) { Names = 150 }, new WorkloadSpec(WorkloadKind.Resolve, 0.05)],
            Phases =
            [
                new Phase { Name = "registering", Duration = TimeSpan.FromMinutes(1), Require = new Requirements { ResolveSuccess = 1 } },
                new Phase { Name = "churn", Duration = TimeSpan.FromMinutes(15), Churn = Churn, Require = new Requirements { ResolveSuccess = 0.98 } },
                new Phase { Name = "quiet", Duration = TimeSpan.FromMinutes(2), Require = new Requirements { ResolveSuccess = 1, CorrectRing = true } },
            ],
        });

        Assert.Equal(0, result.Totals.NamesLost);
        Assert.True(result.Totals.NamesRegistered >= 150, result.Totals.ToString());
        Assert.True(result.Totals.NamesDefended > 100, result.Totals.ToString());
        Assert.True(result.Totals.Crashes > 50, result.Totals.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Names_that_both_sides_of_a_split_registered_have_one_owner_after_it_and_the_others_are_told(ulong seed)
    {
        var resolve = new WorkloadSpec(WorkloadKind.Resolve, 0.1);
        var result = Run(new Scenario
        {
            Name = "names-netsplit-small",
            Nodes = 60,
            Seed = seed,
            Workloads = [resolve],
            Phases =
            [
                new Phase { Name = "whole", Duration = TimeSpan.FromMinutes(1), Workloads = [new WorkloadSpec(WorkloadKind.Register, 0.05) { Names = 60 }, resolve], Require = new Requirements { ResolveSuccess = 1 } },
                new Phase
                {
                    Name = "split",
                    Duration = TimeSpan.FromMinutes(4),
                    Faults = [new FaultSpec(FaultKind.Partition, TimeSpan.Zero) { Share = 0.5 }],
                    Workloads = [new WorkloadSpec(WorkloadKind.Register, 0.05) { Names = 120 }, resolve],
                    Require = new Requirements { ContestedNames = 0 },
                },
                new Phase { Name = "merging", Duration = TimeSpan.FromMinutes(1), Require = new Requirements { CorrectRing = true } },
                new Phase { Name = "one owner", Duration = TimeSpan.FromMinutes(1), Require = new Requirements { ContestedNames = 0 } },
                new Phase { Name = "healed", Duration = TimeSpan.FromMinutes(1), Require = new Requirements { ContestedNames = 0, CorrectRing = true, ResolveSuccess = 1 } },
            ],
        });

        Assert.True(result.Totals.NamesYielded > 20, result.Totals.ToString());
        Assert.Equal(0, result.Totals.NamesLost);
    }

    [Fact]
    public void Encoded_messages_of_names_and_broadcasts_make_the_same_run()
    {
        var scenario = new Scenario
        {
            Name = "wire",
            Nodes = 40,
            Churn = Churn,
            Workloads = [new WorkloadSpec(WorkloadKind.Register, 0.1), new WorkloadSpec(WorkloadKind.Resolve, 0.1), Broadcasts],
            Phases = [new Phase { Name = "all", Duration = TimeSpan.FromMinutes(3) }],
        };

        Assert.Equal(Run(scenario).EffectHash, Run(scenario with { Wire = true }).EffectHash);
    }

    private static RunResult Run(Scenario scenario)
    {
        var result = new SimulationRun().Run(scenario, RunSettings.Quiet);
        Assert.True(result.Succeeded, string.Join('\n', result.Checks.SelectMany(check => check.Violations.Select(one => one.Text))
            .Concat(result.Phases.SelectMany(phase => phase.Requirements.Where(one => !one.Met).Select(one => $"{phase.Name}: {one}")))));
        return result;
    }
}
