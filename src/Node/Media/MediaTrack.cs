using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Overlay.Nodes.Media;

/// <summary>Encoded frames from one source to any number of readers, none of which holds up another or the source.</summary>
/// <remarks>A reader begins with a key frame. One that falls <see cref="MaxAhead"/> frames behind loses those up to the next key frame.</remarks>
public sealed class MediaTrack
{
    /// <summary>Frames that wait for one reader.</summary>
    public const int MaxAhead = 64;

    private readonly Lock _gate = new();
    private readonly List<Reader> _readers = [];
    private Exception? _error;
    private bool _hasEnded;
    private long _lostFrames;

    /// <param name="id">The track's id within its stream.</param>
    /// <param name="kind">Picture or sound.</param>
    /// <param name="codec">The codec's name as in SDP, such as <c>VP8</c> or <c>opus</c>.</param>
    public MediaTrack(string id, MediaKind kind, string codec)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentException.ThrowIfNullOrEmpty(codec);
        (Id, Kind, Codec) = (id, kind, codec);
    }

    /// <summary>The track's id.</summary>
    public string Id { get; }

    /// <summary>Picture or sound.</summary>
    public MediaKind Kind { get; }

    /// <summary>The codec's name.</summary>
    public string Codec { get; }

    /// <summary>Frames that some reader was too slow for.</summary>
    public long LostFrames => Interlocked.Read(ref _lostFrames);

    /// <summary>Gives a frame to all who read now. Never waits.</summary>
    /// <returns>Whether the track goes on: false after its end.</returns>
    public bool Write(EncodedFrame frame)
    {
        lock (_gate)
        {
            foreach (var reader in _readers)
            {
                if (!reader.Take(frame))
                {
                    Interlocked.Increment(ref _lostFrames);
                }
            }

            return !_hasEnded;
        }
    }

    /// <summary>No more frames come. The first call counts.</summary>
    /// <param name="error">What readers are told when they have read the rest; null: nothing is wrong.</param>
    public void End(Exception? error = null)
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                return;
            }

            (_hasEnded, _error) = (true, error);
            foreach (var reader in _readers)
            {
                reader.End(error);
            }

            _readers.Clear();
        }
    }

    /// <summary>The frames from the next key frame on, until the track ends.</summary>
    public async IAsyncEnumerable<EncodedFrame> ReadFramesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = new Reader();
        lock (_gate)
        {
            if (_hasEnded)
            {
                reader.End(_error);
            }
            else
            {
                _readers.Add(reader);
            }
        }

        try
        {
            await foreach (var frame in reader.Frames.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return frame;
            }
        }
        finally
        {
            lock (_gate)
            {
                _readers.Remove(reader);
            }
        }
    }

    /// <summary>One who reads; used under the track's lock but for its channel.</summary>
    private sealed class Reader
    {
        private readonly Channel<EncodedFrame> _waiting = Channel.CreateBounded<EncodedFrame>(new BoundedChannelOptions(MaxAhead) { SingleReader = true, SingleWriter = true });
        private bool _hasBegun;
        private bool _needsKey = true;

        public ChannelReader<EncodedFrame> Frames => _waiting.Reader;

        /// <summary>Whether it lost nothing by this frame.</summary>
        public bool Take(EncodedFrame frame)
        {
            if (_needsKey && !frame.IsKey)
            {
                return !_hasBegun;
            }

            _hasBegun = true;
            _needsKey = !_waiting.Writer.TryWrite(frame);
            return !_needsKey;
        }

        public void End(Exception? error) => _waiting.Writer.TryComplete(error);
    }
}
