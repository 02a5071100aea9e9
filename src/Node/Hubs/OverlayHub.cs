using Overlay.Nodes.Network;
using Overlay.Runtime;

namespace Overlay.Nodes.Hubs;

/// <summary>The overlay as a hub: names are kept by its members, so no server is needed for them.</summary>
internal sealed class OverlayHub(OverlayHost host) : IHub, IDisposable
{
    private readonly SemaphoreSlim _registering = new(1);
    private string? _name;

    public ValueTask<string> GetAddressAsync(CancellationToken cancellationToken = default) => new(host.Id.ToString());

    public async ValueTask RegisterAsync(string name, CancellationToken cancellationToken = default)
    {
        await _registering.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await host.RegisterAsync(name, cancellationToken).ConfigureAwait(false);
            if (_name is { } before && before != name)
            {
                await host.UnregisterAsync(before, cancellationToken).ConfigureAwait(false);
            }

            _name = name;
        }
        finally
        {
            _registering.Release();
        }
    }

    public async ValueTask<IReadOnlyList<string>> LookupAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Ports.IsAddress(name))
        {
            return [name];
        }

        if (!NodeNames.IsName(name))
        {
            return [];
        }

        try
        {
            return [(await host.ResolveAsync(name, cancellationToken).ConfigureAwait(false)).ToString()];
        }
        catch (OverlayException e) when (e.Outcome == Outcome.NameUnknown)
        {
            return [];
        }
    }

    public void Dispose() => _registering.Dispose();
}
