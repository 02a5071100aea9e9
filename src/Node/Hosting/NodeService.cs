using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overlay.Nodes.Hosting.Configuration;

namespace Overlay.Nodes.Hosting;

/// <summary>Runs a node for as long as the host runs. Starting does not block the host; stopping drains and leaves gracefully, within the time that the host has for it.</summary>
internal sealed partial class NodeService(string name, IOptionsMonitor<NodeOptions> options, OptionReload<NodeOptions> reload, ILoggerFactory loggers, IHostApplicationLifetime lifetime)
    : BackgroundService, IHostedLifecycleService, INodeAccessor
{
    /// <summary>What the application asked of the network may take so long to be answered before the node leaves all the same.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<Node> _node = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger _log = loggers.CreateLogger<NodeService>();
    private NodeOptions? _options;

    public Task<Node> Node => _node.Task;

    public Task<bool> Left => _left.Task;

    /// <summary>The node's key among those of the host; empty for the one without.</summary>
    public string Name => name;

    /// <summary>Whether the host is stopping: the node still answers, and should get nothing new to do.</summary>
    public bool IsStopping { get; private set; }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _options = options.Get(name);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        IsStopping = true;
        reload.Dispose();
        return Task.CompletedTask;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        _node.TrySetCanceled(CancellationToken.None); // A host that stops at once never ran ExecuteAsync.
        if (_node.Task.IsCompletedSuccessfully)
        {
            var node = await _node.Task.ConfigureAwait(false);
            _left.TrySetResult(await LeaveAsync(node, cancellationToken).ConfigureAwait(false));
        }

        _left.TrySetResult(false);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var started = _options ?? options.Get(name);
            var node = await Nodes.Node.StartAsync(started, loggers, stoppingToken).ConfigureAwait(false);
            _node.TrySetResult(node);
            LogJoined(_log, node.Id, node.Name);
            reload.Start(started, node.ReconfigureAsync);
        }
        catch (OperationCanceledException)
        {
            _node.TrySetCanceled(stoppingToken);
        }
        catch (Exception e)
        {
            LogFailed(_log, e.Message);
            _node.TrySetException(e);
            lifetime.StopApplication(); // A worker without its node has nothing to work with.
        }
    }

    /// <summary>Drains, leaves, and stops; at once where the host's time is up.</summary>
    private async Task<bool> LeaveAsync(Node node, CancellationToken hurry)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(hurry);
            patience.CancelAfter(DrainTimeout);
            await node.DrainAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogNotDrained(_log, node.Id);
        }

        try
        {
            var knew = await node.LeaveAsync(hurry).WaitAsync(hurry).ConfigureAwait(false);
            LogLeft(_log, node.Id, knew);
            await node.DisposeAsync().AsTask().WaitAsync(hurry).ConfigureAwait(false);
            return knew;
        }
        catch (OperationCanceledException)
        {
            LogCutShort(_log, node.Id);
            return false;
        }
    }

    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Node {Node} joined the network as {Name}")]
    private static partial void LogJoined(ILogger log, Ring.RingId node, string? name);

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Node {Node} left the network; all neighbours knew: {Knew}")]
    private static partial void LogLeft(ILogger log, Ring.RingId node, bool knew);

    [LoggerMessage(EventId = 102, Level = LogLevel.Critical, Message = "The node could not join the network: {Cause}")]
    private static partial void LogFailed(ILogger log, string cause);

    [LoggerMessage(EventId = 103, Level = LogLevel.Warning, Message = "Node {Node} leaves though something it asked of the network is not answered yet")]
    private static partial void LogNotDrained(ILogger log, Ring.RingId node);

    [LoggerMessage(EventId = 104, Level = LogLevel.Warning, Message = "Node {Node} had no time to leave: the host's time for stopping was up")]
    private static partial void LogCutShort(ILogger log, Ring.RingId node);
}
