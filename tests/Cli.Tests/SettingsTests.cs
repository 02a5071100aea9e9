using System.Text.Json;
using Overlay.Cli.Worker;
using Overlay.Exporting;
using Overlay.Nodes;
using Overlay.Nodes.Hosting.Configuration;
using Overlay.Nodes.Hosting.Health;

namespace Overlay.Cli.Tests;

/// <summary>The worker's <c>appsettings.json</c> and the table of docs/hosting.md: every option with its default, and none that is not there.</summary>
public sealed class SettingsTests
{
    private static readonly string Folder = Tool.RepositoryRoot();

    [Fact]
    public void Every_option_stands_in_the_settings_with_its_default_and_none_is_unknown()
    {
        var written = new Dictionary<string, string>(StringComparer.Ordinal);
        using var settings = JsonDocument.Parse(File.ReadAllText(SettingsFile), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        Flatten(settings.RootElement.GetProperty("Overlay"), "Overlay", written);

        Assert.Equal(Expected().Order(StringComparer.Ordinal), written.Select(pair => $"{pair.Key} = {pair.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_key_of_the_settings_has_a_comment_above_it()
    {
        var lines = File.ReadAllLines(SettingsFile).Select(line => line.Trim()).ToList();

        for (var i = 1; i < lines.Count; i++)
        {
            Assert.True(!lines[i].StartsWith('"') || lines[i - 1].StartsWith("//", StringComparison.Ordinal) || IsOfFramework(lines[i]), $"{lines[i]} has no comment");
        }

        static bool IsOfFramework(string line) => line.StartsWith("\"Overlay\"", StringComparison.Ordinal) || line.StartsWith("\"LogLevel\"", StringComparison.Ordinal)
            || line.StartsWith("\"Default\"", StringComparison.Ordinal) || line.StartsWith("\"Console\"", StringComparison.Ordinal) || line.StartsWith("\"Overlay.Nodes", StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_change_while_the_node_runs_are_marked_and_no_others()
    {
        var lines = File.ReadAllLines(SettingsFile).Select(line => line.Trim()).ToList();
        var marked = lines.Where((line, i) => line.StartsWith('"') && lines[i - 1].Contains(" live", StringComparison.Ordinal) && !line.EndsWith('{')).Select(line => line.Split('"')[1]);

        Assert.Equal(NodeOptionKeys.All.Where(key => key.IsLive).Select(key => key.Path.Split(':')[^1]), marked);
    }

    [Fact]
    public void The_table_of_the_documentation_has_every_option_with_default_range_and_liveness()
    {
        var documentation = File.ReadAllText(Path.Combine(Folder, "docs", "hosting.md"));
        var defaults = new NodeOptions();

        foreach (var key in NodeOptionKeys.All)
        {
            var row = Row(key, defaults);
            Assert.True(documentation.Contains(row, StringComparison.Ordinal), $"docs/hosting.md lacks the row\n{row}");
        }
    }

    private static string SettingsFile => Path.Combine(Folder, "src", "Cli", "appsettings.json");

    private static string Row(OptionKey key, NodeOptions defaults) =>
        $"| `{key.Path}` | {(key.IsList || key.Read(defaults).Length == 0 ? "" : $"`{key.Read(defaults)}`")} | {key.Range}{(key.IsSecret ? "; secret" : "")} | {(key.IsLive ? "yes" : "")} |".Replace("  ", " ", StringComparison.Ordinal);

    private static IEnumerable<string> Expected()
    {
        foreach (var (section, keys, defaults) in new (string, IReadOnlyList<OptionKey>, object)[]
        {
            ("Overlay:Node", NodeOptionKeys.All, new NodeOptions()),
            ("Overlay:Otlp", OtlpOptionKeys.All, new OtlpOptions()),
            (OverlayHealthOptions.ConfigurationSection, HealthOptionKeys.All, new OverlayHealthOptions()),
            (WorkerOptions.Section.Path, WorkerOptions.Section.Keys, new WorkerOptions()),
        })
        {
            foreach (var key in keys)
            {
                // The list of meters in the settings is added to the default.
                yield return $"{section}:{key.Path} = {(key.IsList ? "[]" : key.Read(defaults))}";
            }
        }
    }

    private static void Flatten(JsonElement at, string path, Dictionary<string, string> written)
    {
        foreach (var property in at.EnumerateObject())
        {
            var here = $"{path}:{property.Name}";
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                Flatten(property.Value, here, written);
            }
            else
            {
                written[here] = property.Value.ValueKind switch
                {
                    JsonValueKind.String => property.Value.GetString()!,
                    JsonValueKind.Null => "null",
                    _ => property.Value.GetRawText(),
                };
            }
        }
    }
}
