using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Overlay.Ring;
using Overlay.Runtime.Telemetry;

namespace Overlay.Exporting;

/// <summary>Exports each node's spans and metrics by OTLP, through the OpenTelemetry SDK: one service instance a node, named by its id.</summary>
/// <remarks>A process may hold several nodes. Each has its own pipeline and resource, and takes from it what comes of its own source and meter.</remarks>
public sealed class OtlpExport : INodeExport
{
    private readonly OtlpOptions _options;
    private readonly OtlpSettings _settings;

    private OtlpExport(OtlpOptions options, OtlpSettings settings) => (_options, _settings) = (options, settings);

    /// <summary>The export that options and environment ask for; null where they ask for none, so that nothing is spent.</summary>
    /// <exception cref="ArgumentException">An option cannot work; the message names it.</exception>
    public static OtlpExport? Create(OtlpOptions? options = null) => Create(options ?? new OtlpOptions(), Environment.GetEnvironmentVariable);

    internal static OtlpExport? Create(OtlpOptions options, Func<string, string?> variable)
    {
        var errors = string.Join(' ', options.Errors());
        if (errors.Length > 0)
        {
            throw new ArgumentException(errors, nameof(options));
        }

        var settings = options.Resolve(variable);
        return settings is { Traces: null, Metrics: null } ? null : new OtlpExport(options, settings);
    }

    /// <inheritdoc/>
    public IDisposable Open(RingId node, ActivitySource source)
    {
        var resource = ResourceBuilder.CreateDefault().AddTelemetrySdk();
        resource.AddService(
            _settings.ServiceName ?? "overlay",
            serviceVersion: typeof(OtlpExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0],
            autoGenerateServiceInstanceId: false,
            serviceInstanceId: node.ToString());
        return new Pipelines(OpenTraces(resource, source), OpenMetrics(resource, node));
    }

    private TracerProvider? OpenTraces(ResourceBuilder resource, ActivitySource source)
    {
        if (_settings.Traces is not { } target)
        {
            return null;
        }

#pragma warning disable CA2000 // The provider disposes of its processors, and they of their exporters.
        return Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource([OverlayTelemetry.Name, .. _options.Sources])
            .AddProcessor(new OneNode(source, new OtlpTraceExporter(Exporter(target))))
            .Build();
#pragma warning restore CA2000
    }

    private MeterProvider? OpenMetrics(ResourceBuilder resource, RingId node)
    {
        if (_settings.Metrics is not { } target)
        {
            return null;
        }

        var tag = new KeyValuePair<string, object?>(OverlayTelemetry.NodeId, node.ToString());
#pragma warning disable CA2000 // The provider disposes of its readers, and they of their exporters.
        return Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter([OverlayTelemetry.Name, .. _options.Meters])
            .AddView(instrument => IsOfOther(instrument, tag) ? MetricStreamConfiguration.Drop : null)
            .AddReader(new PeriodicExportingMetricReader(new OtlpMetricExporter(Exporter(target)), Milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 60_000)))
            .Build();
#pragma warning restore CA2000
    }

    private static OtlpExporterOptions Exporter(OtlpTarget target) => new() { Endpoint = target.Endpoint, Protocol = target.Protocol };

    private static bool IsOfOther(Instrument instrument, KeyValuePair<string, object?> own) =>
        instrument.Meter.Name == OverlayTelemetry.Name && instrument.Meter.Tags?.Contains(own) != true;

    private static int Milliseconds(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0 ? milliseconds : otherwise;

    /// <summary>Lets through what is of one node, or of nobody's.</summary>
    private sealed class OneNode(ActivitySource own, BaseExporter<Activity> exporter) : BatchActivityExportProcessor(exporter, scheduledDelayMilliseconds: Delay())
    {
        public override void OnEnd(Activity data)
        {
            if (ReferenceEquals(data.Source, own) || data.Source.Name != OverlayTelemetry.Name)
            {
                base.OnEnd(data);
            }
        }

        private static int Delay() => Milliseconds("OTEL_BSP_SCHEDULE_DELAY", 5000);
    }

    private sealed class Pipelines(TracerProvider? traces, MeterProvider? metrics) : IDisposable
    {
        private const int FlushMilliseconds = 5000;

        public void Dispose()
        {
            // One after the other, each with an end: a collector that does not answer must not keep a node from stopping.
            traces?.Shutdown(FlushMilliseconds);
            metrics?.Shutdown(FlushMilliseconds);
            traces?.Dispose();
            metrics?.Dispose();
        }
    }
}
