using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Overlay.Ring;
using Overlay.Runtime.Telemetry;

namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>Listens to the meter of one node.</summary>
internal sealed class Instruments : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Measured> _measured = new();
    private readonly ConcurrentDictionary<string, Instrument> _all = new(StringComparer.Ordinal);

    public Instruments(RingId node)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == OverlayTelemetry.Name && instrument.Meter.Tags!.Contains(new(OverlayTelemetry.NodeId, node.ToString())))
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

    public void Dispose() => _listener.Dispose();

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
