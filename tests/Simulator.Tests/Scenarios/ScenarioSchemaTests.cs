using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Scenarios;

public sealed class ScenarioSchemaTests
{
    [Fact]
    public void The_schema_file_is_what_the_reader_reads()
    {
        var path = Path.Combine(Tool.RepositoryRoot(), "simulator/Scenarios/scenario.schema.json");

        Assert.True(File.ReadAllText(path) == ScenarioSchema.ToText(), "simulator/Scenarios/scenario.schema.json differs; write it anew with: simulator schema > simulator/Scenarios/scenario.schema.json");
    }

    [Fact]
    public void Every_reference_of_the_schema_leads_to_a_definition()
    {
        var schema = JsonNode.Parse(ScenarioSchema.ToText())!;
        var definitions = schema["$defs"]!.AsObject();

        var references = References(schema).Distinct(StringComparer.Ordinal).ToList();

        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.True(definitions.ContainsKey(reference["#/$defs/".Length..]), reference));
    }

    [Fact]
    public void Every_key_is_explained()
    {
        using var schema = JsonDocument.Parse(ScenarioSchema.ToText());
        var properties = schema.RootElement.GetProperty("$defs").EnumerateObject()
            .SelectMany(one => one.Value.TryGetProperty("oneOf", out var kinds) ? kinds.EnumerateArray() : Enumerable.Repeat(one.Value, 1))
            .SelectMany(one => one.GetProperty("properties").EnumerateObject()).ToList();

        Assert.True(properties.Count > 80);
        Assert.All(properties, property => Assert.True(property.Value.GetProperty("description").GetString()!.Length > 8, property.Name));
    }

    [Fact]
    public void Every_built_in_scenario_says_what_it_shows()
    {
        string[] wanted =
        [
            "broadcast", "failure-detection", "flash-crowd", "half-dies", "heavy-churn", "hub-returns", "hub-returns-to-strangers", "join-2000", "join-storm", "life-without-hub-day", "lookups-zipf", "lossy",
            "mass-failure", "million", "names-churn", "nat-mix", "netsplit", "netsplit-uneven", "quiet", "rings-by-introducers", "rolling-restart", "suspended-nodes", "tree-broadcast", "tree-failure-detection", "tree-names",
            "tree-netsplit", "tree-quiet", "tree-repair", "tree-shape", "tree-storm", "two-rings-one-hub", "weibull-churn",
        ];

        Assert.Subset(BuiltIns.Names.ToHashSet(StringComparer.Ordinal), wanted.ToHashSet(StringComparer.Ordinal));
        foreach (var name in BuiltIns.Names)
        {
            var scenario = ScenarioReader.Find(name);

            Assert.Equal(name, scenario.Name);
            Assert.True(scenario.Description.Length > 30, name);
        }
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject whole => whole.SelectMany(pair => pair.Key == "$ref" ? [pair.Value!.GetValue<string>()] : References(pair.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
