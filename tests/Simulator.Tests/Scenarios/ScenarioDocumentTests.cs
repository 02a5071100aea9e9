using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Scenarios;

/// <summary><c>docs/scenarios.md</c> says what the reader reads.</summary>
public sealed partial class ScenarioDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(Tool.RepositoryRoot(), "docs/scenarios.md"));

    [Fact]
    public void The_example_of_the_document_is_a_scenario()
    {
        var example = Example().Match(Document).Groups[1].Value;

        var scenario = ScenarioReader.Read(Encoding.UTF8.GetBytes(example), "docs/scenarios.md");

        Assert.Equal(("evening", 2, TimeSpan.FromHours(1)), (scenario.Name, scenario.Phases.Count, scenario.Duration));
    }

    [Fact]
    public void Every_key_but_the_tunables_of_a_node_is_in_the_document()
    {
        var schema = JsonNode.Parse(ScenarioSchema.ToText())!.AsObject();
        var keys = Keys(schema).Concat(schema["$defs"]!.AsObject().Where(pair => pair.Key != "overlay").SelectMany(pair => Keys(pair.Value!))).Distinct(StringComparer.Ordinal);

        Assert.All(keys, key => Assert.True(Document.Contains($"`{key}`", StringComparison.Ordinal) || Document.Contains($"\"{key}\"", StringComparison.Ordinal), key));
    }

    private static IEnumerable<string> Keys(JsonNode shape) =>
        (shape["oneOf"] is JsonArray kinds ? kinds : [shape.DeepClone()]).SelectMany(kind => kind!["properties"]!.AsObject().Select(pair => pair.Key));

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
