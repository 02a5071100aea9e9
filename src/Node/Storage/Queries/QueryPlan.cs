using System.Collections.Immutable;
using System.Linq.Expressions;
using System.Text;
using System.Text.Json;

namespace Overlay.Nodes.Storage;

/// <summary>A query cut in two: what SQLite does, and the steps that remain for memory.</summary>
/// <remarks>The cut is at the first step that SQL cannot say exactly, or that would come in another order there; a condition is cut at its first such part.</remarks>
/// <typeparam name="T">What the records are read as.</typeparam>
internal sealed class QueryPlan<T>
{
    private readonly SqlTranslator _translator;
    private readonly List<SqlTerm> _orders = [];
    private readonly List<QueryStep<T>> _rest = [];
    private SqlTerm? _condition;
    private long _skip;
    private long _take = long.MaxValue;

    private QueryPlan(SqlTranslator translator) => _translator = translator;

    /// <summary>The values of the SQL's parameters.</summary>
    public IReadOnlyList<object?> Parameters => _translator.Parameters;

    /// <summary>The steps that remain for memory, in order.</summary>
    public IReadOnlyList<QueryStep<T>> Rest => _rest;

    public static QueryPlan<T> Make(ImmutableArray<QueryStep<T>> steps, JsonSerializerOptions json, bool hasZeros)
    {
        var plan = new QueryPlan<T>(new SqlTranslator(json, hasZeros));
        for (var i = 0; i < steps.Length;)
        {
            var taken = plan.TryTake(steps, i);
            if (taken == 0)
            {
                // A condition may have left its second half already.
                plan._rest.AddRange(steps[(i + plan._rest.Count)..]);
                break;
            }

            i += taken;
        }

        return plan;
    }

    /// <summary>The records as JSON, with their keys.</summary>
    public string Select(string table) => Append(new StringBuilder("SELECT k,v FROM ").Append(table), ordered: true).ToString();

    /// <summary>How many there are; only without a rest.</summary>
    public string Count(string table) => Append(new StringBuilder("SELECT count(*) FROM (SELECT 1 FROM ").Append(table), ordered: false).Append(')').ToString();

    /// <summary>The steps that remain, on what SQLite gave.</summary>
    public IAsyncEnumerable<T> ApplyRest(IAsyncEnumerable<T> rows) => _rest.Aggregate(rows, static (source, step) => step.Apply(source));

    public string Explain(string table) =>
        _rest.Count == 0 ? Select(table) : $"{Select(table)}; then in memory {string.Join(", ", _rest)}";

    /// <summary>Whether an order may throw: .NET reads the keys of all records before anything that comes after it.</summary>
    private bool OrderCanFail => _orders.Exists(order => order.CanFail);

    private bool IsCut => _skip > 0 || _take < long.MaxValue;

    /// <summary>How many steps from <paramref name="index"/> on became SQL; 0: none, and nothing after it may.</summary>
    private int TryTake(ImmutableArray<QueryStep<T>> steps, int index)
    {
        switch (steps[index])
        {
            case WhereStep<T> where when !IsCut && !OrderCanFail:
                return TryWhere(where) ? 1 : 0;
            case OrderStep<T> when !IsCut:
                return TryOrder(steps, index);
            case SkipStep<T> skip:
                _skip = Math.Min(_skip + skip.Count, int.MaxValue * 2L);
                _take = _take == long.MaxValue ? _take : Math.Max(0, _take - skip.Count);
                return 1;
            case TakeStep<T> take:
                _take = Math.Min(_take, take.Count);
                return 1;
            default:
                return 0;
        }
    }

    private bool TryWhere(WhereStep<T> where)
    {
        var record = where.Predicate.Parameters[0];

        // After an order, .NET asks the sorted records one by one and may stop before one that throws; SQL asks before it sorts.
        var mayFail = _orders.Count == 0;
        if (_translator.Condition(record, where.Predicate.Body, mayFail) is { } whole)
        {
            Add(whole);
            return true;
        }

        // As many of the parts joined by && as can be said, from the left: those are evaluated first in .NET too.
        var parts = new List<Expression>();
        Split(where.Predicate.Body, parts);
        for (var i = 0; i < parts.Count; i++)
        {
            if (_translator.Condition(record, parts[i], mayFail) is { } part)
            {
                Add(part);
                continue;
            }

            if (i > 0)
            {
                var remaining = parts[i..].Aggregate(Expression.AndAlso);
                _rest.Add(new WhereStep<T>(Expression.Lambda<Func<T, bool>>(remaining, record)));
            }

            break;
        }

        return false;
    }

    private static void Split(Expression condition, List<Expression> parts)
    {
        if (condition is BinaryExpression { NodeType: ExpressionType.AndAlso } both && both.Type == typeof(bool) && both.Method is null)
        {
            Split(both.Left, parts);
            Split(both.Right, parts);
        }
        else
        {
            parts.Add(condition);
        }
    }

    private void Add(SqlTerm condition) => _condition = _condition is null ? condition : SqlTranslator.And(_condition, condition);

    /// <summary>An order with all its further ones, or none of them. A later OrderBy sorts anew, and what it finds equal keeps the earlier order.</summary>
    private int TryOrder(ImmutableArray<QueryStep<T>> steps, int index)
    {
        var next = index + 1;
        while (next < steps.Length && steps[next] is OrderStep<T> { IsFirst: false })
        {
            next++;
        }

        // What may throw throws for the first such record; two that may would take turns differently in SQL.
        var mayFail = _condition is not { CanFail: true } && !OrderCanFail;
        if (_translator.Orders(steps[index..next].Cast<OrderStep<T>>().Select(static step => (step.Key, step.IsDescending)), mayFail) is not { } orders)
        {
            return 0;
        }

        _orders.InsertRange(0, orders);
        return next - index;
    }

    private StringBuilder Append(StringBuilder sql, bool ordered)
    {
        if (_condition is { } condition)
        {
            sql.Append(" WHERE ").Append(condition.Sql);
        }

        // A count needs no order, but the values of one must find their places.
        if (ordered || _orders.Count > 0)
        {
            sql.Append(" ORDER BY ").AppendJoin(',', _orders.Select(static order => order.Sql).Append("k"));
        }

        if (IsCut)
        {
            sql.Append(" LIMIT ").Append(_take == long.MaxValue ? -1 : _take).Append(" OFFSET ").Append(_skip);
        }

        return sql;
    }
}
