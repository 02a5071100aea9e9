using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Effects;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Telemetry;

namespace Overlay.Runtime;

/// <summary>Spans and metrics of what the application asks for, and of the join.</summary>
public sealed partial class OverlayHost
{
    private readonly List<(NodePhase Phase, Time.Instant At)> _joining = new(MaxJoinSteps);
    private Task<IDisposable?> _export = Task.FromResult<IDisposable?>(null);

    /// <summary>More steps than a join has are not written down.</summary>
    private const int MaxJoinSteps = 16;

    /// <summary>What the node tells of itself.</summary>
    public NodeTelemetry Telemetry { get; }

    /// <summary>On the loop: the id is known, so source, meter and the way out can be opened; the last takes its time, elsewhere.</summary>
    private void TelemetryOf(in NodeObservation seen)
    {
        if (seen.What == Observation.PhaseChanged && _joining.Count < MaxJoinSteps)
        {
            _joining.Add((seen.Phase, seen.At));
        }

        if (seen.What == Observation.Admitted && Telemetry.TryBegin(_node.Self.Id) && _options.Export is { } export)
        {
            var (node, source) = (_node.Self.Id, Telemetry.Source!);
            _export = Task.Run(() => Open(export, node, source));
        }
    }

    /// <summary>A way out that does not open is no reason not to run.</summary>
    private IDisposable? Open(INodeExport export, RingId node, ActivitySource source)
    {
        try
        {
            return export.Open(node, source);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNoExport(_log, node, e.GetType().Name, e.Message);
            return null;
        }
    }

    /// <summary>The join as a span, with one for each of its steps; written down afterwards, since a node has a name to speak under only then.</summary>
    private async Task TellOfJoinAsync(Time.Instant begunAt)
    {
        await _export.ConfigureAwait(false);
        if (!Telemetry.IsListening)
        {
            return;
        }

        var steps = await OnLoopAsync(_joining.ToArray).ConfigureAwait(false);
        var now = _clock.Now;
        if (Telemetry.Start("overlay join", ActivityKind.Internal, default, default, _clock.Wall(begunAt)) is not { } join)
        {
            return;
        }

        join.SetTag("overlay.topology", Words.Of(_options.Protocol.Topology.ToString()));
        join.SetTag("overlay.outcome", Words.Of(Phase));
        for (var i = 0; i < steps.Length; i++)
        {
            if (Telemetry.Start("join " + Words.Of(steps[i].Phase), ActivityKind.Internal, join.Context, default, _clock.Wall(steps[i].At)) is { } step)
            {
                NodeTelemetry.End(step, _clock.Wall(i + 1 < steps.Length ? steps[i + 1].At : now));
            }
        }

        NodeTelemetry.End(join, _clock.Wall(now));
    }

    /// <summary>After the node has stopped: what is left is sent.</summary>
    private async Task EndTelemetryAsync()
    {
        var export = await _export.ConfigureAwait(false);
        if (export is not null)
        {
            await Task.Run(export.Dispose).ConfigureAwait(false); // It may wait for somebody who does not answer.
        }

        Telemetry.Dispose();
    }

    private async Task<DeliveryReport> SendObservedAsync(RingId to, ReadOnlyMemory<byte> bytes, SendOptions options, CancellationToken cancellationToken)
    {
        var begun = _clock.Now;
        using var span = Telemetry.Start("send data", ActivityKind.Producer);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("messaging.system", "overlay");
            span.SetTag("messaging.operation.name", "send");
            span.SetTag("messaging.operation.type", "send");
            span.SetTag("messaging.message.body.size", bytes.Length);
            span.SetTag("overlay.source.id", Id.ToString());
            span.SetTag("overlay.target.id", to.ToString());
        }

        var result = default(CommandResult?);
        try
        {
            result = await RunCausedAsync(span, (now, outbox) => _node.Send(now, to, bytes, WithTrace(options, span), outbox), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            var outcome = result?.Outcome ?? Outcome.Cancelled;
            Telemetry.Meter?.Sent(outcome, _clock.Now - begun);
            Conclude(span, outcome);
        }

        if (result.Value.Value is DeliveryReport report)
        {
            span?.SetTag("overlay.hop.count", report.Hops);
        }

        return result.Value.As<DeliveryReport>($"Sending to {to}");
    }

    private SendOptions WithTrace(in SendOptions options, Activity? span) => options with
    {
        CreationContext = options.CreationContext.IsNone ? span.ToWire() : options.CreationContext,
        HopContext = !Telemetry.Options.HopContext ? default : options.HopContext.IsNone ? span.ToWire() : options.HopContext,
    };

    /// <summary>A command with its span.</summary>
    /// <param name="operation">The span's name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="target">Whom it is about; null where that is not an id.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Waits no longer.</param>
    private Task<CommandResult> RunAsync(
        string operation, ActivityKind kind, RingId? target, Func<Time.Instant, Outbox, RequestId> command, CancellationToken cancellationToken) =>
        Telemetry.IsListening ? RunObservedAsync(operation, kind, target, command, cancellationToken) : RunAsync(command, cancellationToken);

    private async Task<CommandResult> RunObservedAsync(
        string operation, ActivityKind kind, RingId? target, Func<Time.Instant, Outbox, RequestId> command, CancellationToken cancellationToken)
    {
        using var span = Telemetry.Start(operation, kind);
        if (target is { } id)
        {
            span?.SetTag("overlay.target.id", id.ToString());
        }

        try
        {
            var result = await RunCausedAsync(span, command, cancellationToken).ConfigureAwait(false);
            Conclude(span, result.Outcome);
            return result;
        }
        catch (Exception e)
        {
            NodeTelemetry.Fail(span, NodeTelemetry.ErrorOf(e));
            throw;
        }
    }

    private Task<CommandResult> RunCausedAsync(Activity? span, Func<Time.Instant, Outbox, RequestId> command, CancellationToken cancellationToken)
    {
        if (span is not { Recorded: true })
        {
            return RunAsync(command, cancellationToken);
        }

        RequestId Caused(Time.Instant now, Outbox outbox)
        {
            _loop.ActFor(now, span);
            return command(now, outbox);
        }

        return RunAsync(Caused, cancellationToken);
    }

    private static void Conclude(Activity? span, Outcome outcome)
    {
        span?.SetTag("overlay.outcome", Words.Of(outcome));
        if (outcome != Outcome.Done)
        {
            NodeTelemetry.Fail(span, Words.Of(outcome));
        }
    }

    /// <summary>Asks something of the loop's own; the default where it has ended.</summary>
    private async Task<T> OnLoopAsync<T>(Func<T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var ended = Ended.Register(static a => ((TaskCompletionSource<T>)a!).TrySetException(Stopped()), answer).ConfigureAwait(false);
        await _loop.PostAsync(LoopInput.Do((_, _) => answer.TrySetResult(question())), CancellationToken.None).ConfigureAwait(false);
        return await answer.Task.ConfigureAwait(false);
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "{Node} exports no telemetry: {Kind}: {Cause}")]
    private static partial void LogNoExport(ILogger log, RingId node, string kind, string cause);
}
