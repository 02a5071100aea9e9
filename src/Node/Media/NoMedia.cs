using Overlay.Runtime;

namespace Overlay.Nodes.Media;

/// <summary>The media of a node without an engine: it says so, at every door.</summary>
internal sealed class NoMedia : INodeMedia
{
    public static NoMedia Instance { get; } = new();

    public ValueTask<MediaStream> CreateTestPatternAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromException<MediaStream>(Unavailable());

    public ValueTask<MediaStream> OpenContainerAsync(Stream source, MediaContainer container, CancellationToken cancellationToken = default) =>
        ValueTask.FromException<MediaStream>(Unavailable());

    private static OverlayException Unavailable() =>
        new(OverlayError.MediaUnavailable, "This node has no media engine. Give it one: NodeOptions.Media, an INodeMedia.");
}
