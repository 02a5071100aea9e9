using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Overlay.Nodes.Hosting.Systemd;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Nodes as services of systemd.</summary>
public static class OverlaySystemdExtensions
{
    /// <summary>
    /// Tells systemd (<c>Type=notify</c>) when all nodes of the host are members, what they do, that they live (<c>WatchdogSec=</c>) and that they leave. Nothing is done where the
    /// environment names no <c>NOTIFY_SOCKET</c>.
    /// </summary>
    public static IOverlayNodeBuilder AddOverlaySystemd(this IOverlayNodeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SystemdNotifier>(static services => new SystemdNotifier(
            services, SystemdSocket.Open(Environment.GetEnvironmentVariable, Environment.ProcessId), services.GetService<TimeProvider>() ?? TimeProvider.System)));
        return builder;
    }
}
