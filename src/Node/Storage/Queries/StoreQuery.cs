using System.Collections.Immutable;
using System.Linq.Expressions;

namespace Overlay.Nodes.Storage;

/// <summary>The records of a store, in key order unless ordered otherwise; read anew, from a snapshot of its own, by each enumeration.</summary>
/// <remarks>
/// <see cref="Where"/>, ordering, <see cref="Skip"/> and <see cref="Take"/> become SQL as far as they can be said exactly in it; from the first step
/// that cannot, they run in memory (ordering there keeps all records). Everything else of <c>System.Linq</c> works too, in memory. The results are the same either way:
/// strings compare ordinally, null comes first, and what throws in .NET throws here. Captured variables are read when an enumeration starts.
/// Records are read as they are asked for; an enumeration that is not disposed of keeps a reader, and the log from being written home.
/// </remarks>
/// <typeparam name="T">What the records are read as.</typeparam>
public class StoreQuery<T> : IAsyncEnumerable<T>
{
    private protected StoreQuery(Database database, string store, ImmutableArray<QueryStep<T>> steps) => (Database, Store, Steps) = (database, store, steps);

    internal StoreQuery(Database database, string store)
        : this(database, store, [])
    {
    }

    /// <summary>The store's name.</summary>
    public string Store { get; }

    private protected Database Database { get; }

    private protected ImmutableArray<QueryStep<T>> Steps { get; }

    /// <summary>Only the records for which <paramref name="predicate"/> holds.</summary>
    public StoreQuery<T> Where(Expression<Func<T, bool>> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return new(Database, Store, Steps.Add(new WhereStep<T>(predicate)));
    }

    /// <summary>Smallest first; what is equal stays in the order it had.</summary>
    public OrderedStoreQuery<T> OrderBy<TKey>(Expression<Func<T, TKey>> key) => Order(key, isDescending: false, isFirst: true);

    /// <summary>Largest first; what is equal stays in the order it had.</summary>
    public OrderedStoreQuery<T> OrderByDescending<TKey>(Expression<Func<T, TKey>> key) => Order(key, isDescending: true, isFirst: true);

    /// <summary>Without the first <paramref name="count"/> records.</summary>
    public StoreQuery<T> Skip(int count) => new(Database, Store, Steps.Add(new SkipStep<T>(Math.Max(0, count))));

    /// <summary>The first <paramref name="count"/> records only. No more are read.</summary>
    public StoreQuery<T> Take(int count) => new(Database, Store, Steps.Add(new TakeStep<T>(Math.Max(0, count))));

    /// <summary>How many records there are, counted by SQLite where every step became SQL.</summary>
    public ValueTask<int> CountAsync(CancellationToken cancellationToken = default) => Database.CountAsync(Store, Steps, cancellationToken);

    /// <summary>What SQLite is asked, and what runs in memory afterwards. For people; the form may change.</summary>
    public string Explain() => Database.Explain(Store, Steps);

    /// <inheritdoc/>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        Database.EnumerateAsync(Store, Steps, cancellationToken).GetAsyncEnumerator(cancellationToken);

    private protected OrderedStoreQuery<T> Order<TKey>(Expression<Func<T, TKey>> key, bool isDescending, bool isFirst)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(Database, Store, Steps.Add(new OrderStep<T, TKey>(key, isDescending, isFirst)));
    }
}

/// <summary>A query with an order, to which further ones can be added for what is equal in the first.</summary>
/// <typeparam name="T">What the records are read as.</typeparam>
public sealed class OrderedStoreQuery<T> : StoreQuery<T>
{
    internal OrderedStoreQuery(Database database, string store, ImmutableArray<QueryStep<T>> steps)
        : base(database, store, steps)
    {
    }

    /// <summary>What is equal so far: smallest first.</summary>
    public OrderedStoreQuery<T> ThenBy<TKey>(Expression<Func<T, TKey>> key) => Order(key, isDescending: false, isFirst: false);

    /// <summary>What is equal so far: largest first.</summary>
    public OrderedStoreQuery<T> ThenByDescending<TKey>(Expression<Func<T, TKey>> key) => Order(key, isDescending: true, isFirst: false);
}
