namespace Overlay.Nodes.Storage;

/// <summary>What one staged operation does.</summary>
internal enum StagedKind
{
    /// <summary>A new record; fails where the key is there.</summary>
    Insert,

    /// <summary>Another value for a record that is there, else nothing.</summary>
    Update,

    /// <summary>Removes a record that is there, else nothing.</summary>
    Delete,
}

/// <summary>An insert, update or delete that waits for the commit.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Store">The store's name.</param>
/// <param name="Key">The record's key.</param>
/// <param name="Json">The record, empty for a delete.</param>
internal readonly record struct StagedOperation(StagedKind Kind, string Store, string Key, byte[] Json)
{
    /// <summary>What it counts against the limit.</summary>
    public long Weight => (Key.Length * 2L) + Json.Length + 64;
}

/// <summary>The operations that wait for a commit, from any thread, and those that a commit is at work on.</summary>
internal sealed class StagedOperations(long maxBytes)
{
    private readonly Lock _lock = new();
    private List<StagedOperation> _waiting = [];
    private List<StagedOperation> _committing = [];
    private long _bytes;

    /// <summary>How many wait, those of a commit under way included.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count + _committing.Count;
            }
        }
    }

    /// <exception cref="StoreException">Too much is staged.</exception>
    public void Add(in StagedOperation operation)
    {
        lock (_lock)
        {
            if (_bytes + operation.Weight > maxBytes)
            {
                throw new StoreException(
                    StoreError.TooLarge, $"More than {maxBytes} bytes are staged. Commit more often, or raise MaxStagedBytes. This operation was not staged.");
            }

            _bytes += operation.Weight;
            _waiting.Add(operation);
        }
    }

    /// <summary>Takes what waits; to be followed by <see cref="Committed"/> or <see cref="Failed"/>.</summary>
    public IReadOnlyList<StagedOperation> Take()
    {
        lock (_lock)
        {
            (_committing, _waiting) = (_waiting, []);
            return _committing;
        }
    }

    public void Committed()
    {
        lock (_lock)
        {
            _bytes -= _committing.Sum(operation => operation.Weight);
            _committing = [];
        }
    }

    /// <summary>What was taken waits again, before what came meanwhile.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            (_committing, _waiting) = ([], [.. _committing, .. _waiting]);
        }
    }

    /// <summary>Forgets what waits. What a commit is at work on is that commit's.</summary>
    public int Clear()
    {
        lock (_lock)
        {
            var count = _waiting.Count;
            _bytes -= _waiting.Sum(operation => operation.Weight);
            _waiting = [];
            return count;
        }
    }
}
