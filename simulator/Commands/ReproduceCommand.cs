using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Overlay.Simulator.Experiments;
using Spectre.Console;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator reproduce</c>: published tables, done again with Overlay's own nodes.</summary>
internal static class ReproduceCommand
{
    private const int MinNodes = 4;
    private const int MaxNodes = 10_000_000;

    public static Command Create()
    {
        var json = CommonOptions.Json("JSON instead of a table.");
        var command = new Command("reproduce", "Published tables, done again with Overlay's own nodes. Without a name: lists them.") { json };
        command.SetAction(parsed => List(parsed.GetValue(json)));
        foreach (var reproduction in Reproductions.All)
        {
            command.Add(Create(reproduction));
        }

        return command;
    }

    private static Command Create(Reproduction reproduction)
    {
        var seed = CommonOptions.Seed();
        var quick = new Option<bool>("--quick") { Description = "Fewer look-ups or less simulated time: the same experiment with a wider error." };
        var json = CommonOptions.Json();
        var nodes = CommonOptions.NumberOrNone("--nodes", 32, 1_000_000, "Another number of nodes than the published one, 32 to 1,000,000.");
        var all = reproduction.Rows(new ReproductionSettings());
        var rows = new Option<string[]>("--rows")
        {
            Description = $"Only these rows, apart by commas: {string.Join(",", all)}",
            CustomParser = result => result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToArray(),
            AllowMultipleArgumentsPerToken = true,
        };
        var hasRowsOfNodes = reproduction is ChordPathLength;
        rows.Validators.Add(result =>
        {
            foreach (var row in result.GetValueOrDefault<string[]>() ?? [])
            {
                if (hasRowsOfNodes ? !IsNodes(row) : !all.Contains(row))
                {
                    result.AddError(hasRowsOfNodes
                        ? string.Create(CultureInfo.InvariantCulture, $"{result.Option.Name} takes whole numbers from {MinNodes} to {MaxNodes} apart by commas, not {row}.")
                        : $"{result.Option.Name} has no row {row}; there are {string.Join(", ", all)}.");
                }
            }
        });

        var command = new Command(reproduction.Name, reproduction.Summary) { rows, seed, quick, json };
        if (hasRowsOfNodes)
        {
            rows.Aliases.Add("--nodes"); // Its rows are numbers of nodes.
        }
        else
        {
            command.Add(nodes);
        }

        command.SetAction((parsed, stop) =>
        {
            var settings = new ReproductionSettings { Seed = parsed.GetValue(seed), IsQuick = parsed.GetValue(quick), Nodes = hasRowsOfNodes ? null : parsed.GetValue(nodes), Stop = stop };
            var chosen = parsed.GetValue(rows) is { Length: > 0 } named ? named : [.. all];
            return Task.FromResult(CommandFailures.Guard(() => Run(reproduction, chosen, settings, parsed.GetValue(json))));
        });
        return command;
    }

    private static bool IsNodes(string row) =>
        int.TryParse(row, NumberStyles.None, CultureInfo.InvariantCulture, out var nodes) && nodes is >= MinNodes and <= MaxNodes;

    private static int List(bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(Reproductions.All.Select(one => new { one.Name, one.Summary, one.Source, rows = one.Rows(new ReproductionSettings()) }), CommonOptions.JsonForm));
            return CommandFailures.Done;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumn("simulator reproduce").AddColumn("what it shows");
        foreach (var one in Reproductions.All)
        {
            table.AddRow(Markup.Escape(one.Name), Markup.Escape(one.Summary));
        }

        Terminal.OfProcess.Write(table);
        return CommandFailures.Done;
    }

    private static int Run(Reproduction reproduction, string[] rows, ReproductionSettings settings, bool json)
    {
        var measured = new List<ReproducedRow>();
        var isWhole = true;
        try
        {
            if (json)
            {
                measured.AddRange(rows.Select(row => reproduction.Measure(row, settings, SayNowAndThen(reproduction, row))));
            }
            else
            {
                Terminal.OfProcess.Progress().Start(context => MeasureWatched(context, reproduction, rows, settings, measured));
            }
        }
        catch (OperationCanceledException)
        {
            isWhole = false; // What is there already is shown.
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(Describe(reproduction, settings, measured, isWhole), CommonOptions.JsonForm));
        }
        else
        {
            Print(reproduction, settings, measured, isWhole);
        }

        return !isWhole ? CommandFailures.Interrupted : measured.TrueForAll(row => row.IsMet) ? CommandFailures.Done : CommandFailures.PromiseBroken;
    }

    /// <summary>Where the output is JSON, how far it is goes to the other stream, a line now and then.</summary>
    private static Action<double> SayNowAndThen(Reproduction reproduction, string row) => ProgressView.NowAndThen<double>(
        ProgressView.LineEvery,
        done => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{reproduction.RowTitle} {row}: {done * 100:0} %")));

    private static void MeasureWatched(ProgressContext context, Reproduction reproduction, string[] rows, ReproductionSettings settings, List<ReproducedRow> measured)
    {
        var tasks = rows.Select(row => context.AddTask(Markup.Escape($"{reproduction.RowTitle} {row}"), autoStart: false, maxValue: 1)).ToArray();
        for (var at = 0; at < rows.Length; at++)
        {
            var task = tasks[at];
            task.StartTask();
            measured.Add(reproduction.Measure(rows[at], settings, done => task.Value = done));
            task.Value = 1;
            task.StopTask();
        }
    }

    private static object Describe(Reproduction reproduction, ReproductionSettings settings, List<ReproducedRow> measured, bool isWhole) => new
    {
        reproduction.Name,
        reproduction.Source,
        settings.Seed,
        quick = settings.IsQuick,
        settings.Nodes,
        complete = isWhole,
        met = measured.TrueForAll(row => row.IsMet),
        rows = measured.Select(row => new { row.Label, met = row.IsMet, row.Figures, row.Remarks }),
        reproduction.Reasons,
    };

    private static void Print(Reproduction reproduction, ReproductionSettings settings, List<ReproducedRow> measured, bool isWhole)
    {
        if (measured.Count > 0)
        {
            Terminal.OfProcess.Write(ToTable(reproduction, measured));
        }

        Console.WriteLine($"Published: {reproduction.Source}");
        foreach (var reason in reproduction.Reasons)
        {
            Console.WriteLine($"- {reason}");
        }

        foreach (var remark in measured.SelectMany(row => row.Remarks))
        {
            Console.WriteLine(remark);
        }

        foreach (var row in measured)
        {
            foreach (var missed in row.Figures.Where(figure => !figure.IsMet))
            {
                Console.WriteLine($"MISSED: {reproduction.RowTitle} {row.Label}: {missed.Name} {Text(missed.Value, missed.Digits)}, asked for {BarOf(missed)}");
            }
        }

        var verdict = measured.TrueForAll(row => row.IsMet) ? "all bars met" : "bars MISSED";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Seed {settings.Seed}{(settings.IsQuick ? ", quick" : "")}{(isWhole ? "" : ", interrupted")}: {verdict}."));
    }

    private static Table ToTable(Reproduction reproduction, List<ReproducedRow> measured)
    {
        var table = new Table().Border(TableBorder.Simple).Title(Markup.Escape(reproduction.Name));
        table.AddColumn(Column(reproduction.RowTitle));
        var columns = measured[0].Figures;
        foreach (var figure in columns)
        {
            table.AddColumn(Column(figure.Name));
            if (figure.Published is not null)
            {
                table.AddColumn(Column("published"));
                table.AddColumn(Column("dev."));
            }
        }

        foreach (var row in measured)
        {
            var cells = new List<string> { row.Label };
            foreach (var figure in row.Figures)
            {
                cells.Add(Text(figure.Value, figure.Digits) + (figure.IsMet ? "" : "!"));
                if (figure.Published is not null)
                {
                    cells.Add(Text(figure.Published, figure.Digits));
                    cells.Add(figure.Deviation is { } deviation ? string.Create(CultureInfo.InvariantCulture, $"{deviation * 100:+0;-0;0}%") : "-");
                }
            }

            table.AddRow([.. cells.Select(Markup.Escape)]);
        }

        return table;
    }

    private static TableColumn Column(string title) => new TableColumn(Markup.Escape(title)).RightAligned().Padding(1, 0, 0, 0);

    private static string Text(double? value, int digits) => value?.ToString($"F{digits}", CultureInfo.InvariantCulture) ?? "-";

    private static string BarOf(Figure figure)
    {
        var parts = new List<string>();
        if (figure.AtMost is { } most)
        {
            parts.Add($"at most {Text(most, figure.Digits)}");
        }

        if (figure.AtLeast is { } least)
        {
            parts.Add($"at least {Text(least, figure.Digits)}");
        }

        if (figure.Within is { } within)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"within {within * 100:0.#} % of {Text(figure.Published, figure.Digits)}"));
        }

        return string.Join(" and ", parts);
    }
}
