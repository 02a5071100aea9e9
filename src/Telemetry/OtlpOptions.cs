using System.Globalization;
using OpenTelemetry.Exporter;

namespace Overlay.Exporting;

/// <summary>Where spans and metrics of a node go. What is not set here is taken from the standard <c>OTEL_*</c> variables.</summary>
public sealed class OtlpOptions
{
    /// <summary>The collector: its base address, as <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> has it.</summary>
    /// <value>Default null: the variables say. Where neither says anything, nothing is exported and nothing is spent.</value>
    public Uri? Endpoint { get; set; }

    /// <summary><c>http/protobuf</c> or <c>grpc</c>.</summary>
    /// <value>Default null: <c>OTEL_EXPORTER_OTLP_PROTOCOL</c>, and <c>http/protobuf</c> where that is not set.</value>
    public string? Protocol { get; set; }

    /// <summary><c>service.name</c> of the resource.</summary>
    /// <value>Default null: <c>OTEL_SERVICE_NAME</c>, and <c>overlay</c> where that is not set.</value>
    public string? ServiceName { get; set; }

    /// <summary>Other sources of spans in this process that go along: of the application, of its web server.</summary>
    /// <value>Default empty. With several nodes in a process, give them to one of them.</value>
    public IList<string> Sources { get; init; } = [];

    /// <summary>Other meters in this process that go along.</summary>
    /// <value>Default: the runtime's, the web server's and the HTTP client's.</value>
    public IList<string> Meters { get; init; } = ["System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http"];

    /// <summary>Every reason why these options cannot work, each naming the key.</summary>
    public IEnumerable<string> Errors()
    {
        if (Endpoint is { } endpoint && (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https")))
        {
            yield return $"Endpoint: '{endpoint}' is no address of a collector; it begins with http:// or https://.";
        }

        if (Protocol is { } protocol && !TryRead(protocol, out _))
        {
            yield return $"Protocol: '{protocol}' is neither http/protobuf nor grpc.";
        }
    }

    internal static bool TryRead(string protocol, out OtlpExportProtocol read)
    {
        read = string.Equals(protocol, "grpc", StringComparison.Ordinal) ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        return protocol is "grpc" or "http/protobuf";
    }

    /// <summary>What the options and the environment together say.</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    internal OtlpSettings Resolve(Func<string, string?> variable)
    {
        string? Read(string name) => variable(name) is { Length: > 0 } value ? value.Trim() : null;
        var isOff = string.Equals(Read("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);
        return new OtlpSettings(
            Signal("TRACES"),
            Signal("METRICS"),
            ServiceName ?? Read("OTEL_SERVICE_NAME"));

        OtlpTarget? Signal(string signal)
        {
            var specific = Endpoint is null ? Read($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") : null;
            var common = Endpoint?.OriginalString ?? Read("OTEL_EXPORTER_OTLP_ENDPOINT");
            var isNone = string.Equals(Read($"OTEL_{signal}_EXPORTER"), "none", StringComparison.OrdinalIgnoreCase);
            if (isOff || isNone || (specific ?? common) is not { } address || !Uri.TryCreate(address, UriKind.Absolute, out var uri))
            {
                return null;
            }

            var named = Protocol ?? Read($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") ?? Read("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
            TryRead(named, out var protocol);
            return new OtlpTarget(specific is null && protocol == OtlpExportProtocol.HttpProtobuf ? Under(uri, signal) : uri, protocol);
        }
    }

    /// <summary>The base address and the signal's path, as the specification of the exporter has them.</summary>
    private static Uri Under(Uri address, string signal) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{address.ToString().TrimEnd('/')}/v1/{signal.ToLowerInvariant()}"));
}

/// <summary>Where one signal goes.</summary>
internal sealed record OtlpTarget(Uri Endpoint, OtlpExportProtocol Protocol);

/// <summary>What is exported, and where to; null: not at all.</summary>
internal sealed record OtlpSettings(OtlpTarget? Traces, OtlpTarget? Metrics, string? ServiceName);
