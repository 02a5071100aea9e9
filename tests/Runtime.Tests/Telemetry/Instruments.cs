using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Overlay.Ring;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>Listens to the meter of one node, or of one hub.</summary>
internal sealed class Instruments : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Measured> _measured = new();
    private readonly ConcurrentDictionary<string, Instrument> _all = new(StringComparer.Ordinal);

    public Instruments(RingId node)
        : this("overlay.node.id", node.ToString())
    {
    }

    public Instruments(string tag, string value)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Overlay" && instrument.Meter.Tags!.Contains(new(tag, value)))
            {
                _all[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _measured.Enqueue(new(instrument.Name, value, Text(tags))));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => _measured.Enqueue(new(instrument.Name, value, Text(tags))));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => _measured.Enqueue(new(instrument.Name, value, Text(tags))));
        _listener.Start();
    }

    public IReadOnlyDictionary<string, Instrument> All => _all;

    /// <summary>All measurements so far, the observable ones as they are now.</summary>
    public Measured[] Collect()
    {
        _listener.RecordObservableInstruments();
        return [.. _measured];
    }

    public double Last(string name, string tags) => Collect().Last(one => one.Name == name && one.Tags == tags).Value;

    /// <summary>A row of the documentation's table for each instrument: its first three columns.</summary>
    public IEnumerable<string> Rows(string prefix = "") =>
        _all.Values.Where(one => one.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(one => $"| `{one.Name}` | {TypeOf(one)} | {one.Unit} |").Order(StringComparer.Ordinal);

    /// <summary>The first three columns of a row.</summary>
    public static string BeginningOf(string row) => string.Join('|', row.Split('|')[..4]) + "|";

    public void Dispose() => _listener.Dispose();

    private static string TypeOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        nameof(Counter<int>) or "ObservableCounter" => "counter",
        "ObservableUpDownCounter" => "updown",
        "ObservableGauge" => "gauge",
        nameof(Histogram<int>) => "histogram",
        var other => other,
    };

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var words = new List<string>();
        foreach (var (name, value) in tags)
        {
            words.Add($"{name}={value}");
        }

        return string.Join(' ', words);
    }
}

/// <summary>One measurement.</summary>
internal sealed record Measured(string Name, double Value, string Tags);
