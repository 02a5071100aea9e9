using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Overlay.Simulator.Scenarios;
using Spectre.Console;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator list</c>, <c>show</c> and <c>schema</c>: what can be run, and what a scenario may say.</summary>
internal static class ListCommand
{
    /// <summary><c>simulator list</c>: the named experiments.</summary>
    public static Command Create()
    {
        var json = CommonOptions.Json("A JSON list instead of a table.");
        var command = new Command("list", "The named experiments that come with the simulator.") { json };
        command.SetAction(parsed =>
        {
            var scenarios = BuiltIns.Names.Select(name => ScenarioReader.Find(name)).ToList();
            if (parsed.GetValue(json))
            {
                var items = scenarios.Select(one => new { one.Name, one.Description, one.Nodes, duration = Durations.Format(one.Duration), phases = one.Phases.Select(phase => phase.Name) });
                Console.WriteLine(JsonSerializer.Serialize(items, CommonOptions.JsonForm));
                return CommandFailures.Done;
            }

            Print(scenarios);
            return CommandFailures.Done;
        });
        return command;
    }

    /// <summary><c>simulator show</c>: one scenario with every default filled in.</summary>
    public static Command CreateShow()
    {
        var arguments = new ScenarioArguments();
        var command = arguments.AddTo(new("show", "A scenario as it would run, every default filled in; a good start for a file of your own."));
        command.SetAction(parsed => CommandFailures.Guard(() =>
        {
            Console.WriteLine(ScenarioReader.ToText(arguments.Read(parsed)));
            return CommandFailures.Done;
        }));
        return command;
    }

    /// <summary><c>simulator schema</c>: the JSON schema of scenario files.</summary>
    public static Command CreateSchema()
    {
        var command = new Command("schema", "The JSON schema of scenario files, for editors.");
        command.SetAction(_ =>
        {
            Console.Write(ScenarioSchema.ToText());
            return CommandFailures.Done;
        });
        return command;
    }

    private static void Print(List<Scenario> scenarios)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("name").AddColumn("nodes", column => column.RightAligned())
            .AddColumn("duration", column => column.RightAligned()).AddColumn("what it shows");
        foreach (var one in scenarios)
        {
            table.AddRow(Markup.Escape(one.Name), one.Nodes.ToString("#,0", CultureInfo.InvariantCulture), Durations.Format(one.Duration), Markup.Escape(one.Description));
        }

        Terminal.OfProcess.Write(table);
    }
}
