using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>The one byte with which a port accepts or refuses a channel, before anything else passes on it.</summary>
/// <remarks>
/// <code>
/// acceptor → opener   0  accepted     1  refused, and closed
/// </code>
/// </remarks>
internal static class Handshake
{
    /// <summary>Bytes of an answer that makes no sense, for whoever has to find out whose it is.</summary>
    private const int MaxShown = 8;

    private static readonly ReadOnlyMemory<byte> Accepted = new byte[] { 0 };
    private static readonly ReadOnlyMemory<byte> Refused = new byte[] { 1 };

    /// <summary>Tells the opener that it is welcome.</summary>
    public static async Task AcceptAsync(TrackedChannel channel, TimeSpan pageDelay, TimeProvider time, CancellationToken cancellationToken)
    {
        await PagePause.WaitAsync(channel, pageDelay, time, cancellationToken).ConfigureAwait(false);
        await channel.SendAsync(Accepted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells the opener that nobody listens, and closes.</summary>
    public static async Task RefuseAsync(TrackedChannel channel, TimeSpan pageDelay, TimeProvider time, CancellationToken cancellationToken)
    {
        await PagePause.WaitAsync(channel, pageDelay, time, cancellationToken).ConfigureAwait(false);
        await channel.SendAsync(Refused, cancellationToken).ConfigureAwait(false);
        await channel.CloseAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the acceptor has decided.</summary>
    /// <remarks>
    /// A browser loses, about once in 2,000 times, what a page sends in the very moment in which it says that a channel is open: the accepting byte. What comes of a page instead of it can
    /// only come of a port that has accepted, and is left to be read; a page's original would swallow it.
    /// </remarks>
    /// <exception cref="OverlayException">Refused, or what answers is no port.</exception>
    public static async Task AcceptedAsync(TrackedChannel channel, CancellationToken cancellationToken)
    {
        if (await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false) is not { } answer)
        {
            throw new OverlayException(OverlayError.ConnectionRefused, $"{channel.Remote} closed the channel to port {channel.Label} without a word.");
        }

        if (answer.Span.SequenceEqual(Refused.Span))
        {
            throw new OverlayException(OverlayError.ConnectionRefused, $"{channel.Remote} refused: nobody listens on port {channel.Label} there, or it is full.");
        }

        if (answer.Span.SequenceEqual(Accepted.Span))
        {
            return;
        }

        if (channel.Remote.Proof != PeerProof.Vouched || answer.Length <= Accepted.Length)
        {
            var begin = Convert.ToHexStringLower(answer.Span[..Math.Min(answer.Length, MaxShown)]);
            throw new OverlayException(OverlayError.InvalidMessage, $"{channel.Remote} answered on port {channel.Label} with {answer.Length} bytes ({begin}…) instead of the one that accepts or refuses.");
        }

        channel.PutBack(answer);
    }
}
