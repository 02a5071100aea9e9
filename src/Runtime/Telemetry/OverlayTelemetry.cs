using System.Diagnostics.Metrics;
using Overlay.Ring;

namespace Overlay.Runtime.Telemetry;

/// <summary>The names by which a program listens to what nodes tell of themselves.</summary>
public static class OverlayTelemetry
{
    /// <summary>The name of the activity source and of the meter of every node.</summary>
    public const string Name = "Overlay";

    /// <summary>The version of source and meter.</summary>
    public const string Version = "0.1.0";

    /// <summary>The conventions that names of attributes follow.</summary>
    public const string SchemaUrl = "https://opentelemetry.io/schemas/1.37.0";

    /// <summary>On source, meter and every span: the id of the node that speaks, where several share a process.</summary>
    public const string NodeId = "overlay.node.id";

    /// <summary>A meter of one node, told from those of other nodes in the process by its tag <see cref="NodeId"/>.</summary>
    public static Meter CreateMeter(RingId node) => new(new MeterOptions(Name)
    {
        Version = Version,
        TelemetrySchemaUrl = SchemaUrl,
        Tags = [new(NodeId, node.ToString())],
    });
}
