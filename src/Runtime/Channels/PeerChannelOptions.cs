namespace Overlay.Runtime.Channels;

/// <summary>Which ways channels may take.</summary>
public enum ChannelPolicy
{
    /// <summary>Over the overlay at once, directly as soon as that works, and back when it does not.</summary>
    Auto,

    /// <summary>Never over other members: a channel opens when a direct way is found, and ends with it.</summary>
    DirectOnly,

    /// <summary>Always over other members: the other end does not learn this node's addresses from the channel.</summary>
    OverlayOnly,
}

/// <summary>How this node's channels go, and what it does for those of others.</summary>
public sealed record PeerChannelOptions
{
    /// <summary>Which ways this node's channels take.</summary>
    /// <value>Default <see cref="ChannelPolicy.Auto"/>. The other end's policy holds as well.</value>
    public ChannelPolicy Policy { get; init; }

    /// <summary>Bytes a second that one neighbour may have this node pass on for channels; as many again may be saved up for a second.</summary>
    /// <value>Default 16 MiB; 0 … 10 GB. 0 passes nothing on: channels of others find another way, or none.</value>
    public long RelayBytesPerSecond { get; init; } = 16 << 20;

    /// <summary>Pages in browsers that may be connected with this node at a time. Where one more comes, the page that has had no channel for longest makes room if that is two minutes, else
    /// its offer is not answered.</summary>
    /// <value>Default 256; 0 … 65,536. 0: offers and answers of pages are left to whoever reads <see cref="OverlayHost.GuestSignals"/>.</value>
    /// <remarks>Each costs at most about 10 MB while it sends and takes as much as it may; an idle one some 300 KB.</remarks>
    public int MaxPages { get; init; } = 256;

    /// <summary>What cannot work, by name.</summary>
    public IEnumerable<string> Errors()
    {
        if (!Enum.IsDefined(Policy))
        {
            yield return $"{nameof(Policy)}: {Policy} is none of {string.Join(", ", Enum.GetNames<ChannelPolicy>())}.";
        }

        if (RelayBytesPerSecond is < 0 or > 10_000_000_000)
        {
            yield return $"{nameof(RelayBytesPerSecond)}: {RelayBytesPerSecond} is not in 0 … 10000000000.";
        }

        if (MaxPages is < 0 or > 65_536)
        {
            yield return $"{nameof(MaxPages)}: {MaxPages} is not in 0 … 65536.";
        }
    }
}
