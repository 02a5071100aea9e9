using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Overlay.Nodes.Hosting;

/// <summary>Gives services the node of their host as soon as it has joined.</summary>
public interface INodeAccessor
{
    /// <summary>The running node; completes when it has joined, fails where joining failed for good.</summary>
    Task<Node> Node { get; }
}

/// <summary>Runs a node for as long as the host runs. Starting does not block the host; stopping leaves gracefully.</summary>
internal sealed partial class NodeService(IOptions<NodeOptions> options, ILoggerFactory loggers, IHostApplicationLifetime lifetime)
    : BackgroundService, INodeAccessor
{
    private readonly TaskCompletionSource<Node> _node = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger _log = loggers.CreateLogger<NodeService>();

    public Task<Node> Node => _node.Task;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        _node.TrySetCanceled(CancellationToken.None); // A host that stops at once never ran ExecuteAsync.
        if (_node.Task.IsCompletedSuccessfully)
        {
            var node = await _node.Task.ConfigureAwait(false);
            var knew = await node.LeaveAsync(cancellationToken).ConfigureAwait(false);
            LogLeft(_log, node.Id, knew);
            await node.DisposeAsync().ConfigureAwait(false);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var node = await Nodes.Node.StartAsync(options.Value, loggers, stoppingToken).ConfigureAwait(false);
            _node.TrySetResult(node);
            LogJoined(_log, node.Id, node.Name);
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

    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "Node {Node} joined the network as {Name}")]
    private static partial void LogJoined(ILogger log, Ring.RingId node, string? name);

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Node {Node} left the network; all neighbours knew: {Knew}")]
    private static partial void LogLeft(ILogger log, Ring.RingId node, bool knew);

    [LoggerMessage(EventId = 102, Level = LogLevel.Critical, Message = "The node could not join the network: {Cause}")]
    private static partial void LogFailed(ILogger log, string cause);
}
