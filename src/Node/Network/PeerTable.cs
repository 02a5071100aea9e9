using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>The nodes that this node has or had channels with, and the channels that are open.</summary>
/// <remarks>Invariant: at most <see cref="MaxIdlePeers"/> nodes without an open channel are remembered; the one silent for longest makes room.</remarks>
internal sealed class PeerTable(NetworkOptions options, TimeProvider time)
{
    /// <summary>Nodes without an open channel whose counts are kept.</summary>
    public const int MaxIdlePeers = 1_024;

    /// <summary>Channels beyond its share that another node may have while it is being told that they are too many.</summary>
    public const int MaxRefusals = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, PeerTraffic> _peers = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _idle = new();
    private readonly HashSet<TrackedChannel> _channels = [];
    private NetworkOptions _options = options;
    private bool _isEnded;

    /// <summary>Counts what passes on a channel from here on.</summary>
    /// <returns>Null when the table has ended, or where the other side does not even wait to hear that it has too many.</returns>
    public TrackedChannel? Track(PeerChannel channel)
    {
        TrackedChannel tracked;
        lock (_lock)
        {
            var key = channel.Remote.Text;
            if (_isEnded || (_peers.TryGetValue(key, out var traffic) && channel.IsIncoming && traffic.OpenChannels >= _options.MaxChannelsPerPeer + MaxRefusals))
            {
                return null;
            }

            if (traffic is null)
            {
                _peers[key] = traffic = new PeerTraffic(channel.Remote);
            }

            _idle.Remove(key);
            var open = traffic.Opened();
            _channels.Add(tracked = new TrackedChannel(channel, traffic) { IsTooMany = open > _options.MaxChannelsPerPeer, PageDelay = _options.PageDelay, Time = time });
        }

        _ = ForgetAsync(tracked);
        return tracked;
    }

    public void Reconfigure(NetworkOptions changed)
    {
        lock (_lock)
        {
            _options = changed;
        }
    }

    public IReadOnlyList<PeerStatistics> Read(PeerAddress local)
    {
        lock (_lock)
        {
            return [.. _peers.Values.Select(traffic => traffic.Read(local))];
        }
    }

    /// <summary>Takes no more channels.</summary>
    /// <returns>Those that are open.</returns>
    public IReadOnlyList<TrackedChannel> End()
    {
        lock (_lock)
        {
            _isEnded = true;
            return [.. _channels];
        }
    }

    private async Task ForgetAsync(TrackedChannel channel)
    {
        await channel.Closed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (!_channels.Remove(channel))
            {
                return;
            }

            channel.Traffic.Closed();
            if (channel.Traffic.OpenChannels == 0)
            {
                _idle.AddLast(channel.Remote.Text);
                if (_idle.Count > MaxIdlePeers)
                {
                    _peers.Remove(_idle.First!.Value);
                    _idle.RemoveFirst();
                }
            }
        }
    }
}
