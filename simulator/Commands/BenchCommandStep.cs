using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Worlds;
using Spectre.Console;
using static System.FormattableString;

namespace Overlay.Simulator.Commands;

/// <summary><c>simulator bench step</c>: what one step of one node costs, with nodes in random order, so that each is cold in the caches as in a large run.</summary>
internal static class BenchCommandStep
{
    private delegate Message Make(World world, int node, OverlayNode neighbour);

    public static Command Create()
    {
        var nodes = CommonOptions.Number("--nodes", 10, 10_000_000, 10_000, "Nodes, 10 to 10,000,000.");
        var steps = CommonOptions.Number("--steps", 1_000, 100_000_000, 1_000_000, "Steps of each kind, 1,000 to 100,000,000.");
        var json = CommonOptions.Json();
        var command = new Command("step", "Nanoseconds a step of a node, by kind of message. Wants a quiet machine.") { nodes, steps, json };
        command.SetAction(parsed =>
        {
            var rows = Measure(parsed.GetValue(nodes), parsed.GetValue(steps));
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { nodes = parsed.GetValue(nodes), steps = parsed.GetValue(steps), rows }, CommonOptions.JsonForm));
            }
            else
            {
                Print(rows, parsed.GetValue(nodes));
            }

            return CommandFailures.Done;
        });
        return command;
    }

    private static List<Row> Measure(int nodes, int steps)
    {
        var scenario = new Scenario { Name = "step", Nodes = nodes, Checks = [], Phases = [new Phase { Name = "all", Duration = TimeSpan.FromSeconds(1) }] };
        var driver = new RunDriver(scenario, 1);
        driver.Begin();
        return
        [
            Play(driver.World, "Ping, answered", steps, (world, node, neighbour) => ToNeighbour(world, node, neighbour, new Ping(7))),
            Play(driver.World, "Pong, taken", steps, (world, node, neighbour) => ToNeighbour(world, node, neighbour, new Pong(7, NodePhase.Member))),
            Play(driver.World, "GetNeighbours, answered", steps, (world, node, neighbour) => ToNeighbour(world, node, neighbour, new GetNeighbours(7))),
            Play(driver.World, "FindOwner, passed on", steps, (world, node, neighbour) => Passing(world, node, neighbour)),
        ];
    }

    private static Row Play(World world, string name, int steps, Make make)
    {
        var (random, outbox, sent) = (new Prng(1), new Outbox(), 0L);
        var batch = new (OverlayNode Node, LinkId Link, Message Message)[Math.Min(steps, 65_536)];
        var (watch, allocated, done) = (new Stopwatch(), 0L, 0);
        while (done < steps)
        {
            for (var at = 0; at < batch.Length; at++)
            {
                var node = random.Next(world.Numbers);
                var neighbour = world[world.Directory.Find(world[node]!.Successors[0].Id)]!;
                batch[at] = (world[node]!, world[node]!.LinkTo(neighbour.Self.Id), make(world, node, neighbour));
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            watch.Start();
            foreach (ref var step in batch.AsSpan())
            {
                step.Node.Receive(world.Now, step.Link, step.Message, outbox);
                sent += outbox.Effects.Length;
                outbox.Clear();
            }

            watch.Stop();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            done += batch.Length;
        }

        return new Row(name, watch.Elapsed.TotalNanoseconds / done, (double)allocated / done, (double)sent / done);
    }

    private static Message ToNeighbour(World world, int node, OverlayNode neighbour, Payload payload) => new()
    {
        Kind = payload.Kind,
        HopsLeft = 1,
        Source = neighbour.Self.Id,
        Destination = world[node]!.Self.Id,
        MessageId = 1,
        Body = BodyOf(world, neighbour, payload),
    };

    private static Message Passing(World world, int node, OverlayNode neighbour) => new()
    {
        Kind = MessageKind.FindOwner,
        Flags = MessageFlags.Responsible,
        HopsLeft = Message.HopBudget,
        Source = neighbour.Self.Id,
        Destination = world[node]!.Self.Id.Plus(RingId.RingSize / 3),
        MessageId = 1,
        Body = BodyOf(world, neighbour, new FindOwner(7, LookupPurpose.Application)),
    };

    private static SignedBody BodyOf(World world, OverlayNode neighbour, Payload payload) => new()
    {
        Instance = neighbour.Self.Instance,
        ExpiresAt = world.Now.UnixMilliseconds + 10_000,
        Payload = payload,
    };

    private static void Print(List<Row> rows, int nodes)
    {
        var table = new Table().Border(TableBorder.Simple).Title(Invariant($"One step of one of {nodes:N0} nodes, in random order"));
        foreach (var column in new[] { "step", "ns", "M/s", "allocated B", "effects" })
        {
            table.AddColumn(column);
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Step, Invariant($"{row.Nanoseconds:F0}"), Invariant($"{1000 / row.Nanoseconds:F2}"), Invariant($"{row.AllocatedBytes:F0}"), Invariant($"{row.Effects:F1}"));
        }

        Terminal.OfProcess.Write(table);
    }

    private sealed record Row(string Step, double Nanoseconds, double AllocatedBytes, double Effects);
}
