namespace Overlay.Signalling;

/// <summary>The last nonces seen, so many at most; the oldest is forgotten first.</summary>
/// <remarks>A replayed offer is caught by its message id as long as it has not expired; this catches the same nonce under another one.</remarks>
internal sealed class RecentNonces(int capacity)
{
    private const int FirstNonces = 4;

    private UInt128[] _seen = [];
    private int _count;
    private int _next;

    /// <summary>Remembers <paramref name="nonce"/>; false where it was seen before.</summary>
    public bool TryAdd(UInt128 nonce)
    {
        if (Array.IndexOf(_seen, nonce, 0, _count) >= 0)
        {
            return false;
        }

        if (_count == _seen.Length && _count < capacity)
        {
            Array.Resize(ref _seen, Math.Clamp(_count * 2, Math.Min(FirstNonces, capacity), capacity));
        }

        _seen[_next] = nonce;
        _next = (_next + 1) % capacity;
        _count = Math.Min(_count + 1, capacity);
        return true;
    }
}
