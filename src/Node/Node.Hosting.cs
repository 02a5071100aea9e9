using Overlay.Runtime;

namespace Overlay.Nodes;

/// <summary>What a program that hosts the node does with it while it runs, and before it ends.</summary>
public sealed partial class Node
{
    /// <summary>Takes over those of <paramref name="options"/> that may change while the node runs, and leaves the others aside.</summary>
    /// <param name="options">All of them; see <c>docs/hosting.md</c> for which are taken.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public async ValueTask ReconfigureAsync(NodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = string.Join(' ', options.Errors());
        if (errors.Length > 0)
        {
            throw new ArgumentException(errors, nameof(options));
        }

        _services.Network.Reconfigure(options.Network);
        await _host.ReconfigureAsync(options.Channels, options.Telemetry).ConfigureAwait(false);
    }

    /// <summary>Waits until everything that was asked of the network by this node is answered: sends that wait for their receipts, look-ups, names.</summary>
    public Task DrainAsync(CancellationToken cancellationToken = default) => _host.DrainAsync(cancellationToken);

    /// <summary>For what lies beside the API: health.</summary>
    internal OverlayHost Host => _host;
}
