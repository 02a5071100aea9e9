namespace Overlay.Interop.Tests.Peers;

/// <summary>Ours and another, connected.</summary>
internal sealed class PeerDuo : IAsyncDisposable
{
    private PeerDuo(LinePeer ours, LinePeer foreign) => (Ours, Foreign) = (ours, foreign);

    public LinePeer Ours { get; }

    public LinePeer Foreign { get; }

    /// <summary>Takes both over and connects them; on failure both are ended.</summary>
    public static async Task<PeerDuo> ConnectAsync(LinePeer ours, LinePeer foreign, bool weOffer)
    {
        var duo = new PeerDuo(ours, foreign);
        try
        {
            await Scenarios.ConnectAsync(ours, foreign, weOffer);
            return duo;
        }
        catch
        {
            await duo.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Foreign.DisposeAsync();
        await Ours.DisposeAsync();
    }
}
