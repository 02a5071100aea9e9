using System.Runtime.InteropServices;

namespace Overlay;

/// <summary>A list that is empty nearly always and then weighs one reference: a settled node has dozens of them, and a host may hold a million nodes.</summary>
/// <remarks>A mutable value: keep it in a field that is not read-only, never copy it. The memory goes with the last item.</remarks>
internal struct RareList<T>
{
    private List<T>? _items;

    /// <summary>Items now.</summary>
    public readonly int Count => _items?.Count ?? 0;

    /// <summary>The items, in order. Valid until the next change.</summary>
    public readonly Span<T> Items => CollectionsMarshal.AsSpan(_items);

    public readonly ref T this[int index] => ref Items[index];

    public void Add(T item) => (_items ??= []).Add(item);

    public void Insert(int index, T item) => (_items ??= []).Insert(index, item);

    public void RemoveAt(int index)
    {
        if (_items is { } items)
        {
            items.RemoveAt(index);
            DropIfEmpty();
        }
    }

    /// <summary>Removes what <paramref name="match"/> names.</summary>
    public void RemoveAll(Predicate<T> match)
    {
        _items?.RemoveAll(match);
        DropIfEmpty();
    }

    /// <summary>Removes the first item equal to <paramref name="item"/>. Whether there was one.</summary>
    public bool Remove(T item)
    {
        var removed = _items?.Remove(item) ?? false;
        DropIfEmpty();
        return removed;
    }

    public void Clear() => _items = null;

    public readonly bool Contains(T item) => _items?.Contains(item) ?? false;

    public readonly Span<T>.Enumerator GetEnumerator() => Items.GetEnumerator();

    private void DropIfEmpty()
    {
        if (_items is { Count: 0 })
        {
            _items = null;
        }
    }
}
