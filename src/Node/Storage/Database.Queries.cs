using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Overlay.Nodes.Storage;

public sealed partial class Database
{
    /// <summary>The records of a store, in key order; none where there is no such store. Nothing is read before an enumeration starts.</summary>
    /// <typeparam name="T">What the records are read as.</typeparam>
    public StoreQuery<T> Query<T>(string store)
    {
        ThrowIfDisposed();
        return new StoreQuery<T>(this, CheckedStore(store));
    }

    internal async IAsyncEnumerable<T> EnumerateAsync<T>(
        string store, ImmutableArray<QueryStep<T>> steps, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        QueryPlan<T>? plan = null;
        var cursor = await RecordCursor<T>.OpenAsync(
            _file, store, TypeInfo<T>(), entry => plan = QueryPlan<T>.Make(steps, _json, entry?.HasZeros ?? false), isCount: false, cancellationToken).ConfigureAwait(false);
        await using (cursor.ConfigureAwait(false))
        {
            var rows = cursor.ReadAsync(cancellationToken);
            await foreach (var record in (plan!.Rest.Count == 0 ? rows : plan.ApplyRest(rows)).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                yield return record;
            }
        }
    }

    internal async ValueTask<int> CountAsync<T>(string store, ImmutableArray<QueryStep<T>> steps, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        QueryPlan<T>? plan = null;
        var cursor = await RecordCursor<T>.OpenAsync(
            _file, store, TypeInfo<T>(), entry => plan = QueryPlan<T>.Make(steps, _json, entry?.HasZeros ?? false), isCount: true, cancellationToken).ConfigureAwait(false);
        await using (cursor.ConfigureAwait(false))
        {
            return cursor.Counted is { } counted
                ? checked((int)counted)
                : await plan!.ApplyRest(cursor.ReadAsync(cancellationToken)).CountAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    internal string Explain<T>(string store, ImmutableArray<QueryStep<T>> steps)
    {
        var entry = _catalog.Stores.GetValueOrDefault(store);
        return QueryPlan<T>.Make(steps, _json, entry is { HasZeros: true }).Explain(entry?.Table ?? "a store that is not there");
    }
}
