using System.Linq.Expressions;

namespace Overlay.Nodes.Storage;

/// <summary>One operator of a query: an expression that SQL may stand for, and the same in memory.</summary>
internal abstract class QueryStep<T>
{
    /// <summary>The operator in memory.</summary>
    public abstract IAsyncEnumerable<T> Apply(IAsyncEnumerable<T> source);
}

/// <summary>A filter.</summary>
internal sealed class WhereStep<T>(Expression<Func<T, bool>> predicate) : QueryStep<T>
{
    private Func<T, bool>? _compiled;

    public Expression<Func<T, bool>> Predicate => predicate;

    public override IAsyncEnumerable<T> Apply(IAsyncEnumerable<T> source) => source.Where(_compiled ??= predicate.Compile());

    public override string ToString() => $"Where({predicate})";
}

/// <summary>An order, the first or a further one.</summary>
internal abstract class OrderStep<T>(LambdaExpression key, bool isDescending, bool isFirst) : QueryStep<T>
{
    public LambdaExpression Key => key;

    public bool IsDescending => isDescending;

    /// <summary>OrderBy, which replaces earlier orders except among equals; otherwise ThenBy.</summary>
    public bool IsFirst => isFirst;

    public override string ToString() => $"{(isFirst ? "OrderBy" : "ThenBy")}{(isDescending ? "Descending" : "")}({key})";
}

/// <inheritdoc/>
internal sealed class OrderStep<T, TKey>(Expression<Func<T, TKey>> key, bool isDescending, bool isFirst) : OrderStep<T>(key, isDescending, isFirst)
{
    /// <summary>Text is ordered ordinally whatever the culture, so that memory and SQL agree.</summary>
    private static readonly IComparer<TKey>? Comparer = typeof(TKey) == typeof(string) ? (IComparer<TKey>)(object)StringComparer.Ordinal : null;

    private readonly Expression<Func<T, TKey>> _key = key;
    private Func<T, TKey>? _compiled;

    public override IAsyncEnumerable<T> Apply(IAsyncEnumerable<T> source)
    {
        var read = _compiled ??= _key.Compile();
        if (IsFirst)
        {
            return IsDescending ? source.OrderByDescending(read, Comparer) : source.OrderBy(read, Comparer);
        }

        var ordered = (IOrderedAsyncEnumerable<T>)source;
        return IsDescending ? ordered.ThenByDescending(read, Comparer) : ordered.ThenBy(read, Comparer);
    }
}

/// <summary>Leaves out the first records.</summary>
internal sealed class SkipStep<T>(int count) : QueryStep<T>
{
    public int Count => count;

    public override IAsyncEnumerable<T> Apply(IAsyncEnumerable<T> source) => source.Skip(count);

    public override string ToString() => $"Skip({count})";
}

/// <summary>Ends after the first records.</summary>
internal sealed class TakeStep<T>(int count) : QueryStep<T>
{
    public int Count => count;

    public override IAsyncEnumerable<T> Apply(IAsyncEnumerable<T> source) => source.Take(count);

    public override string ToString() => $"Take({count})";
}
