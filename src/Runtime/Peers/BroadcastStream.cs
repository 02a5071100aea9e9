using System.Threading.Channels;
using Overlay.Broadcast;
using Overlay.Messages;

namespace Overlay.Runtime.Peers;

/// <summary>All members as one stream: what is written goes to every other member, what others broadcast is read.</summary>
/// <remarks>Each write is one broadcast (or several, of <see cref="BroadcastData.MaxDataBytes"/> at the most), and a read never joins two. One reader and one writer at a time.</remarks>
public sealed class BroadcastStream : DuplexStream
{
    private readonly OverlayHost _host;
    private readonly ChannelReader<BroadcastMessage> _messages;
    private ReadOnlyMemory<byte> _rest;

    internal BroadcastStream(OverlayHost host, ChannelReader<BroadcastMessage> messages) => (_host, _messages) = (host, messages);

    /// <summary>Reads from the next broadcast of somebody else; 0 when the node has stopped.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (_messages.TryRead(out var message))
            {
                _rest = message.Bytes;
            }
            else if (!await _messages.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                return 0;
            }
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    /// <summary>Broadcasts, and waits until all have reported.</summary>
    /// <exception cref="OverlayException">Not a member, too many in a second, or some part of the network never reported.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var count = Math.Min(buffer.Length, BroadcastData.MaxDataBytes);
            await _host.BroadcastAsync(buffer[..count].ToArray(), cancellationToken).ConfigureAwait(false);
            buffer = buffer[count..];
        }
    }
}
