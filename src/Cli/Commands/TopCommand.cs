using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Overlay.Cli.Diagnostics;
using Overlay.Cli.Output;
using Overlay.Nodes;
using Overlay.Runtime.Diagnostics;
using Spectre.Console;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay top</c>: the members of a network, their links and rates, again and again.</summary>
internal static class TopCommand
{
    /// <summary>Lines of a terminal that are not rows.</summary>
    private const int OtherLines = 7;

    private const string Description =
        "Show the members of a network with their links and rates, refreshed. Every member is asked by routed messages, at a bounded rate; rates are those between two of a member's answers. ";

    public static Command Create()
    {
        var hubs = CommonOptions.Hubs();
        var timeout = CommonOptions.Timeout(20);
        var json = CommonOptions.Json();
        var interval = Interval();
        var once = new Option<bool>("--once") { Description = "Show one table and end; members are asked twice, one interval apart, for the rates." };
        var sort = Sort();
        var rate = CommonOptions.Number("--rate", 1, 200, 50, "Questions to members in a second, at the most: 1 … 200. Default: 50.");
        var members = CommonOptions.Number("--members", 1, 100_000, 4096, "Members that are asked, at the most. Default: 4096.");
        var command = new Command("top", Description + ExitCodes.Help) { hubs, timeout, json, interval, once, sort, rate, members };
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            var run = new TopRun(terminal, parsed.GetValue(interval), parsed.GetValue(once), new TopSampler(parsed.GetValue(sort)))
            {
                Crawl = new CrawlOptions { MaxPerSecond = parsed.GetValue(rate), MaxMembers = parsed.GetValue(members) },
            };
            return Failures.GuardAsync(terminal, stop => RunAsync(SendCommand.Guest(parsed.GetValue(hubs)!, parsed.GetValue(timeout)), run, stop), cancellationToken);
        });
        return command;
    }

    private static Option<TimeSpan> Interval() => new("--interval")
    {
        Description = "Time between two tables: 500ms … 1h. Default: 2s. A walk through many members may take longer.",
        DefaultValueFactory = _ => TimeSpan.FromSeconds(2),
        CustomParser = static result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (Durations.TryParse(text, out var duration) && duration >= TimeSpan.FromMilliseconds(500) && duration <= TimeSpan.FromHours(1))
            {
                return duration;
            }

            result.AddError($"--interval: '{text}' is no duration in 500ms … 1h. Write 500ms, 2s or 1m.");
            return default;
        },
    };

    private static Option<TopOrder> Sort()
    {
        var words = string.Join(", ", Enum.GetValues<TopOrder>().Select(WayView.Word));
        return new("--sort")
        {
            Description = $"Which column decides the order: {words}. Default: id.",
            DefaultValueFactory = _ => TopOrder.Id,
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                foreach (var order in Enum.GetValues<TopOrder>())
                {
                    if (WayView.Word(order) == text)
                    {
                        return order;
                    }
                }

                result.AddError($"--sort: '{text}' is none of {words}.");
                return default;
            },
        };
    }

    private static async Task<int> RunAsync(NodeOptions guest, TopRun run, CancellationToken cancellationToken)
    {
        await using var node = await Node.StartAsync(guest, cancellationToken).ConfigureAwait(false);
        if (run.IsOnce)
        {
            var before = await WalkAsync(node, run, cancellationToken).ConfigureAwait(false);
            var wait = run.Interval - before.Took;
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            Write(run.Terminal, await WalkAsync(node, run, cancellationToken).ConfigureAwait(false), int.MaxValue);
            return ExitCodes.Done;
        }

        if (!run.Terminal.IsLive)
        {
            return await RepeatAsync(node, run, table => Write(run.Terminal, table, int.MaxValue), cancellationToken).ConfigureAwait(false);
        }

        var live = run.Terminal.Console.Live(new Text("asking …")).AutoClear(true);
        return await live.StartAsync(context => RepeatAsync(node, run, table => Show(run, table, context.UpdateTarget), cancellationToken)).ConfigureAwait(false);
    }

    private static void Show(TopRun run, TopTable table, Action<Spectre.Console.Rendering.IRenderable> show) =>
        show(Render(table, Math.Max(1, run.Terminal.Console.Profile.Height - OtherLines)));

    private static async Task<int> RepeatAsync(Node node, TopRun run, Action<TopTable> show, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && !node.Ended.IsCancellationRequested)
        {
            var table = await WalkAsync(node, run, cancellationToken).ConfigureAwait(false);
            show(table);
            var wait = run.Interval - table.Took;
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        }

        return run.Terminal.Fail(ExitCodes.Failed, "Stopped", "The node that asks has ended by itself. Start the command again.");
    }

    private static async Task<TopTable> WalkAsync(Node node, TopRun run, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var members = new List<MemberState>();
        await foreach (var member in node.CrawlAsync(run.Crawl with { Seeds = run.Sampler.Known }, cancellationToken).ConfigureAwait(false))
        {
            members.Add(member);
        }

        return run.Sampler.Take(members, clock.Elapsed);
    }

    private static void Write(Terminal terminal, TopTable table, int mostRows)
    {
        terminal.WriteJson(new
        {
            type = "top",
            members = table.Members,
            unanswered = table.Unanswered,
            linkEnds = table.LinkEnds,
            relayedLinkEnds = table.RelayedLinkEnds,
            messagesPerSecond = Rounded(table.MessagesPerSecond),
            seconds = Math.Round(table.Took.TotalSeconds, 3),
            nodes = table.Rows.Select(static row => new
            {
                id = row.Id,
                outcome = row.Outcome,
                phase = row.Phase,
                before = row.Before,
                links = row.Links,
                relayedLinks = row.RelayedLinks,
                rttMs = row.RoundTrip is { } trip ? WayView.Rounded(trip) : (double?)null,
                messagesPerSecond = Rounded(row.MessagesPerSecond),
                bytesPerSecond = Rounded(row.BytesPerSecond),
                relayedBytesPerSecond = Rounded(row.RelayedBytesPerSecond),
                dropsPerSecond = Rounded(row.DropsPerSecond),
                uptimeSeconds = row.Uptime is { } up ? Math.Round(up.TotalSeconds, 1) : (double?)null,
            }),
        });
        if (!terminal.IsJson)
        {
            terminal.Console.Write(Render(table, mostRows));
        }
    }

    private static Table Render(TopTable top, int mostRows)
    {
        var table = WayView.Columns("id", "phase", "before", "links", "relayed", "rtt ms", "msg/s", "kB/s", "relay kB/s", "drops/s", "up")
            .Title($"{top.Members} members, {top.LinkEnds / 2} links ({top.RelayedLinkEnds / 2} relayed){(top.Unanswered == 0 ? "" : $", {top.Unanswered} without an answer")}; asked in {top.Took.TotalSeconds:F1} s");
        foreach (var row in top.Rows.Take(mostRows))
        {
            table.AddRow(
                row.Id.ToString(),
                row.Phase is { } phase ? WayView.Word(phase) : WayView.Word(row.Outcome),
                row.Before?.ToString() ?? "",
                row.Phase is null ? "" : $"{row.Links}",
                row.Phase is null ? "" : $"{row.RelayedLinks}",
                row.RoundTrip is null ? "" : WayView.Text(row.RoundTrip),
                Text(row.MessagesPerSecond),
                Text(row.BytesPerSecond / 1000),
                Text(row.RelayedBytesPerSecond / 1000),
                Text(row.DropsPerSecond),
                row.Uptime is { } up ? up.ToString(up.TotalDays < 1 ? @"hh\:mm\:ss" : @"d\.hh\:mm", CultureInfo.InvariantCulture) : "");
        }

        return top.Rows.Count > mostRows ? table.Caption($"and {top.Rows.Count - mostRows} more") : table;
    }

    private static string Text(double? value) => value?.ToString("F1", CultureInfo.InvariantCulture) ?? "";

    private static double? Rounded(double? value) => value is { } known ? Math.Round(known, 1) : null;
}

/// <summary>What one run of <c>overlay top</c> is to do.</summary>
internal sealed record TopRun(Terminal Terminal, TimeSpan Interval, bool IsOnce, TopSampler Sampler)
{
    /// <summary>How fast and how far.</summary>
    public required CrawlOptions Crawl { get; init; }
}
