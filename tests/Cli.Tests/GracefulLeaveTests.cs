using System.Text.Json;

namespace Overlay.Cli.Tests;

/// <summary>A worker that is told to stop while messages go to it, from it and through it.</summary>
public sealed class GracefulLeaveTests : CommandTest
{
    private const int Messages = 150;

    // Linked to the next ones only, so that most messages need others to pass them on.
    private static readonly string[] Narrow =
    [
        "--set", "Overlay:Node:Protocol:SuccessorListLength=2", "--set", "Overlay:Node:Protocol:LinkedSuccessors=1", "--set", "Overlay:Node:Protocol:MaxFingers=0",
        "--set", "Logging:LogLevel:Overlay=Information",
    ];

    [SlowFact]
    public async Task A_terminated_worker_leaves_and_no_message_in_flight_is_lost()
    {
        var (_, hub) = await StartHubAsync();
        var nodes = new List<(OverlayProcess Process, string Id)>();
        for (var i = 0; i < 6; i++)
        {
            nodes.Add(await StartNodeAsync(hub, Narrow));
        }

        await UntilRingAsync([], hub, nodes);
        var ring = nodes.OrderBy(node => node.Id, StringComparer.Ordinal).ToList();
        var worker = ring[2];
        var stayers = ring.Where(node => node != worker).ToList();

        // Each sends to each other one in turn, the worker included; the worker is told to stop when it has heard some.
        var sending = stayers.Select((_, from) => SendAllAsync(stayers, from, worker.Id)).Append(WriteAsync(worker.Process, stayers)).ToList();
        for (var i = 0; i < 20; i++)
        {
            await worker.Process.NextAsync("message");
        }

        worker.Process.Signal(OverlayProcess.Terminate);
        await Task.WhenAll(sending);
        var left = await worker.Process.EndAsync();
        var results = new List<Sent>();
        foreach (var stayer in stayers)
        {
            stayer.Process.Signal(OverlayProcess.Terminate);
            results.AddRange(ResultsOf(stayer.Id, await stayer.Process.EndAsync()));
        }

        var ended = stayers.ToDictionary(stayer => stayer.Id, stayer => stayer.Process);
        var heard = new Dictionary<string, List<string>>(StringComparer.Ordinal) { [worker.Id] = HeardBy(left) };
        var logs = new List<string>();
        foreach (var (id, process) in ended)
        {
            var end = await process.EndAsync();
            heard[id] = HeardBy(end);
            logs.Add(end.Errors);
        }

        results.AddRange(ResultsOf(worker.Id, left));
        Assert.Equal(0, left.ExitCode);
        Assert.True(LastOf(left, "left").GetProperty("neighboursKnew").GetBoolean());
        Assert.All(logs.Where((_, i) => stayers[i] == ring[1] || stayers[i] == ring[3]), log => Assert.Contains($"saw PeerLeft of {worker.Id}", log, StringComparison.Ordinal));
        Assert.DoesNotContain(logs, log => log.Contains($"Evicted of {worker.Id}", StringComparison.Ordinal));

        // What passes between those who stay arrives, whoever passes it on meanwhile.
        Assert.DoesNotContain(results, sent => sent.To != worker.Id && !sent.IsDelivered);
        Assert.Contains(results, sent => sent.To != worker.Id && sent.Route.Contains(worker.Id));
        Assert.Equal(stayers.Count * Messages, results.Count(sent => sent.From != worker.Id));

        // What went to the worker has arrived there, or its sender knows that nobody is there any more.
        Assert.All(results.Where(sent => sent.To == worker.Id && !sent.IsDelivered), sent => Assert.Equal("Unreachable", sent.Reason));
        Assert.Equal(Messages, results.Count(sent => sent.To == worker.Id && sent.From == stayers[0].Id) * stayers.Count);
        foreach (var (to, texts) in heard)
        {
            Assert.Equal(texts.Count, texts.Distinct(StringComparer.Ordinal).Count());
            Assert.Equal(results.Count(sent => sent.To == to && sent.IsDelivered), texts.Count);
        }
    }

    private static async Task SendAllAsync(List<(OverlayProcess Process, string Id)> stayers, int from, string worker)
    {
        for (var i = 0; i < Messages; i++)
        {
            var turn = i % stayers.Count;
            await stayers[from].Process.WriteAsync($"{(turn == 0 ? worker : stayers[(from + turn) % stayers.Count].Id)} {from} {i}");
        }

        for (var i = 0; i < Messages; i++)
        {
            await stayers[from].Process.NextAsync("sent");
        }
    }

    private static async Task WriteAsync(OverlayProcess worker, List<(OverlayProcess Process, string Id)> stayers)
    {
        try
        {
            for (var i = 0; i < 10 * Messages; i++)
            {
                await worker.WriteAsync($"{stayers[i % stayers.Count].Id} worker {i}");
            }
        }
        catch (IOException)
        {
            // It has ended and reads no more.
        }
    }

    private static IEnumerable<Sent> ResultsOf(string from, Ended ended) => LinesOf(ended, "sent").Select(line => new Sent(
        from, line.GetProperty("to").GetString()!, line.GetProperty("delivered").GetBoolean(), line.TryGetProperty("reason", out var reason) ? reason.GetString() : null)
    {
        Route = line.TryGetProperty("route", out var route) ? [.. route.EnumerateArray().Select(hop => hop.GetString()!)] : [],
    });

    private static List<string> HeardBy(Ended ended) => [.. LinesOf(ended, "message").Select(line => line.GetProperty("text").GetString()!)];

    private static IEnumerable<JsonElement> LinesOf(Ended ended, string type) => ended.Lines.Select(OverlayProcess.Json).Where(line => line.GetProperty("type").GetString() == type);

    private static JsonElement LastOf(Ended ended, string type) => LinesOf(ended, type).Last();

    private sealed record Sent(string From, string To, bool IsDelivered, string? Reason)
    {
        public IReadOnlyList<string> Route { get; init; } = [];
    }
}
