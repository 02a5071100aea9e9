namespace Overlay.Nodes.Storage;

/// <summary>Which contents are in use by streams of this process, so that a file can be replaced while it is read.</summary>
/// <remarks>A file belongs to one process, so memory is the place for this; after a crash nobody reads any more, and what was left over is removed at the next open.</remarks>
internal sealed class BucketPins
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, int> _pins = [];
    private readonly HashSet<long> _appended = [];
    private readonly HashSet<long> _left = [];

    /// <summary>Keeps a content until <see cref="Unpin"/>.</summary>
    public void Pin(long content)
    {
        lock (_lock)
        {
            _pins[content] = _pins.GetValueOrDefault(content) + 1;
        }
    }

    /// <summary>Whether the content was replaced or deleted meanwhile and nobody else uses it, so that the caller is to remove it.</summary>
    public bool Unpin(long content)
    {
        lock (_lock)
        {
            var pins = _pins.GetValueOrDefault(content) - 1;
            if (pins > 0)
            {
                _pins[content] = pins;
                return false;
            }

            _pins.Remove(content);
            return _left.Remove(content);
        }
    }

    /// <summary>Nothing refers to this content any more. Whether the caller is to remove it now; otherwise its last user does.</summary>
    public bool Leave(long content)
    {
        lock (_lock)
        {
            if (!_pins.ContainsKey(content))
            {
                return true;
            }

            _left.Add(content);
            return false;
        }
    }

    /// <summary>One stream at a time appends to a content.</summary>
    public bool TryBeginAppend(long content)
    {
        lock (_lock)
        {
            return _appended.Add(content);
        }
    }

    public void EndAppend(long content)
    {
        lock (_lock)
        {
            _appended.Remove(content);
        }
    }

    public bool IsAppended(long content)
    {
        lock (_lock)
        {
            return _appended.Contains(content);
        }
    }
}
