using Overlay.Runtime;

namespace Overlay.Nodes.Media;

/// <summary>Where a node's media streams come from: the engine behind <see cref="Node.Media"/>.</summary>
/// <remarks>An engine is given by <see cref="NodeOptions.Media"/>. Without one every method fails with <see cref="OverlayError.MediaUnavailable"/>.</remarks>
public interface INodeMedia
{
    /// <summary>Moving pictures that need no camera: for tests of a way.</summary>
    /// <exception cref="OverlayException">This node has no engine, or the engine lacks what makes them (<see cref="OverlayError.MediaUnavailable"/>).</exception>
    ValueTask<MediaStream> CreateTestPatternAsync(CancellationToken cancellationToken = default);

    /// <summary>The tracks of a file, read as they are consumed; they end when it does.</summary>
    /// <param name="source">The file; disposed of with the stream.</param>
    /// <param name="container">Its format.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OverlayException">This node has no engine (<see cref="OverlayError.MediaUnavailable"/>), or it is no such file (<see cref="OverlayError.InvalidMessage"/>).</exception>
    ValueTask<MediaStream> OpenContainerAsync(Stream source, MediaContainer container, CancellationToken cancellationToken = default);
}
