namespace Overlay.Nodes.Media;

/// <summary>Tracks that belong together, such as a picture and its sound. Can be read by many and sent on as it is.</summary>
public sealed class MediaStream : IAsyncDisposable
{
    private readonly Func<ValueTask>? _stop;
    private int _isDisposed;

    /// <param name="id">The same at every node that it passes.</param>
    /// <param name="tracks">At least one, with ids of their own.</param>
    /// <param name="stop">Stops whatever feeds the tracks; called once.</param>
    /// <exception cref="ArgumentException">No id, no track, or two of one id.</exception>
    public MediaStream(string id, IEnumerable<MediaTrack> tracks, Func<ValueTask>? stop = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        (Id, Tracks, _stop) = (id, [.. tracks], stop);
        if (Tracks.Count == 0 || Tracks.DistinctBy(static track => track.Id).Count() < Tracks.Count)
        {
            throw new ArgumentException($"Stream '{id}' needs at least one track, and a different id for each.", nameof(tracks));
        }
    }

    /// <summary>The stream's id.</summary>
    public string Id { get; }

    /// <summary>The tracks.</summary>
    public IReadOnlyList<MediaTrack> Tracks { get; }

    /// <summary>Stops what feeds the tracks, and ends them for all their readers. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        if (_stop is not null)
        {
            await _stop().ConfigureAwait(false);
        }

        foreach (var track in Tracks)
        {
            track.End();
        }
    }
}
