using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Overlay.Exporting;
using Overlay.Nodes;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets the nodes of a generic host export what they tell of themselves.</summary>
public static class OverlayTelemetryServiceCollectionExtensions
{
    /// <summary>The section of the configuration that <see cref="OtlpOptions"/> are read from, before code has its say.</summary>
    public const string ConfigurationSection = "Overlay:Otlp";

    /// <summary>
    /// Exports spans and metrics of the nodes of <c>AddOverlayNode</c> by OTLP, as the options and the standard <c>OTEL_*</c> variables say. Where neither names a collector,
    /// nothing is exported and nothing is spent.
    /// </summary>
    public static IServiceCollection AddOverlayTelemetry(this IServiceCollection services, Action<OtlpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<OtlpOptions>().BindConfiguration(ConfigurationSection).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OtlpOptions>, Validator>());
        services.AddOptions<NodeOptions>().PostConfigure<IOptions<OtlpOptions>>(static (node, otlp) => node.Export ??= OtlpExport.Create(otlp.Value));
        return services;
    }

    private sealed class Validator : IValidateOptions<OtlpOptions>
    {
        public ValidateOptionsResult Validate(string? name, OtlpOptions options)
        {
            var errors = options.Errors().ToList();
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
