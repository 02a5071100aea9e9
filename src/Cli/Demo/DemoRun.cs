using System.Diagnostics;
using System.Net;
using Overlay.Cli.Output;
using Overlay.Hub;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime;

namespace Overlay.Cli.Demo;

/// <summary>The demo, step by step; each step measures the promise it is about.</summary>
internal sealed class DemoRun(DemoOptions options, DemoView view) : IAsyncDisposable
{
    private const int MessagesInFlight = 32;
    private const int NewLinks = 6;
    private const int MessagesDuringLeave = 64;

    private static readonly TimeSpan ConvergePatience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan RepairPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LinkPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan GoodByePatience = TimeSpan.FromSeconds(5);

    private readonly DemoReport _report = new() { Nodes = options.Nodes, Seed = options.Seed, Topology = options.Shape };
    private readonly DemoNetwork _network = new(options.Protocol);
    private Prng _random = new(options.Seed);

    /// <summary>Runs the whole demo and prints its summary.</summary>
    public static async Task<int> RunAsync(DemoOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        var view = new DemoView(terminal, options);
        await using var run = new DemoRun(options, view);
        await view.RunAsync(() => run.RunStepsAsync(cancellationToken)).ConfigureAwait(false);
        terminal.WriteJson(run._report);
        view.Summarize(run._report);
        return run._report.AllHeld() ? ExitCodes.Done : ExitCodes.Failed;
    }

    public ValueTask DisposeAsync() => _network.DisposeAsync();

    private async Task RunStepsAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        await using var hub = await HubServer.StartAsync(new HubOptions { Port = 0, Listen = IPAddress.Loopback }, cancellationToken).ConfigureAwait(false);
        await ConvergeAsync(hub, cancellationToken).ConfigureAwait(false);
        _report.Messages = await ExchangeAsync("messages between random pairs", options.Messages, cancellationToken).ConfigureAwait(false);

        view.Begin("the hub is stopped", 1);
        _report.MaxHubSockets = hub.Status.Sockets.Max;
        await hub.StopAsync(cancellationToken).ConfigureAwait(false);
        _report.HubStopped = !await AnswersAsync(hub.Uri, cancellationToken).ConfigureAwait(false);
        view.Advance();

        await LinkAsync(cancellationToken).ConfigureAwait(false);
        await KillTwoAsync(cancellationToken).ConfigureAwait(false);
        _report.MessagesAfterKill = await ExchangeAsync("messages again", options.Messages, cancellationToken).ConfigureAwait(false);
        await LeaveOneAsync(cancellationToken).ConfigureAwait(false);
        (_report.SignalsByHub, _report.SignalsByOverlay) = (_network.SignalsByHub, _network.SignalsByOverlay);
        _report.TotalMs = clock.ElapsedMilliseconds;
    }

    private async Task ConvergeAsync(HubServer hub, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        view.Begin($"{options.Nodes} nodes join, at most {DemoNetwork.MaxJoinsAtOnce} at a time", options.Nodes);
        await _network.StartAsync(hub, options.Nodes, options.Seed * 1000, view.Advance, cancellationToken).ConfigureAwait(false);
        view.Begin($"the {options.Shape} converges", options.Nodes);
        _report.RingCorrect = await _network.WaitForIdealAsync(ConvergePatience, view.Look, cancellationToken).ConfigureAwait(false);
        _report.ConvergeMs = clock.ElapsedMilliseconds;
        view.Show(await _network.StatesAsync(cancellationToken).ConfigureAwait(false), _network.Living);
    }

    private async Task<DemoMessages> ExchangeAsync(string what, int count, CancellationToken cancellationToken)
    {
        view.Begin(what, count);
        var living = _network.Living;
        var pairs = new List<(DemoNode From, RingId To)>(count);
        for (var i = 0; i < count; i++)
        {
            var from = _random.Next(living.Count);
            var to = (from + 1 + _random.Next(living.Count - 1)) % living.Count;
            pairs.Add((living[from], living[to].Node.Id));
        }

        var hops = new List<int>(count);
        await Parallel.ForEachAsync(
            pairs,
            new ParallelOptions { MaxDegreeOfParallelism = MessagesInFlight, CancellationToken = cancellationToken },
            async (pair, stop) =>
            {
                var (_, crossed, why) = await _network.SendAsync(pair.From, pair.To, stop).ConfigureAwait(false);
                lock (hops)
                {
                    if (crossed >= 0)
                    {
                        hops.Add(crossed);
                    }
                    else
                    {
                        view.Note($"message {why}");
                    }
                }

                view.Advance();
            }).ConfigureAwait(false);
        hops.Sort();
        var mean = hops.Count == 0 ? 0 : Math.Round(hops.Average(), 3);
        return new(count, hops.Count, mean, hops.Count == 0 ? 0 : hops[(int)Math.Ceiling(0.99 * hops.Count) - 1]);
    }

    private static async Task<bool> AnswersAsync(Uri hub, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(hub.Host, hub.Port, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private async Task LinkAsync(CancellationToken cancellationToken)
    {
        view.Begin("new links, signalled through the overlay only", NewLinks);
        foreach (var (from, to) in await UnlinkedPairsAsync(NewLinks, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await from.Node.ConnectAsync(to, cancellationToken).WaitAsync(LinkPatience, cancellationToken).ConfigureAwait(false);
                _report.LinksAfterHubStopped++;
            }
            catch (Exception e) when (e is OverlayException or TimeoutException)
            {
                view.Note($"link {from.Node.Id} → {to}: {e.Message}");
            }

            view.Advance();
        }
    }

    /// <summary>Pairs of living nodes without a link, each node in one pair at the most.</summary>
    private async Task<List<(DemoNode From, RingId To)>> UnlinkedPairsAsync(int count, CancellationToken cancellationToken)
    {
        var living = _network.Living;
        var states = await _network.StatesAsync(cancellationToken).ConfigureAwait(false);
        var candidates = new List<(int From, int To)>();
        for (var a = 0; a < living.Count; a++)
        {
            for (var b = a + 1; b < living.Count; b++)
            {
                if (!IsLinked(states[a], living[b].Node.Id) && !IsLinked(states[b], living[a].Node.Id))
                {
                    candidates.Add((a, b));
                }
            }
        }

        var pairs = new List<(DemoNode From, RingId To)>();
        while (pairs.Count < count && candidates.Count > 0)
        {
            var drawn = _random.Next(candidates.Count);
            var (a, b) = candidates[drawn];
            candidates.RemoveAt(drawn);
            pairs.Add((living[a], living[b].Node.Id));
        }

        return pairs;
    }

    private static bool IsLinked(State state, RingId other) => state.Links.Any(link => link.Id == other);

    private async Task KillTwoAsync(CancellationToken cancellationToken)
    {
        var root = options.Topology == Topology.Tree ? await _network.RootAsync(cancellationToken).ConfigureAwait(false) : null;
        view.Begin(root is null ? "two nodes die without a word" : "the root and another node die without a word", 2);
        for (var i = 0; i < 2; i++)
        {
            var living = _network.Living;
            var victim = i == 0 && root is not null ? root : living[_random.Next(living.Count)];
            await _network.KillAsync(victim).ConfigureAwait(false);
            _report.RootKilled |= victim == root;
            _report.Killed++;
            view.Advance();
        }

        var clock = Stopwatch.StartNew();
        view.Begin($"the {options.Shape} repairs itself", _network.Living.Count);
        _report.RingCorrectAfterKill = await _network.WaitForIdealAsync(RepairPatience, view.Look, cancellationToken).ConfigureAwait(false);
        _report.RepairMs = clock.ElapsedMilliseconds;
        view.Show(await _network.StatesAsync(cancellationToken).ConfigureAwait(false), _network.Living);
    }

    /// <summary>One node leaves while messages between the others pass, some of them through it.</summary>
    private async Task LeaveOneAsync(CancellationToken cancellationToken)
    {
        view.Begin("one node leaves gracefully, under traffic", MessagesDuringLeave);
        var living = _network.Living;
        var leaver = living[_random.Next(living.Count)];
        var tables = await leaver.Node.InspectAsync(leaver.Node.Id, cancellationToken).ConfigureAwait(false);
        var others = living.Where(node => node != leaver).ToList();
        var lost = 0;
        var sending = Enumerable.Range(0, MessagesDuringLeave).Select(async i =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2 * i), cancellationToken).ConfigureAwait(false);
            var (accepted, hops, _) = await _network.SendAsync(
                others[i % others.Count], others[(i + 1 + (i / others.Count)) % others.Count].Node.Id, cancellationToken).ConfigureAwait(false);
            if (accepted && hops < 0)
            {
                Interlocked.Increment(ref lost);
            }

            view.Advance();
        }).ToList();
        var knew = await _network.LeaveAsync(leaver, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(sending).ConfigureAwait(false);
        var neighbours = others.Where(node => IsNeighbour(tables, node.Node.Id)).ToList();
        var clock = Stopwatch.StartNew();
        while (!neighbours.All(node => node.SeenLeaving.ContainsKey(leaver.Node.Id)) && clock.Elapsed < GoodByePatience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken).ConfigureAwait(false);
        }

        foreach (var node in neighbours.Where(node => !node.SeenLeaving.ContainsKey(leaver.Node.Id)))
        {
            view.Note($"{node.Node.Id} heard no good-bye of {leaver.Node.Id}");
        }

        _report.Graceful = new(knew && neighbours.All(node => node.SeenLeaving.ContainsKey(leaver.Node.Id)), lost);
    }

    private static bool IsNeighbour(State tables, RingId id) =>
        tables.Predecessor?.Id == id || (tables.Successors.Count > 0 && tables.Successors[0].Id == id) || IsLinked(tables, id); // On a tree: parent, children, and all others with a link.
}
