using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>The time that a page is left before it hears something that it could miss.</summary>
/// <remarks>
/// A page's one thread learns late what its connection has done already. It hands out a message before it has told the page that the channel is open; of a channel that has closed by then it
/// says neither that it was open nor what came on it. It is later the more channels are opened at once: 128 take it up to 100 ms.
/// </remarks>
internal static class PagePause
{
    /// <summary>For each of the channels that are opened or closed at once, beyond the pause for one.</summary>
    private static readonly TimeSpan ForEachOther = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan LongestForOthers = TimeSpan.FromSeconds(1);

    /// <summary>Waits where the other side is a page.</summary>
    public static async Task WaitAsync(TrackedChannel channel, TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        if (channel.Remote.Proof != PeerProof.Vouched || pause <= TimeSpan.Zero)
        {
            return;
        }

        channel.Traffic.Pause(1);
        try
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            if (channel.Traffic.Pausing - 1 is > 0 and var others)
            {
                await Task.Delay(TimeSpan.FromTicks(Math.Min(others * ForEachOther.Ticks, LongestForOthers.Ticks)), time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            channel.Traffic.Pause(-1);
        }
    }
}
