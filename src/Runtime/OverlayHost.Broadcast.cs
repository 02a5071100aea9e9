using System.Diagnostics;
using System.Threading.Channels;
using Overlay.Broadcast;
using Overlay.Runtime.Peers;

namespace Overlay.Runtime;

/// <summary>Messages to all members.</summary>
public sealed partial class OverlayHost
{
    private readonly Channel<BroadcastMessage> _broadcasts;

    /// <summary>Sends <paramref name="bytes"/> to all members but this one and waits until they have reported: exactly once to each that is there throughout.</summary>
    /// <exception cref="OverlayException">Too large (<see cref="Messages.BroadcastData.MaxDataBytes"/>), too many in a second (<see cref="Outcome.Busy"/>), not a member, or some part
    /// of the network never reported.</exception>
    public async Task<BroadcastReport> BroadcastAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync("broadcast", ActivityKind.Producer, null, (now, outbox) => _node.Broadcast(now, bytes, outbox), cancellationToken).ConfigureAwait(false);
        result.Check("Broadcasting");
        return (BroadcastReport)result.Value!;
    }

    /// <summary>The broadcasts of others, in order of arrival; their origins' signatures were verified. One reader; ends when the node stops.</summary>
    /// <remarks>Where nobody reads, the newest are dropped and counted once <see cref="RuntimeOptions.MaxUndelivered"/> wait.</remarks>
    public IAsyncEnumerable<BroadcastMessage> ReadBroadcastsAsync(CancellationToken cancellationToken = default) =>
        _broadcasts.Reader.ReadAllAsync(cancellationToken);

    /// <summary>All members as one stream; takes the place of <see cref="ReadBroadcastsAsync"/>, which has one reader.</summary>
    public BroadcastStream OpenBroadcastStream() => new(this, _broadcasts.Reader);

    private void Deliver(BroadcastMessage message)
    {
        if (_broadcasts.Writer.TryWrite(message))
        {
            Counters.CountDelivered();
        }
        else
        {
            Counters.CountDropped();
        }
    }
}
