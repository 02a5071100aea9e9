using System.Text;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Scenarios;

/// <summary>What is wrong with a scenario is said all at once, each with its file, line, column, path and what would be right.</summary>
public sealed class ScenarioProblemTests
{
    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_with_its_place()
    {
        var problems = Problems("""
            {
              "name": "x",
              "nodes": 0,
              "churm": "none",
              "network": { "delay": { "model": "gauss" }, "loss": -0.1 },
              "sampleEvery": 10
            }
            """);

        Assert.Equal(
            [
                (ScenarioReason.OutOfRange, 3, 12, "nodes"), (ScenarioReason.UnknownKey, 4, 3, "churm"), (ScenarioReason.UnknownWord, 5, 36, "network.delay.model"),
                (ScenarioReason.OutOfRange, 5, 55, "network.loss"), (ScenarioReason.WrongType, 6, 18, "sampleEvery"),
            ],
            problems.Select(problem => (problem.Reason, problem.Line, problem.Column, problem.Path)));
        Assert.Equal("test.json:3:12: nodes: must be a whole number in 1 … 10,000,000, not 0", problems[0].ToString());
        Assert.StartsWith("test.json:4:3: churm: unknown key. Did you mean 'churn'? Allowed here: checks, churn, description,", problems[1].ToString(), StringComparison.Ordinal);
        Assert.Equal("test.json:5:36: network.delay.model: must be one of constant, uniform, plane, logNormal, matrix, not 'gauss'", problems[2].ToString());
    }

    [Theory]
    [InlineData("""{ "name": "x", """, ScenarioReason.Syntax, "not JSON")]
    [InlineData("", ScenarioReason.Syntax, "not JSON")]
    [InlineData("""{ "name": "x" } { }""", ScenarioReason.Syntax, "not JSON")]
    [InlineData("[]", ScenarioReason.WrongType, "not a list")]
    [InlineData("{}", ScenarioReason.MissingKey, "'name' is missing")]
    [InlineData("""{ "name": "x", "name": "y" }""", ScenarioReason.DuplicateKey, "twice")]
    [InlineData("""{ "name": null }""", ScenarioReason.WrongType, "not null")]
    [InlineData("""{ "name": "x", "nodes": "7" }""", ScenarioReason.WrongType, "not '7'")]
    [InlineData("""{ "name": "x", "nodes": 7.5 }""", ScenarioReason.WrongType, "whole number")]
    [InlineData("""{ "name": "x", "nodes": 1e400 }""", ScenarioReason.OutOfRange, "10,000,000")]
    [InlineData("""{ "name": "x", "seed": -1 }""", ScenarioReason.OutOfRange, "18,446,744,073,709,551,615")]
    [InlineData("""{ "name": "x", "topology": "Chord" }""", ScenarioReason.UnknownWord, "Did you mean 'chord'?")]
    [InlineData("""{ "name": "x", "wire": 1 }""", ScenarioReason.WrongType, "true or false")]
    [InlineData("""{ "name": "x", "checks": ["owner"] }""", ScenarioReason.UnknownWord, "Did you mean 'owners'?")]
    [InlineData("""{ "name": "x", "checks": ["owners", "owners"] }""", ScenarioReason.Impossible, "twice")]
    [InlineData("""{ "name": "x", "overlay": { "successors": 16, "maxLinks": 19 } }""", ScenarioReason.Impossible, "successors + 4, 20")]
    [InlineData("""{ "name": "x", "overlay": { "probePeriod": "20s" } }""", ScenarioReason.Impossible, "at least probePeriod")]
    [InlineData("""{ "name": "x", "overlay": { "stabilizePeriod": "30s" } }""", ScenarioReason.Impossible, "make loneSuspicionTimeout at least 34500ms, or stabilizePeriod shorter")]
    [InlineData("""{ "name": "x", "overlay": { "loneSuspicionTimeout": "2s" } }""", ScenarioReason.Impossible, "2s is shorter than a round of stabilizing (2s)")]
    [InlineData("""{ "name": "x", "workloads": [{ "kind": "lookups", "rate": -1 }] }""", ScenarioReason.OutOfRange, "not -1")]
    [InlineData("""{ "name": "x", "workloads": [{ "kind": "lookups" }] }""", ScenarioReason.MissingKey, "'rate' is missing")]
    [InlineData("""{ "name": "x", "workloads": [{ "kind": "lookups", "rate": 1, "bytes": 5 }] }""", ScenarioReason.Impossible, "does not apply to kind lookups")]
    [InlineData("""{ "name": "x", "workloads": "many" }""", ScenarioReason.WrongType, "a list of 0 … 16 workloads")]
    [InlineData("""{ "name": "x", "network": { "nat": { "open": 0.5, "cone": 0.6 } } }""", ScenarioReason.Impossible, "must be 1, not 1.1")]
    [InlineData("""{ "name": "x", "network": { "nat": { "open": 1.5 } } }""", ScenarioReason.OutOfRange, "0 … 1")]
    [InlineData("""{ "name": "x", "network": { "delay": { "model": "uniform", "from": "1s" } } }""", ScenarioReason.Impossible, "longer than 'to'")]
    [InlineData("""{ "name": "x", "network": { "delay": { "model": "matrix", "file": "no-such-file.csv" } } }""", ScenarioReason.FileMissing, "there is no file")]
    [InlineData("""{ "name": "x", "network": { "setUp": { "failure": 0.7, "silentFailure": 0.6 } } }""", ScenarioReason.Impossible, "more than 1")]
    [InlineData("""{ "name": "x", "network": { "loss": 1 } }""", ScenarioReason.OutOfRange, "below 1")]
    [InlineData("""{ "name": "x", "mode": "contact", "network": { "nat": { "open": 1 } } }""", ScenarioReason.Impossible, "contact mode")]
    [InlineData("""{ "name": "x", "mode": "contact", "workloads": [{ "kind": "links", "rate": 1 }] }""", ScenarioReason.Impossible, "contact mode")]
    [InlineData("""{ "name": "x", "duration": "2h", "sampleEvery": "100ms", "phases": [{ "duration": "3h" }] }""", ScenarioReason.Impossible, "the phases take 3h, longer than 2h")]
    [InlineData("""{ "name": "x", "duration": "24h", "sampleEvery": "100ms" }""", ScenarioReason.Impossible, "100,000 samples")]
    public void A_scenario_is_refused_for_its_reason(string text, ScenarioReason reason, string mentions) => Refused(text, reason, mentions);

    [Theory]
    [InlineData("""{ "renewal": "trace" }""", ScenarioReason.MissingKey, "'trace' is missing")]
    [InlineData("""{ "renewal": "trace", "trace": "no-such-file.csv" }""", ScenarioReason.FileMissing, "there is no file")]
    [InlineData("""{ "renewal": "poisson" }""", ScenarioReason.MissingKey, "'rate' is missing")]
    [InlineData("""{ "renewal": "poisson", "rate": -0.5 }""", ScenarioReason.OutOfRange, "not -0.5")]
    [InlineData("""{ "renewal": "fixed" }""", ScenarioReason.MissingKey, "'session' is missing")]
    [InlineData("""{ "renewal": "none", "graceful": 0.5 }""", ScenarioReason.Impossible, "does not apply to renewal none")]
    [InlineData("""{ "renewal": "fixed", "graceful": 1.5, "session": { "model": "exponential", "mean": "1h" } }""", ScenarioReason.OutOfRange, "0 … 1")]
    [InlineData("""{ "renewal": "fixed", "session": { "mean": "1h" } }""", ScenarioReason.MissingKey, "one of constant, exponential, pareto, shiftedPareto, weibull, logNormal")]
    [InlineData("""{ "renewal": "fixed", "session": { "model": "weibul", "mean": "1h" } }""", ScenarioReason.UnknownWord, "Did you mean 'weibull'?")]
    [InlineData("""{ "renewal": "fixed", "session": { "model": "weibull", "mean": "1h" } }""", ScenarioReason.MissingKey, "'shape' is missing")]
    [InlineData("""{ "renewal": "fixed", "session": { "model": "weibull", "shape": 0.5 } }""", ScenarioReason.MissingKey, "exactly one of scale, median and mean")]
    [InlineData("""{ "renewal": "fixed", "session": { "model": "weibull", "shape": 0.5, "mean": "1h", "median": "1h" } }""", ScenarioReason.Impossible, "exactly one")]
    [InlineData("""{ "renewal": "fixed", "session": { "model": "pareto", "shape": 1, "mean": "1h" } }""", ScenarioReason.Impossible, "has no mean")]
    [InlineData("""{ "renewal": "fixed", "session": { "model": "pareto", "shape": 1, "scale": "30m" } }""", ScenarioReason.Impossible, "take a shape above 1, or another law")]
    [InlineData("""{ "renewal": "fixed", "session": { "model": "logNormal", "shape": 6, "median": "30m" } }""", ScenarioReason.OutOfRange, "must be at most 5, not 6")]
    [InlineData("\"nobody\"", ScenarioReason.UnknownWord, "'none' or an object")]
    public void Churn_is_refused_for_its_reason(string churn, ScenarioReason reason, string mentions) =>
        Refused($$"""{ "name": "x", "churn": {{churn}} }""", reason, mentions);

    [Theory]
    [InlineData("""{ "kind": "massFailure", "at": "1m" }""", ScenarioReason.MissingKey, "'share' or 'count'")]
    [InlineData("""{ "kind": "massFailure", "at": "1m", "share": 0.5, "count": 3 }""", ScenarioReason.Impossible, "the same thing")]
    [InlineData("""{ "kind": "massFailure", "at": "1m", "share": 1.1 }""", ScenarioReason.OutOfRange, "at most 1")]
    [InlineData("""{ "kind": "massFailure", "at": "1m", "share": 1 }""", ScenarioReason.Impossible, "nobody would be left")]
    [InlineData("""{ "kind": "massFailure", "at": "1m", "count": 1000 }""", ScenarioReason.Impossible, "nobody would be left")]
    [InlineData("""{ "kind": "massFailure", "at": "10m", "share": 0.5 }""", ScenarioReason.Impossible, "over after 10m")]
    [InlineData("""{ "kind": "massFailure", "share": 0.5 }""", ScenarioReason.MissingKey, "'at' is missing")]
    [InlineData("""{ "kind": "massFailure", "at": "1m", "share": 0.5, "for": "1m" }""", ScenarioReason.Impossible, "does not apply to kind massFailure")]
    [InlineData("""{ "kind": "suspend", "at": "9m", "share": 0.5, "for": "2m" }""", ScenarioReason.Impossible, "would end after the phase")]
    [InlineData("""{ "kind": "flashCrowd", "at": "9m", "count": 5, "over": "2m" }""", ScenarioReason.Impossible, "would end after the phase")]
    [InlineData("""{ "kind": "rollingRestart", "at": "1m" }""", ScenarioReason.MissingKey, "'every' is missing")]
    [InlineData("""{ "kind": "partition", "at": "1m" }""", ScenarioReason.MissingKey, "exactly one of 'share' and 'parts'")]
    [InlineData("""{ "kind": "partition", "at": "1m", "parts": [0.5, 0.4] }""", ScenarioReason.Impossible, "together 1, not 0.9")]
    [InlineData("""{ "kind": "earthquake", "at": "1m" }""", ScenarioReason.UnknownWord, "massFailure, rootFailure")]
    public void A_fault_is_refused_for_its_reason(string fault, ScenarioReason reason, string mentions) =>
        Refused($$"""{ "name": "x", "phases": [{ "duration": "10m", "faults": [{{fault}}] }] }""", reason, mentions);

    [Theory]
    [InlineData("""[]""", ScenarioReason.OutOfRange, "1 … 100 phases")]
    [InlineData("""[{ "name": "a" }]""", ScenarioReason.MissingKey, "'duration' is missing")]
    [InlineData("""[{ "name": "a", "duration": "1m" }, { "name": "a", "duration": "1m" }]""", ScenarioReason.Impossible, "called 'a' already")]
    [InlineData("""[{ "duration": "1m", "require": { "lookupSuccess": 0.9 } }]""", ScenarioReason.Impossible, "there are none in this phase")]
    [InlineData("""[{ "duration": "1m", "require": { "lookupSuccess": 99 } }]""", ScenarioReason.OutOfRange, "0 … 1")]
    [InlineData("""[{ "duration": "1m", "require": { "ring": "fine" } }]""", ScenarioReason.UnknownWord, "correct")]
    [InlineData("""[{ "duration": "0s" }]""", ScenarioReason.OutOfRange, "1ms")]
    public void A_phase_is_refused_for_its_reason(string phases, ScenarioReason reason, string mentions) =>
        Refused($$"""{ "name": "x", "phases": {{phases}} }""", reason, mentions);

    [Theory]
    [InlineData("nodes", ScenarioReason.Syntax, "--set nodes: must be KEY=VALUE")]
    [InlineData("=5", ScenarioReason.Syntax, "KEY=VALUE")]
    [InlineData("a..b=5", ScenarioReason.Syntax, "KEY=VALUE")]
    [InlineData("nodes=0", ScenarioReason.OutOfRange, "--set nodes=0: nodes: must be a whole number in 1 … 10,000,000, not '0'")]
    [InlineData("nodes=many", ScenarioReason.WrongType, "not 'many'")]
    [InlineData("node=5", ScenarioReason.UnknownKey, "Did you mean 'nodes'?")]
    [InlineData("network.los=0.1", ScenarioReason.UnknownKey, "network.los: unknown key. Did you mean 'loss'?")]
    [InlineData("churn.session.median=1h", ScenarioReason.MissingKey, "'renewal' is missing")]
    [InlineData("phases[3].duration=1h", ScenarioReason.OutOfRange, "has 1 element(s), from [0]; there is no '3'")]
    [InlineData("name.x=1", ScenarioReason.Impossible, "is 'quiet' and has no parts")]
    [InlineData("network={\"loss\":}", ScenarioReason.Syntax, "not JSON")]
    [InlineData("workloads[0].rate=NaN", ScenarioReason.OutOfRange, "0 … 1,000")]
    public void A_bad_value_of_the_command_line_names_its_option(string text, ScenarioReason reason, string mentions)
    {
        var problem = Assert.Single(Assert.Throws<ScenarioException>(() => ScenarioReader.Find("quiet", [text])).Problems);

        Assert.Equal(reason, problem.Reason);
        Assert.Contains(mentions, problem.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("quite", ScenarioReason.UnknownScenario, "Did you mean 'quiet'?")]
    [InlineData("no-such-folder/x.json", ScenarioReason.FileMissing, "there is no such file")]
    public void A_scenario_that_is_not_there_is_refused(string name, ScenarioReason reason, string mentions)
    {
        var problem = Assert.Single(Assert.Throws<ScenarioException>(() => ScenarioReader.Find(name)).Problems);

        Assert.Equal(reason, problem.Reason);
        Assert.Contains(mentions, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_count_characters_not_bytes()
    {
        var problem = Assert.Single(Problems("""{ "name": "äöü", "nodes": -5 }"""));

        Assert.Equal(27, problem.Column);
    }

    [Fact]
    public void A_text_that_is_no_UTF8_or_too_deep_or_too_long_is_refused()
    {
        byte[][] texts =
        [
            [.. "{\"name\":\""u8, 0xFF, .. "\"}"u8], Encoding.ASCII.GetBytes(new string('[', 10_000)), Encoding.ASCII.GetBytes("\"" + new string('x', 2_000_000) + "\""),
        ];

        Assert.All(texts, text => Assert.Equal(ScenarioReason.Syntax, Assert.Throws<ScenarioException>(() => ScenarioReader.Read(text, "x")).Problems[0].Reason));
    }

    private static void Refused(string text, ScenarioReason reason, string mentions)
    {
        var problem = Assert.Single(Problems(text));

        Assert.Equal(reason, problem.Reason);
        Assert.Contains(mentions, problem.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<ScenarioProblem> Problems(string text) =>
        Assert.Throws<ScenarioException>(() => ScenarioReader.Read(Encoding.UTF8.GetBytes(text), "test.json")).Problems;
}
