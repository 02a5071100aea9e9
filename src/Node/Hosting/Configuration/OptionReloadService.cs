using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Overlay.Nodes.Hosting.Configuration;

/// <summary>Tells of changes in a section that is nobody's in particular: what is live in it is asked of the monitor by whoever uses it.</summary>
internal sealed class OptionReloadService<T>(string name, IOptionsMonitor<T> options, OptionReload<T> reload) : IHostedService
    where T : class
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        reload.Start(options.Get(name));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        reload.Dispose();
        return Task.CompletedTask;
    }
}
