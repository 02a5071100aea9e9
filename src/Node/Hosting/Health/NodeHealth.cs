using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Overlay.Effects;
using Overlay.Runtime;

namespace Overlay.Nodes.Hosting.Health;

/// <summary>How a node is: whether its loop turns, and whether messages of it reach members at random and come back.</summary>
/// <param name="node">The node; not completed while it joins.</param>
/// <param name="isStopping">Whether its host is stopping.</param>
/// <param name="options">How it is probed.</param>
/// <param name="time">The clock.</param>
internal sealed class NodeHealth(Func<Task<Node>> node, Func<bool> isStopping, IOptionsMonitor<OverlayHealthOptions> options, TimeProvider time)
{
    private static readonly TimeSpan LiveTimeout = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private OverlayHealthOptions _how = options.CurrentValue;
    private Task<HealthCheckResult>? _finding;
    private long _foundAt;

    /// <summary>Whether the process is of use to anybody: a node that joins is, one that has ended is not.</summary>
    public async Task<HealthCheckResult> IsLiveAsync(CancellationToken cancellationToken)
    {
        if (!node().IsCompletedSuccessfully)
        {
            return node().IsCompleted ? HealthCheckResult.Unhealthy("The node could not join.") : HealthCheckResult.Healthy("The node is joining.");
        }

        var running = await node().ConfigureAwait(false);
        if (running.Ended.IsCancellationRequested && !isStopping())
        {
            return HealthCheckResult.Unhealthy("The node has ended by itself.", data: About(running));
        }

        try
        {
            await running.Host.SnapshotAsync(cancellationToken).WaitAsync(LiveTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return HealthCheckResult.Unhealthy($"The node's loop has not answered for {LiveTimeout.TotalSeconds:0} s.", data: About(running));
        }
        catch (OverlayException) when (isStopping())
        {
            return HealthCheckResult.Healthy("The node has left.", About(running));
        }
        catch (OverlayException)
        {
            return HealthCheckResult.Unhealthy("The node has ended by itself.", data: About(running));
        }

        return HealthCheckResult.Healthy("The node's loop turns.", About(running));
    }

    /// <summary>Whether the node does what it is there for. Those who ask within <see cref="OverlayHealthOptions.MaxAge"/>, or while a probe is out, share one finding.</summary>
    public async Task<HealthCheckResult> IsReadyAsync(CancellationToken cancellationToken)
    {
        if (isStopping())
        {
            return HealthCheckResult.Unhealthy("The node is leaving.");
        }

        if (!node().IsCompletedSuccessfully)
        {
            return HealthCheckResult.Unhealthy(node().IsCompleted ? "The node could not join." : "The node is joining.");
        }

        var running = await node().ConfigureAwait(false);
        Task<HealthCheckResult> finding;
        lock (_gate)
        {
            Reload();
            if (_finding is null || (_finding.IsCompleted && time.GetElapsedTime(_foundAt) >= _how.MaxAge))
            {
                _foundAt = time.GetTimestamp();
                _finding = FindAsync(running, _how);
            }

            finding = _finding;
        }

        return await finding.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Reload()
    {
        try
        {
            _how = options.CurrentValue;
        }
        catch (OptionsValidationException)
        {
            // A change that cannot work is left aside, and whoever made it reads so in the log.
        }
    }

    private async Task<HealthCheckResult> FindAsync(Node running, OverlayHealthOptions how)
    {
        var about = About(running);
        if (running.Phase is not (NodePhase.Member or NodePhase.Founding or NodePhase.Guest))
        {
            return HealthCheckResult.Unhealthy($"The node is no member now: {about["phase"]}.", data: about);
        }

        try
        {
            var tables = await running.Host.SnapshotAsync(running.Ended).WaitAsync(how.ProbeTimeout, time, running.Ended).ConfigureAwait(false);
            if (running.Phase != NodePhase.Guest && tables.Links.Count == 0 && tables.Successors.All(other => other.Id == running.Id))
            {
                return OfAlone(running, about);
            }

            var probe = new RoutedProbe(running.Id, async (key, cancelled) => (await running.Host.LookupAsync(key, cancelled).ConfigureAwait(false)).Self.Id, time);
            var found = await probe.RunAsync(how.Probes, how.ProbeTimeout, running.Ended).ConfigureAwait(false);
            about["probes"] = found.Probes;
            about["milliseconds"] = Math.Round(found.Took.TotalMilliseconds, 1);
            if (found.Member is { } member)
            {
                about["reached"] = member.ToString();
                return HealthCheckResult.Healthy($"A probe reached {member} and came back.", about);
            }

            return HealthCheckResult.Unhealthy(
                string.Create(CultureInfo.InvariantCulture, $"No probe came back ({found.Probes} sent; the last one: {found.Cause}). The node is cut off from the network."), data: about);
        }
        catch (TimeoutException)
        {
            return HealthCheckResult.Unhealthy("The node's loop does not answer.", data: about);
        }
        catch (Exception e) when (e is OperationCanceledException or OverlayException)
        {
            return HealthCheckResult.Unhealthy("The node has ended.", data: about);
        }
    }

    /// <summary>
    /// Nobody else is there. A founder whom nobody has joined yet, and the last one of a network whose others said good-bye, are the whole network and serve it: degraded, since there is
    /// nobody to reach. Where the others went without a word, it is this node that may be cut off.
    /// </summary>
    private static HealthCheckResult OfAlone(Node running, Dictionary<string, object> about)
    {
        about["alone"] = true;
        return running.Counters.LastParting switch
        {
            Observation.None => HealthCheckResult.Degraded("The node is alone: it founded the network, and nobody has joined yet.", data: about),
            Observation.PeerLeft or Observation.ParentClosed or Observation.ChildClosed => HealthCheckResult.Degraded("The node is alone: all others have left.", data: about),
            _ => HealthCheckResult.Unhealthy("The node is cut off: all others went silent.", data: about),
        };
    }

    private static Dictionary<string, object> About(Node running)
    {
        var about = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["id"] = running.Id.ToString(),
            ["phase"] = running.Phase.ToString().ToLowerInvariant(),
            ["links"] = running.Counters.DirectLinks + running.Counters.RelayedLinks,
        };
        if (running.Name is { } name)
        {
            about["name"] = name;
        }

        return about;
    }
}

/// <summary>Whether the node lives.</summary>
internal sealed class NodeLiveCheck(NodeHealth health) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => health.IsLiveAsync(cancellationToken);
}

/// <summary>Whether the node is ready.</summary>
internal sealed class NodeReadyCheck(NodeHealth health) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => health.IsReadyAsync(cancellationToken);
}
