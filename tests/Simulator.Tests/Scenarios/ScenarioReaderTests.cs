using System.Text;
using System.Text.Json;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Scenarios;

public sealed class ScenarioReaderTests
{
    [Fact]
    public void A_name_is_enough()
    {
        var scenario = Read("""{ "name": "x" }""");

        var phase = Assert.Single(scenario.Phases);
        Assert.Equal((1000, 1UL, StartState.Ideal, LinkMode.Links, false), (scenario.Nodes, scenario.Seed, scenario.Start, scenario.Mode, scenario.Wire));
        Assert.Equal(("run", TimeSpan.FromMinutes(10)), (phase.Name, phase.Duration));
        Assert.Equal(OverlayOptions.Default, scenario.Options);
        Assert.Equal(ChurnSpec.None, scenario.Churn);
        Assert.Equal(Enum.GetValues<CheckKind>(), scenario.Checks);
    }

    [Fact]
    public void Every_part_of_a_scenario_is_read()
    {
        var scenario = Read("""
            {
              // Comments and commas before a bracket are welcome.
              "$schema": "scenario.schema.json",
              "name": "all", "nodes": 1e4, "seed": 18446744073709551615, "start": "join", "joinOver": "5m", "wire": true,
              "overlay": { "successors": 20, "fingers": 48, "maxLinks": 100, "stabilizePeriod": "3s" },
              "network": {
                "delay": { "model": "uniform", "from": "1ms", "to": "100ms" }, "loss": 0.01, "upBytesPerSecond": 125000,
                "setUp": { "roundTrips": 4.5, "failure": 0.1, "silentFailure": 0.05, "bytes": 9000 },
                "nat": { "open": 0.3, "cone": 0.5, "symmetric": 0.15, "udpBlocked": 0.05 }
              },
              "churn": { "renewal": "alternating", "graceful": 0.5,
                "session": { "model": "weibull", "shape": 0.5, "median": "60m" }, "downtime": { "model": "exponential", "mean": "1h" } },
              "workloads": [{ "kind": "messages", "rate": 0.1, "bytes": 100, "arrivals": "periodic", "keys": { "model": "zipf", "exponent": 1.2, "universe": 50 } }],
              "phases": [
                { "name": "safety", "duration": "8m", "faults": [
                  { "kind": "partition", "at": "1m", "parts": [0.5, 0.3, 0.2], "for": "2m", "oneWay": true },
                  { "kind": "rollingRestart", "at": "2m", "every": "2s", "for": "10s", "count": 20 }] },
                { "duration": "2m", "churn": "none", "workloads": [{ "kind": "lookups", "rate": 1 }], "require": { "lookupSuccess": 0.99, "p99Latency": "2s", "ring": "correct" } }
              ],
              "checks": ["invariant", "owners"], "sampleEvery": "500ms",
            }
            """);

        Assert.Equal((10_000, ulong.MaxValue, StartState.Join, TimeSpan.FromMinutes(5)), (scenario.Nodes, scenario.Seed, scenario.Start, scenario.JoinOver));
        Assert.Equal((20, 48, TimeSpan.FromSeconds(3)), (scenario.Options.SuccessorListLength, scenario.Options.MaxFingers, scenario.Options.StabilizePeriod));
        Assert.Equal(new DelaySpec { Law = DelayLaw.Uniform }, scenario.Network.Delay);
        Assert.Equal(new NatSpec { Open = 0.3, Cone = 0.5, Symmetric = 0.15, UdpBlocked = 0.05 }, scenario.Network.Nat);
        Assert.Equal(new DurationSpec(DurationLaw.Weibull) { Shape = 0.5, Median = TimeSpan.FromHours(1) }, scenario.Churn.Session);
        Assert.Equal(new KeySpec { Law = KeyLaw.Zipf, Exponent = 1.2, Universe = 50 }, Assert.Single(scenario.Workloads).Keys);
        Assert.Equal(["safety", "phase 2"], scenario.Phases.Select(phase => phase.Name));
        Assert.Equal([0.5, 0.3, 0.2], scenario.Phases[0].Faults[0].Parts);
        Assert.Same(scenario.Churn, scenario.ChurnOf(scenario.Phases[0]));
        Assert.Equal(ChurnSpec.None, scenario.ChurnOf(scenario.Phases[1]));
        Assert.Equal(new Requirements { LookupSuccess = 0.99, P99Latency = TimeSpan.FromSeconds(2), CorrectRing = true }, scenario.Phases[1].Require);
        Assert.Equal([CheckKind.Invariant, CheckKind.Owners], scenario.Checks);
    }

    [Fact]
    public void What_is_written_reads_as_the_same_scenario()
    {
        foreach (var name in BuiltIns.Names)
        {
            var scenario = ScenarioReader.Find(name);
            var written = ScenarioReader.ToText(scenario);

            Assert.Equal(written, ScenarioReader.ToText(Read(written)));
        }
    }

    [Fact]
    public void A_scenario_inside_a_result_has_the_form_of_a_file()
    {
        var scenario = ScenarioReader.Find("heavy-churn");

        var json = JsonSerializer.Serialize(scenario);
        var back = JsonSerializer.Deserialize<Scenario>(json)!;

        Assert.Contains("\"duration\":\"50m\"", json, StringComparison.Ordinal);
        Assert.Equal(ScenarioReader.ToText(scenario), ScenarioReader.ToText(back));
    }

    [Fact]
    public void The_last_phase_fills_the_duration_that_the_scenario_states()
    {
        var scenario = Read("""{ "name": "x", "duration": "1h", "phases": [{ "duration": "40m" }, { "name": "rest" }] }""");

        Assert.Equal([TimeSpan.FromMinutes(40), TimeSpan.FromMinutes(20)], scenario.Phases.Select(phase => phase.Duration));
    }

    [Fact]
    public void Another_duration_keeps_the_proportions_of_phases_and_faults()
    {
        var scenario = ScenarioReader.Find("heavy-churn").WithDuration(TimeSpan.FromMinutes(6));

        Assert.Equal([TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1)], scenario.Phases.Select(phase => phase.Duration));
        Assert.Equal(TimeSpan.FromSeconds(90), scenario.Phases[0].Faults[0].At);
        Assert.Equal(TimeSpan.FromSeconds(6), scenario.Phases[0].Faults[2].For);
        Assert.Equal(TimeSpan.FromMinutes(6), scenario.Duration);
    }

    [Fact]
    public void Every_tunable_of_a_node_has_its_key()
    {
        var reference = JsonDocument.Parse(ScenarioReader.ToText(Read("""{ "name": "x" }"""))).RootElement.GetProperty("overlay");

        var tunables = typeof(OverlayOptions).GetProperties().Count(property => property.CanWrite && property.Name != nameof(OverlayOptions.Topology)); // That one is the scenario's own key.
        Assert.Equal(tunables, reference.EnumerateObject().Count());
    }

    [Fact]
    public void A_file_is_found_from_the_folder_of_its_scenario()
    {
        var folder = Directory.CreateTempSubdirectory("overlay-scenario-");
        File.WriteAllText(Path.Combine(folder.FullName, "trace.csv"), "node,up,down\n");
        var path = Path.Combine(folder.FullName, "with-trace.json");
        File.WriteAllText(path, """{ "name": "x", "churn": { "renewal": "trace", "trace": "trace.csv" } }""");

        var scenario = ScenarioReader.Find(path);
        folder.Delete(recursive: true);

        Assert.Equal(Path.Combine(folder.FullName, "trace.csv"), scenario.Churn.Trace);
    }

    [Theory]
    [InlineData("nodes=42", 42)]
    [InlineData("nodes=2e3", 2000)]
    public void A_value_of_the_command_line_goes_over_the_file(string text, int nodes) => Assert.Equal(nodes, ScenarioReader.Find("quiet", [text]).Nodes);

    [Fact]
    public void Values_of_the_command_line_reach_every_depth()
    {
        var scenario = ScenarioReader.Find("heavy-churn",
        [
            "churn.session.median=1.4m", "phases[0].duration=40m", "phases.1.require.lookupSuccess=0.5", "network.delay={\"model\":\"constant\",\"oneWay\":\"10ms\"}",
            "wire=true", "checks=owners,bounds", "overlay.successors=4", "name=\"123\"",
        ]);

        Assert.Equal(TimeSpan.FromSeconds(84), scenario.Churn.Session!.Median);
        Assert.Equal((TimeSpan.FromMinutes(40), 0.5), (scenario.Phases[0].Duration, scenario.Phases[1].Require.LookupSuccess));
        Assert.Equal((DelayLaw.Constant, TimeSpan.FromMilliseconds(10)), (scenario.Network.Delay.Law, scenario.Network.Delay.OneWay));
        Assert.Equal((true, 4, "123"), (scenario.Wire, scenario.Options.SuccessorListLength, scenario.Name));
        Assert.Equal([CheckKind.Owners, CheckKind.Bounds], scenario.Checks);
    }

    private static Scenario Read(string text) => ScenarioReader.Read(Encoding.UTF8.GetBytes(text), "test.json");
}
