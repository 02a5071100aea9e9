using System.Diagnostics;
using Overlay.Ring;
using Overlay.Runtime.Telemetry;
using Overlay.Status;

namespace Overlay.Nodes.Status;

/// <summary>Keeps the last spans of the nodes of this process while somebody looks at a status page.</summary>
/// <remarks>
/// It wants a few traces a second and no more, whatever others want: nodes pay for what is listened to. Bounded: the oldest spans give way.
/// </remarks>
internal sealed class SpanWatch
{
    private const int MaxSpans = 4096;
    private const int MaxOfMember = 12;
    private const int TracesPerSecond = 5;

    private readonly Lock _gate = new();
    private readonly Queue<(RingId Node, SpanReport Span)> _spans = new();
    private long _second;
    private int _taken;

    /// <summary>Listens until the result is disposed of.</summary>
    public IDisposable Begin()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == OverlayTelemetry.Name,
            Sample = Sample,
            ActivityStopped = Keep,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    /// <summary>A member's spans, the newest first.</summary>
    public IReadOnlyList<SpanReport> Of(RingId member)
    {
        lock (_gate)
        {
            return [.. _spans.Reverse().Where(kept => kept.Node == member).Take(MaxOfMember).Select(static kept => kept.Span)];
        }
    }

    private ActivitySamplingResult Sample(ref ActivityCreationOptions<ActivityContext> options)
    {
        if (options.Parent.TraceId != default)
        {
            return (options.Parent.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None;
        }

        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp() / Stopwatch.Frequency;
            (_second, _taken) = now == _second ? (_second, _taken + 1) : (now, 1);
            return _taken <= TracesPerSecond ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None;
        }
    }

    private void Keep(Activity span)
    {
        if (!span.Recorded || !RingId.TryParse(Tag(span, OverlayTelemetry.NodeId), out var node))
        {
            return;
        }

        var outcome = Tag(span, "overlay.outcome");
        var report = new SpanReport(
            new DateTimeOffset(span.StartTimeUtc, TimeSpan.Zero),
            span.OperationName,
            span.TraceId.ToHexString(),
            span.Duration,
            outcome.Length > 0 ? outcome : Tag(span, "error.type"),
            OtherOf(span, node.ToString()));
        lock (_gate)
        {
            if (_spans.Count == MaxSpans)
            {
                _spans.Dequeue();
            }

            _spans.Enqueue((node, report));
        }
    }

    /// <summary>Whom it was with: the first of these that is not the node itself.</summary>
    private static string OtherOf(Activity span, string node)
    {
        foreach (var name in (ReadOnlySpan<string>)["overlay.next.id", "overlay.target.id", "overlay.source.id"])
        {
            if (Tag(span, name) is { Length: > 0 } value && value != node)
            {
                return value;
            }
        }

        return "";
    }

    private static string Tag(Activity span, string name) => span.GetTagItem(name) as string ?? "";
}
