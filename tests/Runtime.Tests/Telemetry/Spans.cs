using System.Collections.Concurrent;
using System.Diagnostics;
using Overlay.Runtime.Telemetry;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>Listens to the spans of all nodes in the process.</summary>
internal sealed class Spans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    /// <param name="wants">Of which node's spans; the others' are not made.</param>
    public Spans(Func<string, bool>? wants = null)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == OverlayTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                wants?.Invoke(NodeOf(options.Source)) != false ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public Activity[] All => [.. _ended];

    public Activity[] Of(ActivityTraceId trace) => [.. _ended.Where(span => span.TraceId == trace)];

    public static string NodeOf(ActivitySource source) => (string)source.Tags!.Single(tag => tag.Key == OverlayTelemetry.NodeId).Value!;

    public static string Tag(Activity span, string name) => span.GetTagItem(name)?.ToString() ?? "";

    public void Dispose() => _listener.Dispose();
}
