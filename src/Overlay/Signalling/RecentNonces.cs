namespace Overlay.Signalling;

/// <summary>The last nonces seen, a fixed number of them; the oldest is forgotten first.</summary>
/// <remarks>A replayed offer is caught by its message id as long as it has not expired; this catches the same nonce under another one.</remarks>
internal sealed class RecentNonces(int capacity)
{
    private UInt128[]? _seen;
    private int _next;

    /// <summary>Remembers <paramref name="nonce"/>; false where it was seen before.</summary>
    public bool TryAdd(UInt128 nonce)
    {
        _seen ??= new UInt128[capacity];
        if (Array.IndexOf(_seen, nonce) >= 0)
        {
            return false;
        }

        _seen[_next] = nonce;
        _next = (_next + 1) % _seen.Length;
        return true;
    }
}
