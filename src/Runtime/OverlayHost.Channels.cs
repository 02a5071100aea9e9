using System.Diagnostics;
using Overlay.Identity;
using Overlay.Runtime.Channels;

namespace Overlay.Runtime;

/// <summary>Channels to other nodes: one connection with each, over the overlay at once and directly when that works.</summary>
public sealed partial class OverlayHost : IPeerChannels
{
    /// <inheritdoc/>
    public Action<PeerChannel>? Opened
    {
        get => _loop.Channels.Opened;
        set => _loop.Channels.Opened = value;
    }

    /// <inheritdoc/>
    /// <remarks>The channel is in the caller's hands when the connection carries it; what was written into it before would wait.</remarks>
    public async ValueTask<PeerChannel> OpenAsync(string address, string label, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(label);
        if (!GuestSignals.TryReadAddress(address, out var peer))
        {
            throw new OverlayException(OverlayError.HostUnreachable, $"'{address}' is no address: 12 hexadecimal digits are a member's, a dotted quad is a page's.");
        }

        if (peer == Id)
        {
            throw new OverlayException(OverlayError.HostUnreachable, $"{peer} is this node itself; '{PeerAddress.LoopbackName}' reaches it.");
        }

        if (Ended.IsCancellationRequested)
        {
            throw Stopped();
        }

        var channel = new ConnectionChannel(_loop.Channels, label, GuestIds.IsGuest(peer) ? _loop.Channels.AddressOf(peer) : PeerAddress.Member(peer), isIncoming: false);
        var cause = Telemetry.IsListening ? Activity.Current : null;
        await PostAsync((now, outbox) =>
        {
            if (cause is { Recorded: true })
            {
                _loop.ActFor(now, cause);
            }

            _loop.Channels.Open(now, channel, outbox);
        }).ConfigureAwait(false);
        await using var ended = Ended.Register(static one => ((ConnectionChannel)one!).End(Stopped()), channel).ConfigureAwait(false);
        try
        {
            await channel.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);
            return channel;
        }
        catch
        {
            channel.Abort();
            throw;
        }
    }
}
