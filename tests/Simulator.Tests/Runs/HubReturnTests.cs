using Overlay.Messages;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>The hub after its gateways, and between two rings: the scenario <c>hub-returns</c> itself, and smaller twins of <c>two-rings-one-hub</c> and <c>rings-by-introducers</c>.</summary>
public sealed class HubReturnTests
{
    [Fact]
    public void A_hub_whose_gateways_all_died_finds_new_ones_and_newcomers_enter_the_one_ring()
    {
        var scenario = ScenarioReader.Find("hub-returns");
        var driver = new RunDriver(scenario, scenario.Seed);
        driver.Begin();
        driver.World.RunUntil(TimeSpan.FromMilliseconds(10).Ticks);
        var gateways = ResponsibleForSlots(driver);
        driver.World.RunUntil(TimeSpan.FromSeconds(359).Ticks);

        Assert.Equal(Attach.SlotCount, gateways.Count);
        Assert.DoesNotContain(gateways, driver.World.IsAlive);
        Assert.Equal(53, driver.World.LiveCount);

        driver.World.RunUntil(scenario.Duration.Ticks);

        Assert.False(driver.Checks.HasViolation);
        Assert.True(driver.Health.IsCorrect);
        Assert.Equal(103, Enumerable.Range(0, driver.World.Capacity).Count(driver.World.IsMember));
    }

    [Fact]
    public void Two_rings_that_nobody_but_the_hub_knows_of_are_one_soon_after_it_is_back()
    {
        var builtIn = ScenarioReader.Find("two-rings-one-hub");
        var result = new SimulationRun().Run(builtIn with { Nodes = 40 }, RunSettings.Quiet);

        var away = result.Phases.Single(phase => phase.Name == "healed, hub away");
        Assert.False(away.Totals.RingCorrectAtEnd);
        Assert.True(result.Succeeded);
    }

    /// <summary>With the hub gone for good: 30 members make two rings, 10 two networks that are too small for one.</summary>
    [Theory]
    [InlineData(30, 1)]
    [InlineData(30, 2)]
    [InlineData(10, 2)]
    [InlineData(10, 3)]
    [InlineData(16, 4)]
    public void Two_rings_that_have_nothing_of_each_other_but_addresses_of_introducing_members_become_one(int nodes, int seed)
    {
        var builtIn = ScenarioReader.Find("rings-by-introducers");
        var result = new SimulationRun().Run(
            builtIn with { Nodes = nodes, Seed = (ulong)seed, Phases = [.. builtIn.Phases.Select(phase => phase.Name == "healed" ? phase with { Duration = TimeSpan.FromMinutes(4) } : phase)] },
            RunSettings.Quiet);

        Assert.False(result.Phases.Single(phase => phase.Name == "split").Totals.RingCorrectAtEnd);
        Assert.True(result.Succeeded, string.Join('\n', result.Phases.SelectMany(phase => phase.Requirements).Where(requirement => !requirement.Met)));
    }

    private static List<int> ResponsibleForSlots(RunDriver driver)
    {
        var world = driver.World;
        return
        [
            .. from slot in Enumerable.Range(0, Attach.SlotCount)
               from node in Enumerable.Range(0, world.Capacity)
               where world.IsAlive(node) && world[node]!.OwnsKey(world.Identities.HubSlots[0, slot])
               select node,
        ];
    }
}
