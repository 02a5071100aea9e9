using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Smaller twins of the scenarios <c>netsplit</c>, <c>netsplit-uneven</c>, <c>half-dies</c>, <c>join-storm</c> and <c>join-2000</c>.</summary>
public sealed class NetsplitTests
{
    private static readonly Requirements Exact = new() { CorrectRing = true };

    [Theory]
    [InlineData(60, 1)]
    [InlineData(60, 2)]
    [InlineData(100, 3)]
    [InlineData(200, 1)]
    public void Two_halves_that_were_cut_apart_for_two_minutes_are_one_exact_ring_within_a_minute(int nodes, int seed) =>
        Holds(Split(nodes, seed, TimeSpan.FromMinutes(1), new FaultSpec(FaultKind.Partition, TimeSpan.Zero) { Share = 0.5 }));

    [Theory]
    [InlineData(12, 1)]
    [InlineData(12, 2)]
    [InlineData(20, 1)]
    public void Halves_too_small_for_a_ring_become_one_again_too(int nodes, int seed) =>
        Holds(Split(nodes, seed, TimeSpan.FromMinutes(3), new FaultSpec(FaultKind.Partition, TimeSpan.Zero) { Share = 0.5 }));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Five_uneven_parts_with_churn_meanwhile_are_one_exact_ring_within_five_minutes(int seed)
    {
        var split = Split(200, seed, TimeSpan.FromMinutes(5), new FaultSpec(FaultKind.Partition, TimeSpan.Zero) { Parts = [0.4, 0.3, 0.15, 0.1, 0.05] });
        var churn = new ChurnSpec { Renewal = RenewalKind.Fixed, Session = new DurationSpec(DurationLaw.Exponential) { Mean = TimeSpan.FromMinutes(10) } };

        Holds(split with { Phases = [split.Phases[0], split.Phases[1] with { Churn = churn }, .. split.Phases.Skip(2)] });
    }

    [Fact]
    public void After_the_death_of_half_of_all_nodes_in_the_same_second_the_ring_is_exact_within_three_minutes() => Holds(new Scenario
    {
        Name = "half-dies-small",
        Nodes = 400,
        Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 0.05)],
        Phases =
        [
            new Phase { Name = "failure", Duration = TimeSpan.FromMinutes(1), Faults = [new FaultSpec(FaultKind.MassFailure, TimeSpan.FromSeconds(5)) { Share = 0.5 }] },
            new Phase { Name = "repair", Duration = TimeSpan.FromMinutes(2), Require = new Requirements { CorrectRing = true, LookupSuccess = 0.99 } },
        ],
    });

    [Fact]
    public void After_as_many_arrivals_within_a_second_as_there_are_members_all_are_in_one_exact_ring_in_half_a_minute() => Holds(new Scenario
    {
        Name = "join-storm-small",
        Nodes = 150,
        Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 0.05)],
        Phases =
        [
            new Phase
            {
                Name = "storm",
                Duration = TimeSpan.FromSeconds(31),
                Faults = [new FaultSpec(FaultKind.FlashCrowd, TimeSpan.Zero) { Count = 150, Over = TimeSpan.FromSeconds(1) }],
                Require = new Requirements { CorrectRing = true, LookupSuccess = 0.99 },
            },
        ],
    });

    /// <summary>Fingers crowd on members with long arcs: here one offer in three is refused, and somebody else of the row's interval has to stand in.</summary>
    [Fact]
    public void Newcomers_have_links_for_all_their_fingers_within_fifteen_seconds_though_many_members_have_no_room()
    {
        var result = Holds(new Scenario
        {
            Name = "join-small",
            Nodes = 400,
            Options = OverlayOptions.Default with { MaxLinks = 26 },
            Network = new NetworkSpec { Delay = new DelaySpec { Law = DelayLaw.Uniform, From = TimeSpan.FromMilliseconds(25), To = TimeSpan.FromMilliseconds(125) } },
            Phases =
            [
                new Phase
                {
                    Name = "arrivals",
                    Duration = TimeSpan.FromMinutes(1),
                    Faults = [new FaultSpec(FaultKind.FlashCrowd, TimeSpan.Zero) { Count = 40, Over = TimeSpan.FromSeconds(40) }],
                    Require = new Requirements { CorrectRing = true, MedianAllFingers = TimeSpan.FromSeconds(15) },
                },
            ],
        });

        Assert.True(result.Totals.LinksFailed["Full"] > 40);
    }

    [Fact]
    public void Rings_merge_the_same_way_whether_messages_are_values_or_bytes()
    {
        var scenario = Split(40, 5, TimeSpan.FromMinutes(1), new FaultSpec(FaultKind.Partition, TimeSpan.Zero) { Share = 0.5 });

        Assert.Equal(new SimulationRun().Run(scenario, RunSettings.Quiet).EffectHash, new SimulationRun().Run(scenario with { Wire = true }, RunSettings.Quiet).EffectHash);
    }

    private static Scenario Split(int nodes, int seed, TimeSpan merging, FaultSpec fault) => new()
    {
        Name = "netsplit-small",
        Nodes = nodes,
        Seed = (ulong)seed,
        Workloads = [new WorkloadSpec(WorkloadKind.Lookups, 0.05)],
        Phases =
        [
            new Phase { Name = "whole", Duration = TimeSpan.FromSeconds(10) },
            new Phase { Name = "split", Duration = TimeSpan.FromMinutes(2), Faults = [fault] },
            new Phase { Name = "merging", Duration = merging, Require = Exact },
            new Phase { Name = "healed", Duration = TimeSpan.FromMinutes(1), Require = new Requirements { CorrectRing = true, LookupSuccess = 1 } },
        ],
    };

    private static RunResult Holds(Scenario scenario)
    {
        var result = new SimulationRun().Run(scenario, RunSettings.Quiet);

        Assert.True(result.Succeeded, string.Join('\n', result.Phases.SelectMany(phase => phase.Requirements).Where(requirement => !requirement.Met)));
        return result;
    }
}
