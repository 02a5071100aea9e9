using System.Threading.Channels;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Pages;
using Overlay.Signalling;

namespace Overlay.Runtime;

/// <summary>Signals between this node and pages.</summary>
public sealed partial class OverlayHost : IGuestSignals
{
    private readonly Channel<SmokeSignal> _signals;

    /// <summary>Signals of Smoke's protocol between this node and pages or members.</summary>
    public IGuestSignals GuestSignals => this;

    string IGuestSignals.Address => Id.ToString();

    bool IGuestSignals.TryReadAddress(string address, out RingId id)
    {
        ArgumentNullException.ThrowIfNull(address);
        return GuestIds.TryReadAddress(address, _node.HomeHub, out id);
    }

    async Task IGuestSignals.SendAsync(RingId to, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        if (!GuestJson.IsWellFormed(json.Span))
        {
            throw new ArgumentException($"A signal is one JSON value in UTF-8, of at most {GuestSignal.MaxJsonBytes} bytes.", nameof(json));
        }

        ReadOnlyMemory<byte> copy = json.ToArray(); // It may have to be sent again after the caller has stopped waiting.
        var result = await RunAsync((now, outbox) => _node.SendGuestSignal(now, to, copy, outbox), cancellationToken).ConfigureAwait(false);
        result.Check($"Signalling to {to}");
    }

    IAsyncEnumerable<SmokeSignal> IGuestSignals.ReadAllAsync(CancellationToken cancellationToken) => _signals.Reader.ReadAllAsync(cancellationToken);

    /// <summary>On the loop: a connection's offer or answer leaves; the loop hears of it if it does not arrive.</summary>
    private void Signal(PageConnection connection, byte[] json) => _ = SignalAsync(connection, json);

    private async Task SignalAsync(PageConnection connection, byte[] json)
    {
        try
        {
            await GuestSignals.SendAsync(connection.Peer, json, CancellationToken.None).ConfigureAwait(false);
        }
        catch (OverlayException e)
        {
            await PostAsync((now, _) => _loop.Channels.SignalFailed(NodeClock.ToStack(now), connection, e)).ConfigureAwait(false);
        }
    }

    private void Deliver(GuestSignalArrival arrival)
    {
        if (_signals.Writer.TryWrite(new(arrival.From, arrival.IsVouched, arrival.Json)))
        {
            Counters.CountDelivered();
        }
        else
        {
            Counters.CountDropped();
        }
    }
}
