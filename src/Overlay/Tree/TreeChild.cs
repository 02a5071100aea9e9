using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

/// <summary>A child of this node, or a foster child: one that keeps its subtree here until it has a place.</summary>
internal sealed class TreeChild(int key, in Contact peer, byte slot)
{
    /// <summary>Names it in the table; never used twice.</summary>
    public int Key { get; } = key;

    public Contact Peer { get; set; } = peer;

    /// <summary>0 … degree − 1, or <see cref="TreeAttached.NoSlot"/>.</summary>
    public byte Slot { get; set; } = slot;

    public bool IsFoster => Slot == TreeAttached.NoSlot;

    public RingId Id => Peer.Id;

    /// <summary>What it said of its subtree last.</summary>
    public TreeShape Shape { get; set; } = new(1, 0, 1, 0, 1);

    /// <summary>Its last echo, or the moment it came.</summary>
    public Moment HeardAt { get; set; }

    /// <summary>When its link was lost; Never while it stands.</summary>
    public Moment UnlinkedAt { get; set; } = Moment.Never;

    /// <summary>When it is given up as a foster child that found no place.</summary>
    public Moment FosteredAt { get; set; }

    /// <summary>The dead parent of a foster child.</summary>
    public RingId? Former { get; set; }

    /// <summary>It became a member as this node's child, and did not come from elsewhere in the tree.</summary>
    public bool IsNewcomer { get; set; }

    /// <summary>That one's parent.</summary>
    public Descriptor? Grandparent { get; set; }

    /// <summary>What it was told of its position last.</summary>
    public TreePosition? Told { get; set; }

    /// <summary>What it was told shows the root to be one.</summary>
    public RootWarrant? ToldWarrant { get; set; }

    /// <summary>Entries of the table that point at it, and the sum of their hashes.</summary>
    public int TableCount { get; set; }

    public ulong TableHash { get; set; }
}
