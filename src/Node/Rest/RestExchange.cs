using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Overlay.Runtime.Telemetry;

namespace Overlay.Nodes.Rest;

/// <summary>One request that somebody watches: its span and its duration, told when it is disposed of.</summary>
internal sealed class RestExchange(Histogram<double> durations, TimeProvider time, Activity? span, string method) : IDisposable
{
    private const int FirstClientError = 400;
    private const int FirstServerError = 500;

    private readonly long _begunAt = time.GetTimestamp();
    private int _status;
    private string? _route;
    private string? _error;

    /// <summary>Null where only the duration is wanted.</summary>
    public Activity? Span => span;

    /// <summary>It was answered.</summary>
    /// <param name="status">The status.</param>
    /// <param name="route">At a server, the pattern that answered; null: none did, or this is the client.</param>
    public void Answered(int status, string? route = null)
    {
        _status = status;
        span?.SetTag("http.response.status_code", status);
        Routed(route);
        if (status >= (span?.Kind == ActivityKind.Server ? FirstServerError : FirstClientError))
        {
            Fail(status.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Half of an answer, or none: the client went away, or the handler threw in the middle.</summary>
    public void BrokeOff(string? route)
    {
        Routed(route);
        Fail("cancelled");
    }

    /// <summary>It was not answered.</summary>
    public void Failed(Exception why) => Fail(NodeTelemetry.ErrorOf(why));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (durations.Enabled)
        {
            var tags = new TagList { { "http.request.method", method }, { "url.scheme", "rest" } };
            Add(ref tags, "http.route", _route);
            Add(ref tags, "http.response.status_code", _status == 0 ? null : _status);
            Add(ref tags, "error.type", _error);
            durations.Record(time.GetElapsedTime(_begunAt).TotalSeconds, tags);
        }

        span?.Dispose();
    }

    private void Routed(string? route)
    {
        _route = route;
        if (route is not null && span is not null)
        {
            span.SetTag("http.route", route);
            span.DisplayName = $"{span.DisplayName} {route}";
        }
    }

    private static void Add(ref TagList tags, string name, object? value)
    {
        if (value is not null)
        {
            tags.Add(name, value);
        }
    }

    private void Fail(string error)
    {
        _error = error;
        NodeTelemetry.Fail(span, error);
    }
}
