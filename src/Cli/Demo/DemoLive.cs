using System.Net;
using Overlay.Cli.Output;
using Overlay.Hub;
using Overlay.Nodes.Status;
using Overlay.Status;

namespace Overlay.Cli.Demo;

/// <summary>A network to look at: members that talk, come, leave and die, on a status page, until somebody has seen enough.</summary>
internal sealed class DemoLive(DemoOptions options, Terminal terminal) : IAsyncDisposable
{
    private const int Talkers = 6;
    private const int Favourites = 3;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(120);

    private readonly DemoNetwork _network = new(options.Protocol);
    private ulong _lastSeed = options.Seed * 1000;

    /// <summary>Runs until the duration is over or the command is interrupted.</summary>
    public static async Task<int> RunAsync(DemoOptions options, StatusAddress address, TimeSpan? duration, Terminal terminal, CancellationToken cancellationToken)
    {
        await using var live = new DemoLive(options, terminal);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var hub = await HubServer.StartAsync(new HubOptions { Port = 0, Listen = IPAddress.Loopback }, cancellationToken).ConfigureAwait(false);
        await live.StartAsync(hub, 1, cancellationToken).ConfigureAwait(false);
        var host = live._network.Living[0];
        await using var page = await StatusServer.StartAsync(address, new NodeStatusSource(host.Node, options.Topology), cancellationToken: cancellationToken).ConfigureAwait(false);
        terminal.TellOf(page);
        terminal.Say($"  {options.Nodes} nodes join; then some leave, some die, others come, {(duration is { } time ? $"for {time}" : "until Ctrl-C")}");
        if (duration is { } limit)
        {
            end.CancelAfter(limit);
        }

        try
        {
            await live.GoOnAsync(hub, host, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The duration is over.
        }

        cancellationToken.ThrowIfCancellationRequested();
        return ExitCodes.Done;
    }

    public ValueTask DisposeAsync() => _network.DisposeAsync();

    private async Task GoOnAsync(HubServer hub, DemoNode host, CancellationToken cancellationToken)
    {
        using var talking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var talkers = Enumerable.Range(0, Talkers).Select(talker => TalkAsync(talker, talking.Token)).ToList();
        try
        {
            await StartAsync(hub, options.Nodes - 1, cancellationToken).ConfigureAwait(false);
            var random = new Prng(options.Seed);
            while (true)
            {
                await Task.Delay(Period, cancellationToken).ConfigureAwait(false);
                await ChangeAsync(hub, host, random.Next(4), random.Next(1 << 20), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await talking.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(talkers).ConfigureAwait(false);
        }
    }

    private Task StartAsync(HubServer hub, int count, CancellationToken cancellationToken)
    {
        var seed = _lastSeed;
        _lastSeed += (ulong)count;
        return _network.StartAsync(hub, count, seed, static () => { }, cancellationToken);
    }

    /// <summary>One comes, leaves or dies; their number stays about what it was.</summary>
    private async Task ChangeAsync(HubServer hub, DemoNode host, int what, int whom, CancellationToken cancellationToken)
    {
        var others = _network.Living.Where(node => node != host).ToList();
        if (others.Count < options.Nodes * 3 / 4 || (what < 2 && others.Count <= options.Nodes))
        {
            await StartAsync(hub, 1, cancellationToken).ConfigureAwait(false);
            terminal.WriteJson(new { type = "joined", members = others.Count + 2 });
            return;
        }

        var chosen = others[whom % others.Count];
        if (what % 2 == 0)
        {
            await _network.KillAsync(chosen).ConfigureAwait(false);
        }
        else
        {
            await _network.LeaveAsync(chosen, cancellationToken).ConfigureAwait(false);
        }

        terminal.WriteJson(new { type = what % 2 == 0 ? "killed" : "left", id = chosen.Node.Id, members = others.Count });
        terminal.Say($"  {chosen.Node.Id} {(what % 2 == 0 ? "was killed" : "left")}");
    }

    /// <summary>Messages between random pairs, half of them to a few that everybody talks to.</summary>
    private async Task TalkAsync(int talker, CancellationToken cancellationToken)
    {
        var random = new Prng(options.Seed + (ulong)talker + 1);
        while (!cancellationToken.IsCancellationRequested)
        {
            var living = _network.Living;
            var from = living[random.Next(living.Count)];
            var to = living[random.Next(2) == 0 ? random.Next(Math.Min(Favourites, living.Count)) : random.Next(living.Count)];
            try
            {
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
                if (from != to)
                {
                    await _network.SendAsync(from, to.Node.Id, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                // It ends, or the sender did.
            }
            catch (ObjectDisposedException)
            {
                // The sender was killed in the middle of it.
            }
        }
    }
}
