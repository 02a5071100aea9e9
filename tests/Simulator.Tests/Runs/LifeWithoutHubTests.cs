using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Runs;

/// <summary>Smaller twins of the scenario life-without-hub-day.</summary>
public sealed class LifeWithoutHubTests
{
    [Fact]
    public void Without_a_hub_the_network_is_renewed_through_members_that_introduce()
    {
        var scenario = Twin(introducers: 3);

        var driver = Play(scenario);

        var counts = driver.World.Counters;
        Assert.True(counts.Events > 0);
        Assert.True(driver.World.IntroducedByMembers >= 30, $"only {driver.World.IntroducedByMembers} newcomers came in through members");
        Assert.All(driver.Phases, phase => Assert.All(phase.Requirements, one => Assert.True(one.Met, $"{phase.Name}: {one}")));
        Assert.Equal(0, driver.Checks.ViolationCount);
        var renewed = Enumerable.Range(0, driver.World.Numbers).Count(node => driver.World[node] is { Self.Certificate.IsDelegated: true });
        Assert.True(renewed >= 20, $"only {renewed} of the members were introduced by members");
    }

    [Fact]
    public void Where_nobody_introduces_nobody_comes_in()
    {
        var driver = Play(Twin(introducers: 0));

        Assert.Equal(0, driver.World.IntroducedByMembers);
        Assert.Contains(driver.Samples, sample => sample.Members < 30); // The reason for all this.
    }

    [Fact]
    public void A_hub_that_comes_back_to_strangers_finds_its_gateways_and_founds_no_second_ring()
    {
        var scenario = ScenarioReader.Find("hub-returns-to-strangers");
        var away = scenario.Phases[1];
        scenario = scenario with
        {
            Nodes = 40,
            Introducers = scenario.Introducers! with { Count = 5, Downtime = TimeSpan.FromSeconds(30) },
            Phases =
            [
                scenario.Phases[0] with { Duration = TimeSpan.FromSeconds(30) },
                away with { Duration = TimeSpan.FromMinutes(40), Churn = away.Churn! with { Session = away.Churn.Session! with { Mean = TimeSpan.FromMinutes(6) } } },
                .. scenario.Phases.Skip(2),
            ],
        };

        var driver = Play(scenario);

        Assert.All(driver.Phases, phase => Assert.All(phase.Requirements, one => Assert.True(one.Met, $"{phase.Name}: {one}")));
        Assert.Equal(0, driver.Checks.ViolationCount);
        Assert.Equal(0, driver.World.HubStatistics.Founders);
        Assert.True(driver.World.IntroducedByMembers >= 100, $"only {driver.World.IntroducedByMembers} came through members");
    }

    private static Scenario Twin(int introducers)
    {
        var scenario = ScenarioReader.Find("life-without-hub-day");
        return scenario with
        {
            Nodes = 40,
            Seed = 5,
            Introducers = introducers == 0 ? null : new() { Count = introducers, Downtime = TimeSpan.FromMinutes(2) },
            Churn = scenario.Churn with { Session = scenario.Churn.Session! with { Mean = TimeSpan.FromHours(1) } },
            Phases = [scenario.Phases[0] with { Duration = TimeSpan.FromHours(1) }, scenario.Phases[1]],
        };
    }

    private static RunDriver Play(Scenario scenario)
    {
        var driver = new RunDriver(scenario, scenario.Seed);
        driver.Begin();
        while (!driver.IsOver)
        {
            driver.World.RunFor(1_000_000, long.MaxValue, TestContext.Current.CancellationToken);
        }

        driver.Stop();
        return driver;
    }
}
