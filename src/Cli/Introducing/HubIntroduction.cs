using Overlay.Hub;
using Overlay.Runtime;
using Overlay.Runtime.Hubs;

namespace Overlay.Cli.Introducing;

/// <summary>The endpoint of <c>overlay node --introduce</c>: the hub's own server, signing with the node's key under the hub's delegation.</summary>
/// <param name="options">Where it listens, and whom it admits; the right to do so comes later.</param>
/// <param name="address">What others are told; empty: nobody is told.</param>
/// <param name="timeProvider">For the node's own way to it.</param>
internal sealed class HubIntroduction(HubOptions options, string address, TimeProvider timeProvider) : IIntroduction
{
    private HubServer? _server;
    private WebSocketHub? _way;

    /// <inheritdoc/>
    public string Address => address;

    /// <inheritdoc/>
    public async Task<IHubConnector> OpenAsync(IntroductionRight right, CancellationToken cancellationToken)
    {
        try
        {
            if (_server is not null)
            {
                _server.Redelegate(right.Delegation, right.Seeds, right.Hubs);
            }
            else
            {
                var delegated = options with { Delegate = new(right.Signing, right.Delegation, right.HubKey) { Hubs = right.Hubs }, Seeds = right.Seeds };
                _server = await HubServer.StartAsync(delegated, cancellationToken).ConfigureAwait(false);
                _way = new WebSocketHub(_server.Uri, timeProvider);
            }

            return _way!;
        }
        catch (HubException e)
        {
            throw new OverlayException(OverlayError.IntroductionFailed, $"--introduce: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask CloseAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync().ConfigureAwait(false);
        }
    }
}
