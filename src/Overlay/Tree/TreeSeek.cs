using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

/// <summary>Where a search for a parent is.</summary>
internal enum SeekStep : byte
{
    /// <summary>Pausing before the next attempt.</summary>
    Paused,

    /// <summary>Asked for a place.</summary>
    Asking,

    /// <summary>Waiting for a certificate.</summary>
    Resolving,

    /// <summary>Waiting for the link.</summary>
    Linking,

    /// <summary>Asked to be a child: the clock stands still.</summary>
    Attaching,
}

/// <summary>The search of a node for a parent, or for another one. There is one at a time.</summary>
internal sealed class TreeSeek(TreeReason reason, ulong nonce)
{
    public TreeReason Reason { get; set; } = reason;

    public SeekStep Step { get; set; }

    public ulong Nonce { get; set; } = nonce;

    public TreeSearch Search { get; init; }

    public Contact Target { get; set; }

    /// <summary>Who the target is to be, as long as its certificate is not here, and who has that.</summary>
    public Descriptor? Wanted { get; set; }

    public RingId Source { get; init; }

    /// <summary>The member of this tree through which it is reached, where it belongs to another one.</summary>
    public RingId? Via { get; init; }

    /// <summary>With <see cref="TreeReason.RootLost"/>: the vote.</summary>
    public ReadOnlyMemory<byte> Vote { get; init; }

    public Moment Due { get; set; } = Moment.Never;

    public int Tries { get; set; }

    public Moment AttachingSince { get; set; }

    /// <summary>How long "not yet" is taken for an answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(8);

    public RingId? Former { get; init; }

    public Descriptor? Grandparent { get; init; }

    /// <summary>What it is done for.</summary>
    public TreeErrand? Errand { get; init; }

    public TimeSpan Pause { get; set; } = TimeSpan.FromMilliseconds(250);
}
