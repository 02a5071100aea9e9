using System.Diagnostics;
using System.Globalization;
using Overlay.Ring;

namespace Overlay.Runtime.Telemetry;

/// <summary>What one node tells of itself: its source of spans and its meter, from when it knows its id. Free of cost while nobody listens.</summary>
public sealed class NodeTelemetry : IDisposable
{
    private readonly NodeCounters _counters;
    private readonly Func<int> _undelivered;
    private TelemetryOptions _options;
    private ActivitySource? _source;
    private NodeMeter? _meter;

    internal NodeTelemetry(TelemetryOptions options, NodeCounters counters, Func<int> undelivered) =>
        (_options, _counters, _undelivered) = (options, counters, undelivered);

    /// <summary>The node's source; null until it knows its id.</summary>
    public ActivitySource? Source => Volatile.Read(ref _source);

    /// <summary>Whether somebody listens to spans.</summary>
    public bool IsListening => Volatile.Read(ref _source) is { } source && source.HasListeners() && Options.Spans;

    /// <summary>Spans that this node makes in a second because others asked for them.</summary>
    public int RemoteSpansPerSecond => Options.RemoteSpansPerSecond;

    /// <summary>Read by the loop and by callers, changed by anybody: one whole value after the other.</summary>
    internal TelemetryOptions Options
    {
        get => Volatile.Read(ref _options);
        set => Volatile.Write(ref _options, value);
    }

    internal NodeMeter? Meter => Volatile.Read(ref _meter);

    /// <summary>Begins a span of this node within the caller's; null where nobody listens, or nobody wants it.</summary>
    /// <param name="name">The operation; of a short list, never with an id in it.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="parent">Its parent; none: the caller's current span.</param>
    /// <param name="link">What it is linked to, for what must not be its parent.</param>
    public Activity? Start(string name, ActivityKind kind, ActivityContext parent = default, ActivityContext link = default)
    {
        if (!IsListening)
        {
            return null;
        }

        var span = _source!.StartActivity(kind, parent, links: link == default ? null : [new(link)], name: name);
        span?.SetTag(OverlayTelemetry.NodeId, Node.ToString());
        return span;
    }

    /// <summary>Ends a span that failed.</summary>
    /// <param name="span">Null where there is none.</param>
    /// <param name="error">Of a closed list of words. What an exception says is not written down: it may hold what others sent.</param>
    public static void Fail(Activity? span, string error)
    {
        span?.SetTag("error.type", error);
        span?.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>The word for an exception in <c>error.type</c>.</summary>
    public static string ErrorOf(Exception exception) => exception switch
    {
        OverlayException { Reason: OverlayError.Command } failed => Words.Of(failed.Outcome),
        OverlayException failed => Words.Of(failed.Reason),
        OperationCanceledException => "cancelled",
        null => throw new ArgumentNullException(nameof(exception)),
        _ => exception.GetType().FullName ?? "unknown",
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Read(ref _source)?.Dispose();
        Volatile.Read(ref _meter)?.Dispose();
    }

    internal RingId Node { get; private set; }

    /// <summary>The node knows its id. Once; on the loop.</summary>
    internal bool TryBegin(RingId node)
    {
        if (_source is not null)
        {
            return false;
        }

        Node = node;
        Volatile.Write(ref _meter, new NodeMeter(node, _counters, _undelivered));
        Volatile.Write(ref _source, new ActivitySource(new ActivitySourceOptions(OverlayTelemetry.Name)
        {
            Version = OverlayTelemetry.Version,
            TelemetrySchemaUrl = OverlayTelemetry.SchemaUrl,
            Tags = [new(OverlayTelemetry.NodeId, node.ToString())],
        }));
        return true;
    }

    /// <summary>Begins a span that began some time ago.</summary>
    internal Activity? Start(string name, ActivityKind kind, ActivityContext parent, ActivityContext link, DateTimeOffset at)
    {
        var current = Activity.Current;
        Activity.Current = null; // The loop's work is nobody's child but as it says itself.
        var span = _source?.StartActivity(kind, parent, links: link == default ? null : [new(link)], startTime: at, name: name);
        Activity.Current = current;
        span?.SetTag(OverlayTelemetry.NodeId, Node.ToString());
        return span;
    }

    /// <summary>Ends a span of <see cref="Start(string, ActivityKind, ActivityContext, ActivityContext, DateTimeOffset)"/>.</summary>
    internal static void End(Activity span, DateTimeOffset at)
    {
        var current = Activity.Current;
        span.SetEndTime(at.UtcDateTime < span.StartTimeUtc ? span.StartTimeUtc : at.UtcDateTime);
        span.Stop();
        Activity.Current = ReferenceEquals(current, span) ? null : current;
    }

    internal static void Tag(Activity span, string name, int value) => span.SetTag(name, value.ToString(CultureInfo.InvariantCulture));
}
