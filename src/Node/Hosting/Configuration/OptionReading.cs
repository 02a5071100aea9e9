using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Overlay.Nodes.Hosting.Configuration;

/// <summary>Reads options from a section, judges them when the host starts, and hears of changes of the configuration.</summary>
internal static class OptionReading
{
    /// <summary>Adds it for the options of a name; what is configured later in code has the last word.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="name">The options' name.</param>
    /// <param name="section">Where they stand.</param>
    /// <param name="errors">What the options say of themselves.</param>
    public static OptionsBuilder<T> AddSection<T>(this IServiceCollection services, string name, OptionSection section, Func<T, IEnumerable<string>> errors)
        where T : class
    {
        var builder = services.AddOptions<T>(name);
        if (services.Any(service => service.ImplementationInstance is Registration<T> known && known.Name == name))
        {
            return builder;
        }

        services.AddSingleton(new Registration<T>(name));
        services.AddSingleton<IConfigureOptions<T>>(provider => new ConfigureNamedOptions<T>(name, options => Read(provider, section, name, options)));
        services.AddSingleton<IValidateOptions<T>>(new Validator<T>(name, section, errors));
        services.AddSingleton<IOptionsChangeTokenSource<T>>(provider => new ConfigurationChangeTokenSource<T>(
            name, provider.GetService<IConfiguration>()?.GetSection(section.Path) ?? new ConfigurationBuilder().Build().GetSection(section.Path)));
        if (typeof(T) != typeof(NodeOptions)) // A node hears of its own, from when it has joined.
        {
            services.AddSingleton<IHostedService>(provider => new OptionReloadService<T>(name, provider.GetRequiredService<IOptionsMonitor<T>>(), ReloadOf<T>(provider, name, section)));
        }

        return builder.ValidateOnStart();
    }

    /// <summary>Hears of changes of the section.</summary>
    public static OptionReload<T> ReloadOf<T>(IServiceProvider provider, string name, OptionSection section)
        where T : class => new(
            name, section, provider.GetRequiredService<IOptionsFactory<T>>(), provider.GetServices<IOptionsChangeTokenSource<T>>(), provider.GetRequiredService<ILoggerFactory>());

    private static void Read(IServiceProvider provider, OptionSection section, string name, object options)
    {
        if (options is NodeOptions node)
        {
            node.Protocol = node.Protocol with { }; // The reader writes into what is there, which may be everybody's.
        }

        section.ReadInto(provider.GetService<IConfiguration>(), name, options);
    }

    private sealed record Registration<T>(string Name);

    private sealed class Validator<T>(string name, OptionSection section, Func<T, IEnumerable<string>> errors) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? of, T options)
        {
            if (of != name)
            {
                return ValidateOptionsResult.Skip;
            }

            var told = errors(options).Select(section.Tell).ToList();
            return told.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(told);
        }
    }
}
