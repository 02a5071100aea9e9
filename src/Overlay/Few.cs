using System.Diagnostics.CodeAnalysis;

namespace Overlay;

/// <summary>A list that is nearly always empty or holds one item: the first lies in place, more in an array that goes when the last item goes.</summary>
/// <remarks>A million nodes have many such lists each. Hold it in a field that is not read-only; its owner bounds it.</remarks>
/// <typeparam name="T">The items.</typeparam>
internal struct Few<T>
{
    private T _first;
    private T[]? _more;

    /// <summary>Items.</summary>
    public int Count { get; private set; }

    /// <summary>The item at <paramref name="at"/>, in the order of adding.</summary>
    [UnscopedRef]
    public ref T this[int at] => ref at == 0 ? ref _first : ref _more![at - 1];

    /// <summary>Adds an item at the end.</summary>
    public void Add(in T item)
    {
        if (Count == 0)
        {
            _first = item;
        }
        else
        {
            _more ??= new T[2];
            if (Count > _more.Length)
            {
                Array.Resize(ref _more, _more.Length * 2);
            }

            _more[Count - 1] = item;
        }

        Count++;
    }

    /// <summary>Removes an item; those after it move up.</summary>
    public void RemoveAt(int at)
    {
        for (var i = at + 1; i < Count; i++)
        {
            this[i - 1] = this[i];
        }

        if (--Count == 0)
        {
            Clear();
        }
        else
        {
            this[Count] = default!;
        }
    }

    /// <summary>Removes all.</summary>
    public void Clear() => (_first, _more, Count) = (default!, null, 0);
}
