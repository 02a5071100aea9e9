namespace Overlay;

/// <summary>Where in a tree a neighbour is, seen from a node.</summary>
public enum TreeSide : byte
{
    /// <summary>It is no neighbour.</summary>
    None,

    /// <summary>It is the parent.</summary>
    Parent,

    /// <summary>It is a child, or a foster child.</summary>
    Child,
}
