namespace Overlay.Nodes.Media;

/// <summary>The file formats that Smoke plays.</summary>
public enum MediaContainer
{
    /// <summary>WebM with VP8 and Vorbis or Opus.</summary>
    WebM,

    /// <summary>Fragmented MP4 with H.264 and AAC.</summary>
    Mp4,
}
