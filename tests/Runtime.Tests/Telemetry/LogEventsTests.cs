using System.Text.RegularExpressions;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>Operators search for numbers of events: they stay what they are, and are written down.</summary>
public sealed partial class LogEventsTests
{
    [Fact]
    public void The_documentation_has_every_log_event_with_its_level_and_its_text()
    {
        var events = EventsInCode();

        Assert.True(events.Count > 25, "the pattern does not find the events any more");
        Assert.Equal(events.Order(StringComparer.Ordinal), Documentation.RowsOf("telemetry.md", "Event").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_two_log_events_of_a_part_have_one_number()
    {
        var numbers = EventsInCode().Select(row => string.Join('|', row.Split('|')[1..3])).ToArray();

        Assert.Equal(numbers.Distinct().Order(), numbers.Order());
    }

    private static List<string> EventsInCode()
    {
        var rows = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Documentation.Root, "src"), "*.cs", SearchOption.AllDirectories))
        {
            var isHub = file.Contains(Path.Combine("src", "Hub"), StringComparison.Ordinal);
            foreach (Match match in LogEvent().Matches(File.ReadAllText(file)))
            {
                rows.Add($"| {match.Groups["id"].Value} | {(isHub ? "hub" : "node")} | {match.Groups["level"].Value} | {match.Groups["text"].Value} |");
            }
        }

        return rows;
    }

    [GeneratedRegex("""\[LoggerMessage\((EventId = )?(?<id>\d+), (Level = )?LogLevel\.(?<level>\w+), (Message = )?"(?<text>[^"]*)"\)\]""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LogEvent();
}
