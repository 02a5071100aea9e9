namespace Overlay.Nodes.Media;

/// <summary>What a track is for.</summary>
public enum MediaKind
{
    /// <summary>Pictures.</summary>
    Video,

    /// <summary>Sound.</summary>
    Audio,
}
