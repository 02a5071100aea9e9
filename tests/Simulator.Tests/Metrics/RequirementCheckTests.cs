using Overlay.Simulator.Metrics;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Metrics;

public sealed class RequirementCheckTests
{
    private static readonly Totals Good = new() { LookupsOk = 995, LookupsFirstTry = 990, LookupsFailed = new Dictionary<string, long> { ["timedOut"] = 5 }, MeanHops = 4.5, RingCorrectAtEnd = true };

    [Fact]
    public void What_is_not_asked_for_is_not_judged() => Assert.Empty(RequirementCheck.Check(Requirements.None, Good));

    [Theory]
    [InlineData(0.995, true)]
    [InlineData(0.996, false)]
    public void A_share_must_be_reached(double least, bool met)
    {
        var result = Assert.Single(RequirementCheck.Check(new() { LookupSuccess = least }, Good));

        Assert.Equal(("lookupSuccess", "99.5 %", met), (result.Name, result.Actual, result.Met));
    }

    [Theory]
    [InlineData(4.5, true)]
    [InlineData(4.4, false)]
    public void A_limit_must_be_kept(double most, bool met) =>
        Assert.Equal(met, Assert.Single(RequirementCheck.Check(new() { MeanHops = most }, Good)).Met);

    [Fact]
    public void Where_nothing_was_measured_a_requirement_is_not_met()
    {
        var result = Assert.Single(RequirementCheck.Check(new() { P99Latency = TimeSpan.FromSeconds(1) }, Totals.None));

        Assert.Equal((null, false), (result.Actual, result.Met));
    }

    [Fact]
    public void A_torn_ring_is_not_correct()
    {
        var result = Assert.Single(RequirementCheck.Check(new() { CorrectRing = true }, Totals.None));

        Assert.Equal(("ring", false), (result.Name, result.Met));
    }

    [Fact]
    public void A_run_fails_with_any_of_its_phases_or_checks()
    {
        var scenario = new Scenario { Name = "x", Phases = [new() { Name = "run", Duration = TimeSpan.FromMinutes(1) }] };
        var fine = new RunResult { Scenario = scenario, Seed = 1, EffectHash = "0000000000000001" };
        var phase = new PhaseResult { Name = "run", From = default, To = TimeSpan.FromMinutes(1), Requirements = [new("ring", "correct", "not correct", false)] };
        var check = new CheckResult { Name = CheckKind.Owners, ViolationCount = 1 };

        Assert.True(fine.Succeeded);
        Assert.False((fine with { Phases = [phase] }).Succeeded);
        Assert.False((fine with { Checks = [check] }).Succeeded);
    }
}
