using System.Text;

namespace Overlay.Runtime.Trees;

/// <summary>A neighbour in the tree came or went.</summary>
/// <param name="channel">The way to it.</param>
public sealed class TreeNeighbourEventArgs(TreeChannel channel) : EventArgs
{
    /// <summary>The way to it.</summary>
    public TreeChannel Channel { get; } = channel;
}

/// <summary>A neighbour in the tree sent something.</summary>
/// <param name="channel">The way to it.</param>
/// <param name="bytes">What it sent.</param>
public sealed class TreeDataEventArgs(TreeChannel channel, ReadOnlyMemory<byte> bytes) : EventArgs
{
    /// <summary>The way to it.</summary>
    public TreeChannel Channel { get; } = channel;

    /// <summary>What it sent.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>What it sent, as text (UTF-8).</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>Whether it came from the parent; else it came from a child.</summary>
    public bool IsParent => Channel.IsParent;
}
