using Overlay.Otlp;

namespace Overlay.Samples.Lab.Traces;

/// <summary>A span, as the page shows it.</summary>
internal sealed record LabSpan(
    string Trace, string Id, string Parent, string Name, string Node, ulong StartNanoseconds, ulong EndNanoseconds, bool IsError, IReadOnlyDictionary<string, string> Attributes);

/// <summary>A trace in one line.</summary>
internal sealed record TraceLine(string Id, string Name, string Node, DateTimeOffset At, double Milliseconds, int Spans, int Nodes, bool IsError);

/// <summary>The last traces that nodes told of. At most <see cref="MaxTraces"/>, and <see cref="MaxSpans"/> spans in each; the oldest go first.</summary>
internal sealed class TraceStore
{
    public const int MaxTraces = 500;
    public const int MaxSpans = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<LabSpan>> _traces = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Spans that came, also those that are forgotten.</summary>
    public long Taken { get; private set; }

    public void Add(Otlp.Traces traces)
    {
        lock (_gate)
        {
            foreach (var from in traces.ResourceSpans)
            {
                var node = Text(from.Resource?.Attributes.FirstOrDefault(static one => one.Key == "service.name")?.Value);
                foreach (var span in from.ScopeSpans.SelectMany(static scope => scope.Spans))
                {
                    Add(node, span);
                }
            }
        }
    }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<TraceLine> List(int count)
    {
        lock (_gate)
        {
            return [.. _order.Reverse().Take(count).Select(id => Summarize(id, _traces[id]))];
        }
    }

    /// <summary>The spans of a trace as they began; null where there is none of that id.</summary>
    public IReadOnlyList<LabSpan>? Find(string id)
    {
        lock (_gate)
        {
            return _traces.TryGetValue(id, out var spans) ? [.. spans.OrderBy(static span => span.StartNanoseconds)] : null;
        }
    }

    private void Add(string node, Span span)
    {
        Taken++;
        var trace = Convert.ToHexStringLower(span.TraceId.Span);
        if (!_traces.TryGetValue(trace, out var spans))
        {
            _traces[trace] = spans = [];
            _order.Enqueue(trace);
            if (_order.Count > MaxTraces)
            {
                _traces.Remove(_order.Dequeue());
            }
        }

        if (spans.Count < MaxSpans)
        {
            spans.Add(new LabSpan(
                trace,
                Convert.ToHexStringLower(span.SpanId.Span),
                Convert.ToHexStringLower(span.ParentSpanId.Span),
                span.Name,
                node,
                span.StartTimeUnixNano,
                span.EndTimeUnixNano,
                span.Status?.Code == 2,
                span.Attributes.GroupBy(static one => one.Key).ToDictionary(static one => one.Key, static one => Text(one.First().Value), StringComparer.Ordinal)));
        }
    }

    private static TraceLine Summarize(string id, List<LabSpan> spans)
    {
        var root = spans.Find(static span => span.Parent.Length == 0) ?? spans.MinBy(static span => span.StartNanoseconds)!;
        var (begin, end) = (spans.Min(static span => span.StartNanoseconds), spans.Max(static span => span.EndNanoseconds));
        return new(
            id,
            root.Name,
            root.Node,
            DateTimeOffset.UnixEpoch.AddTicks((long)(begin / 100)),
            (end - begin) / 1e6,
            spans.Count,
            spans.Select(static span => span.Node).Distinct(StringComparer.Ordinal).Count(),
            spans.Exists(static span => span.IsError));
    }

    private static string Text(Value? value) => value?.ValueCase switch
    {
        Value.ValueOneofCase.Text => value.Text,
        Value.ValueOneofCase.Whole => value.Whole.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Value.ValueOneofCase.Real => value.Real.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Value.ValueOneofCase.Truth => value.Truth ? "true" : "false",
        _ => "",
    };
}
