using System.Diagnostics.CodeAnalysis;

namespace Overlay.Admission;

/// <summary>A dictionary with a bound: when it is full, the entry that was touched longest ago makes room.</summary>
internal sealed class RecencyTable<TKey, TValue>(int capacity)
    where TKey : notnull
    where TValue : class
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _byRecency = new();

    public int Count => _nodes.Count;

    /// <summary>The value of a key, without touching it.</summary>
    public bool TryPeek(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        value = _nodes.TryGetValue(key, out var node) ? node.Value.Value : null;
        return value is not null;
    }

    /// <summary>The value of a key, which is the newest from now on.</summary>
    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        value = null;
        if (_nodes.TryGetValue(key, out var node))
        {
            value = node.Value.Value;
            _byRecency.Remove(node);
            _byRecency.AddLast(node);
        }

        return value is not null;
    }

    /// <summary>Adds a key that is not there.</summary>
    public void Add(TKey key, TValue value)
    {
        if (_nodes.Count >= capacity && _byRecency.First is { } oldest)
        {
            _byRecency.RemoveFirst();
            _nodes.Remove(oldest.Value.Key);
        }

        _nodes.Add(key, _byRecency.AddLast((key, value)));
    }
}
