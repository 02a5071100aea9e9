namespace Overlay.Runtime.Security;

/// <summary>A bounded table of things that are expensive to make again; where it is full, the one not used for longest is let go and disposed.</summary>
/// <remarks>Keys are compared by their bytes and looked up without allocation. One owner at a time.</remarks>
internal sealed class RecentlyUsed<T>(int capacity) : IDisposable
    where T : class, IDisposable
{
    private readonly Dictionary<byte[], LinkedListNode<Entry>> _byKey = new(BytesComparer.Instance);
    private readonly LinkedList<Entry> _inOrder = [];

    public int Count => _byKey.Count;

    public bool TryGet(ReadOnlySpan<byte> key, out T value)
    {
        if (!_byKey.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var node))
        {
            value = null!;
            return false;
        }

        _inOrder.Remove(node);
        _inOrder.AddLast(node);
        value = node.Value.Value;
        return true;
    }

    /// <summary>Keeps <paramref name="value"/>, which from now on belongs to the table, in the place of what was there.</summary>
    public void Set(ReadOnlySpan<byte> key, T value)
    {
        var owned = key.ToArray();
        if (_byKey.Remove(owned, out var old))
        {
            LetGo(old);
        }
        else if (_byKey.Count == capacity)
        {
            _byKey.Remove(_inOrder.First!.Value.Key);
            LetGo(_inOrder.First);
        }

        _byKey.Add(owned, _inOrder.AddLast(new Entry(owned, value)));
    }

    public void Dispose()
    {
        foreach (var entry in _inOrder)
        {
            entry.Value.Dispose();
        }

        _inOrder.Clear();
        _byKey.Clear();
    }

    private void LetGo(LinkedListNode<Entry> node)
    {
        _inOrder.Remove(node);
        node.Value.Value.Dispose();
    }

    private readonly record struct Entry(byte[] Key, T Value);

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly BytesComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode(); // Seeded by the process: a peer cannot choose keys that collide.
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }
    }
}
