using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Reports;

public sealed class ResultJsonTests
{
    [Fact]
    public void A_result_reads_as_it_was_written()
    {
        var result = MadeUpRun.WithViolation(ScenarioReader.Find("nat-mix"), seed: 99);

        var back = ResultJson.Read<RunResult>(ResultJson.ToText(result), "test");

        Assert.Equal(ResultJson.ToText(result), ResultJson.ToText(back));
        Assert.Equal(result.Samples[^1].T, back.Samples[^1].T);
        Assert.Equal(result.Checks[0].Violations, back.Checks[0].Violations);
    }

    [Fact]
    public void A_result_whose_files_are_gone_can_still_be_read()
    {
        var scenario = new Scenario { Name = "x", Churn = new() { Renewal = RenewalKind.Trace, Trace = Path.GetFullPath("gone.csv") }, Phases = [new() { Name = "run", Duration = TimeSpan.FromMinutes(1) }] };
        var result = new RunResult { Scenario = scenario, Seed = 1, EffectHash = "00" };

        var back = ResultJson.Read<RunResult>(ResultJson.ToText(result), "test");

        Assert.Equal(scenario.Churn, back.Scenario.Churn);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{ "scenario": { "name": 5 }, "seed": 1, "effectHash": "0" }""")]
    public void What_is_no_result_is_refused(string text) => Assert.Throws<InvalidDataException>(() => ResultJson.Read<RunResult>(text, "test"));
}
