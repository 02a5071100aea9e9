using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overlay.Runtime;

namespace Overlay.Nodes.Hosting.Systemd;

/// <summary>Tells the service manager how the nodes of the host are: ready when all are members, alive while their loops turn, stopping when the host does.</summary>
/// <remarks>The watchdog is for a loop that hangs. A node that is cut off from the others is alive, and says so in its status: to end it would not help.</remarks>
/// <param name="services">Where the nodes are found, once the host has been built.</param>
/// <param name="socket">The manager's; null: there is none, and nothing is done.</param>
/// <param name="time">The clock.</param>
internal sealed class SystemdNotifier(IServiceProvider services, SystemdSocket? socket, TimeProvider time) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan StatusPeriod = TimeSpan.FromSeconds(10);

    private string _status = "";

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        socket?.Tell("STOPPING=1", "STATUS=leaving the network");
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Dispose()
    {
        socket?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (socket is null)
        {
            return;
        }

        try
        {
            socket.Tell("STATUS=joining the network");
            var nodes = new List<Node>();
            foreach (var service in services.GetServices<IHostedService>().OfType<NodeService>())
            {
                nodes.Add(await service.Node.WaitAsync(stoppingToken).ConfigureAwait(false));
            }

            _status = StatusOf(nodes);
            socket.Tell("READY=1", _status);
            await WatchAsync(socket, nodes, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        catch (OverlayException e)
        {
            socket.Tell($"STATUS={e.Message.ReplaceLineEndings(" ")}"); // The host stops, since its node could not join.
        }
    }

    /// <summary>Signs of life, twice as often as the manager wants them, and a status that changes with the nodes.</summary>
    private async Task WatchAsync(SystemdSocket manager, List<Node> nodes, CancellationToken stop)
    {
        var period = manager.Watchdog is { } watchdog && watchdog / 2 < StatusPeriod ? watchdog / 2 : StatusPeriod;
        while (true)
        {
            if (manager.Watchdog is not null && await DoAllTurnAsync(nodes, period, stop).ConfigureAwait(false))
            {
                manager.Tell("WATCHDOG=1");
            }

            if (StatusOf(nodes) is var status && status != _status)
            {
                _status = status;
                manager.Tell(status);
            }

            await Task.Delay(period, time, stop).ConfigureAwait(false);
        }
    }

    private async Task<bool> DoAllTurnAsync(List<Node> nodes, TimeSpan patience, CancellationToken stop)
    {
        foreach (var node in nodes)
        {
            try
            {
                await node.Host.SnapshotAsync(stop).WaitAsync(patience, time, stop).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or OverlayException)
            {
                return false;
            }
        }

        return true;
    }

    private static string StatusOf(List<Node> nodes) => "STATUS=" + string.Join("; ", nodes.Select(static node =>
    {
        var phase = node.Phase is NodePhase.Founding or NodePhase.Member ? "member" : node.Phase.ToString().ToLowerInvariant();
        return $"{node.Id}{(node.Name is null ? "" : $" ({node.Name})")}: {phase}, {node.Counters.DirectLinks + node.Counters.RelayedLinks} links";
    }));
}
