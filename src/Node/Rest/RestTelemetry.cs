using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Overlay.Admission;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Telemetry;
using Overlay.Time;

namespace Overlay.Nodes.Rest;

/// <summary>Spans and durations of REST, named after OpenTelemetry's conventions for HTTP, so that dashboards for HTTP show them. Free of cost while nobody listens.</summary>
/// <remarks>Queries and headers are not written down: they may hold secrets.</remarks>
internal sealed class RestTelemetry : IDisposable
{
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly HashSet<string> KnownMethods = new(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"], StringComparer.Ordinal);

    private readonly NodeTelemetry? _node;
    private readonly TimeProvider _time;
    private readonly Meter? _meter;
    private readonly Histogram<double>? _asked;
    private readonly Histogram<double>? _served;
    private readonly Lock _gate = new();
    private TokenBucket _remote;
    private int _rate;

    /// <param name="node">The node's spans; null: nothing is told.</param>
    /// <param name="id">Whose metrics they are.</param>
    /// <param name="time">The clock.</param>
    public RestTelemetry(NodeTelemetry? node, Ring.RingId id, TimeProvider time)
    {
        (_node, _time) = (node, time);
        if (node is null)
        {
            return;
        }

        _meter = OverlayTelemetry.CreateMeter(id);
        _asked = Durations(_meter, "http.client.request.duration", "From a fetch to the head of its response, or its failure.");
        _served = Durations(_meter, "http.server.request.duration", "From the head of a request to the end of its response.");
    }

    /// <summary>A fetch begins; null where nobody wants to know.</summary>
    public RestExchange? Ask(string method, string host, string port, string path)
    {
        if (_node is null || !(_node.IsListening || _asked!.Enabled))
        {
            return null;
        }

        var (known, isKnown) = Normalize(method);
        var exchange = new RestExchange(_asked!, _time, _node.Start(isKnown ? known : "HTTP", ActivityKind.Client), known);
        if (exchange.Span is { IsAllDataRequested: true } span)
        {
            Describe(span, method, known, isKnown);
            span.SetTag("server.address", host);
            SetPort(span, port);
            span.SetTag("url.full", $"rest://{host}:{port}{PathOnly(path)}");
        }

        return exchange;
    }

    /// <summary>A request is here; null where nobody wants to know. Whoever proved its id is believed that its span is the parent; to that of others this one is linked.</summary>
    public RestExchange? Serve(RestRequest request)
    {
        if (_node is null || !(_node.IsListening || _served!.Enabled))
        {
            return null;
        }

        var (known, isKnown) = Normalize(request.Method);
        var exchange = new RestExchange(_served!, _time, StartServing(request, isKnown ? known : "HTTP"), known);
        if (exchange.Span is { IsAllDataRequested: true } span)
        {
            Describe(span, request.Method, known, isKnown);
            span.SetTag("url.scheme", "rest");
            span.SetTag("url.path", request.Path);
            span.SetTag("client.address", request.Remote.Text);
            span.SetTag("overlay.peer.proof", request.Remote.Proof switch { PeerProof.Key => "key", PeerProof.Self => "self", _ => "vouched" });
        }

        return exchange;
    }

    /// <summary>Lets the server's span become a child of this one; what the caller set itself stays.</summary>
    public static void Inject(RestExchange? exchange, Dictionary<string, string> headers)
    {
        if (exchange?.Span is { Recorded: true, Id: { } id } span && !headers.ContainsKey(TraceParent))
        {
            headers[TraceParent] = id;
            if (!string.IsNullOrEmpty(span.TraceStateString))
            {
                headers.TryAdd(TraceState, span.TraceStateString);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter?.Dispose();

    private Activity? StartServing(RestRequest request, string name)
    {
        var hasContext = ActivityContext.TryParse(request.Headers.GetValueOrDefault(TraceParent), request.Headers.GetValueOrDefault(TraceState), isRemote: true, out var context);
        if (!hasContext || !MayFollow(request.Remote, context))
        {
            return StartRoot(name, default);
        }

        return request.Remote.Proof == PeerProof.Vouched ? StartRoot(name, context) : _node!.Start(name, ActivityKind.Server, context);
    }

    /// <summary>The caller's current span is nobody's parent here: it belongs to the loop that accepts.</summary>
    private Activity? StartRoot(string name, ActivityContext link)
    {
        Activity.Current = null;
        return _node!.Start(name, ActivityKind.Server, default, link);
    }

    private bool MayFollow(PeerAddress remote, ActivityContext context)
    {
        if (remote.Proof == PeerProof.Self || (context.TraceFlags & ActivityTraceFlags.Recorded) == 0)
        {
            return true;
        }

        var rate = _node!.RemoteSpansPerSecond;
        lock (_gate)
        {
            if (rate != _rate)
            {
                (_rate, _remote) = (rate, rate > 0 ? new TokenBucket(new Rate(rate, rate)) : default); // Set anew while the node runs.
            }

            return rate > 0 && _remote.TryTake(new Instant(_time.GetElapsedTime(0).Ticks, 0));
        }
    }

    private static (string Method, bool IsKnown) Normalize(string method)
    {
        var upper = method.ToUpperInvariant();
        return KnownMethods.Contains(upper) ? (upper, true) : ("_OTHER", false);
    }

    private static void Describe(Activity span, string method, string known, bool isKnown)
    {
        span.SetTag("http.request.method", known);
        if (!isKnown)
        {
            span.SetTag("http.request.method_original", method);
        }
    }

    private static void SetPort(Activity span, string port)
    {
        if (int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            span.SetTag("server.port", number);
        }
    }

    private static string PathOnly(string path)
    {
        var end = path.AsSpan().IndexOfAny('?', '#');
        return end < 0 ? path : path[..end];
    }

    private static Histogram<double> Durations(Meter meter, string name, string description) =>
        meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
}
