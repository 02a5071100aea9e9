using Microsoft.Extensions.Options;
using Overlay.Exporting;
using Overlay.Nodes;
using Overlay.Nodes.Hosting.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets a node of a generic host export what it tells of itself.</summary>
public static class OverlayTelemetryServiceCollectionExtensions
{
    /// <summary>The section of the configuration that <see cref="OtlpOptions"/> are read from, before code has its say.</summary>
    public const string ConfigurationSection = "Overlay:Otlp";

    /// <summary>
    /// Exports spans and metrics of the node by OTLP, as the options and the standard <c>OTEL_*</c> variables say. Where neither names a collector, nothing is exported and nothing is
    /// spent.
    /// </summary>
    public static IOverlayNodeBuilder AddOverlayTelemetry(this IOverlayNodeBuilder builder, Action<OtlpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = builder.Name;
        var options = builder.Services.AddSection<OtlpOptions>(name, new OptionSection(ConfigurationSection, OtlpOptionKeys.All), static options => options.Errors());
        if (configure is not null)
        {
            options.Configure(configure);
        }

        builder.Services.AddOptions<NodeOptions>(name).PostConfigure<IOptionsMonitor<OtlpOptions>>((node, otlp) => node.Export ??= OtlpExport.Create(otlp.Get(name)));
        return builder;
    }
}
