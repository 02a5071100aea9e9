using System.Globalization;
using System.Linq.Expressions;
using System.Text.Json;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

/// <summary>Makes SQL of expressions over a record, where SQL gives exactly what .NET gives; otherwise answers null.</summary>
/// <remarks>
/// Truth values are never null in SQL, so that NOT means what it does in .NET. What throws in .NET (a member of null) fails in SQL too, and what
/// guards it stays evaluated first: CASE is lazy, AND is not promised to be.
/// </remarks>
/// <param name="options">How records became JSON.</param>
/// <param name="hasZeros">Whether texts in the store contain U+0000: then SQL may not read texts.</param>
internal sealed partial class SqlTranslator(JsonSerializerOptions options, bool hasZeros)
{
    private readonly List<object?> _parameters = [];
    private ParameterExpression? _record;

    /// <summary>The values of <c>?1</c>, <c>?2</c>, ….</summary>
    public IReadOnlyList<object?> Parameters => _parameters;

    /// <summary>A condition, or null.</summary>
    public SqlTerm? Condition(ParameterExpression record, Expression body, bool mayFail) => Attempt(record, body, term => term.IsBool && (mayFail || !term.CanFail));

    /// <summary>What to order by, first by the first; null unless all of it can be said.</summary>
    public List<SqlTerm>? Orders(IEnumerable<(LambdaExpression Key, bool IsDescending)> keys, bool mayFail)
    {
        var count = _parameters.Count;
        var orders = new List<SqlTerm>();
        foreach (var (key, isDescending) in keys)
        {
            // Of two keys that throw, .NET asks the first of all records before the second; SQL asks both of each record.
            var failable = mayFail && !orders.Exists(order => order.CanFail);
            if (Attempt(key.Parameters[0], key.Body, term => SqlTerm.KindOf(term.Type) != SqlKind.None && (failable || !term.CanFail)) is not { } found)
            {
                _parameters.RemoveRange(count, _parameters.Count - count);
                return null;
            }

            // Identifiers and dates are ASCII, where SQLite's order is .NET's.
            var collation = found.Type == typeof(string) ? $" COLLATE {SqliteFunctions.Utf16}" : "";
            orders.Add(found with { Sql = $"{found.Sql}{collation}{(isDescending ? " DESC" : "")}" });
        }

        return orders;
    }

    /// <summary>Both, the second only where the first holds.</summary>
    public static SqlTerm And(SqlTerm left, SqlTerm right) => left.CanFail || right.CanFail
        ? SqlTerm.Bool($"(CASE WHEN {left.Sql} THEN {right.Sql} ELSE 0 END)", canFail: true)
        : SqlTerm.Bool($"({left.Sql} AND {right.Sql})", canFail: false);

    private static SqlTerm Or(SqlTerm left, SqlTerm right) => left.CanFail || right.CanFail
        ? SqlTerm.Bool($"(CASE WHEN {left.Sql} THEN 1 ELSE {right.Sql} END)", canFail: true)
        : SqlTerm.Bool($"({left.Sql} OR {right.Sql})", canFail: false);

    /// <summary>A failed attempt leaves no parameters behind: SQLite refuses values for which there is no place.</summary>
    private SqlTerm? Attempt(ParameterExpression record, Expression body, Func<SqlTerm, bool> fits)
    {
        var count = _parameters.Count;
        _record = record;
        if (Translated(body) is { } term && fits(term))
        {
            return term;
        }

        _parameters.RemoveRange(count, _parameters.Count - count);
        return null;
    }

    private SqlTerm? Translate(Expression expression)
    {
        if (!RecordFinder.IsIn(expression))
        {
            return Evaluate(expression);
        }

        return expression switch
        {
            MemberExpression member => Member(member),
            UnaryExpression unary => Unary(unary),
            BinaryExpression binary => Binary(binary),
            ConditionalExpression conditional => Conditional(conditional),
            MethodCallExpression call => Call(call),
            _ => null,
        };
    }

    /// <summary>What does not depend on the record is known before the query runs. If it throws, memory shall show when.</summary>
    private static SqlTerm? Evaluate(Expression expression)
    {
        if (expression is ConstantExpression constant)
        {
            return SqlTerm.Constant(constant.Value, expression.Type);
        }

        if (expression.Type.IsByRefLike)
        {
            return null;
        }

        try
        {
            var read = Expression.Lambda<Func<object?>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true);
            return SqlTerm.Constant(read(), expression.Type);
        }
#pragma warning disable CA1031 // Whatever the user's code throws, it is thrown again where the expression runs in memory.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    /// <summary>The term as text, a constant as a parameter. Null where its value cannot be said in SQL.</summary>
    private SqlTerm? AsSql(SqlTerm term)
    {
        if (!term.IsConstant)
        {
            return term;
        }

        if (!SqlTerm.TryEncode(term.Value, out var encoded) || (SqlTerm.KindOf(term.Type) == SqlKind.None && term.Value is not null))
        {
            return null;
        }

        return term with { Sql = Parameter(encoded), IsConstant = false };
    }

    private string Parameter(object? value)
    {
        _parameters.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"?{_parameters.Count}");
    }

    private SqlTerm? Unary(UnaryExpression unary)
    {
        if (Translate(unary.Operand) is not { } operand)
        {
            return null;
        }

        return unary.NodeType switch
        {
            ExpressionType.Not when operand.IsBool && unary.Type == typeof(bool) => SqlTerm.Bool($"(NOT {operand.Sql})", operand.CanFail),
            ExpressionType.Convert or ExpressionType.ConvertChecked => Convert(operand, unary.Operand.Type, unary.Type),
            _ => null,
        };
    }

    private static SqlTerm? Convert(SqlTerm term, Type from, Type to)
    {
        var (source, target) = (SqlTerm.Underlying(from), SqlTerm.Underlying(to));
        if (term.IsNullable && from != source && to == target && to.IsValueType)
        {
            // (int)nullable throws where there is no value.
            term = WithValue(term);
        }

        if (source == target)
        {
            return term;
        }

        var (sourceNumber, targetNumber) = (Number(source), Number(target));
        if (SqlTerm.IsInteger(sourceNumber) && SqlTerm.IsInteger(targetNumber) && Widens(sourceNumber, targetNumber))
        {
            return term with { Type = target };
        }

        return target == typeof(double) && SqlTerm.IsInteger(source) ? term with { Sql = $"CAST({term.Sql} AS REAL)", Type = target }
            : target == typeof(double) && source == typeof(float) ? term with { Type = target }
            : null;
    }

    private static Type Number(Type type) => type.IsEnum ? Enum.GetUnderlyingType(type) : type;

    private static bool Widens(Type from, Type to)
    {
        var (fromSize, fromSigned) = Shape(from);
        var (toSize, toSigned) = Shape(to);
        return (fromSigned == toSigned && fromSize <= toSize) || (!fromSigned && toSigned && fromSize < toSize);
    }

    private static (int Bytes, bool IsSigned) Shape(Type type) => type switch
    {
        _ when type == typeof(sbyte) => (1, true),
        _ when type == typeof(byte) => (1, false),
        _ when type == typeof(short) => (2, true),
        _ when type == typeof(ushort) => (2, false),
        _ when type == typeof(int) => (4, true),
        _ when type == typeof(uint) => (4, false),
        _ => (8, true),
    };

    /// <summary>Not null, or what .NET throws for a member of null.</summary>
    private static SqlTerm WithReference(SqlTerm term) => term.IsNullable
        ? term with { Sql = $"coalesce({term.Sql},{SqliteFunctions.Fail}(0))", IsNullable = false, CanFail = true }
        : term;

    /// <summary>Not null, or what .NET throws for the value of nothing.</summary>
    private static SqlTerm WithValue(SqlTerm term) => term.IsNullable
        ? term with { Sql = $"coalesce({term.Sql},{SqliteFunctions.Fail}(1))", IsNullable = false, CanFail = true }
        : term;

    private SqlTerm? Conditional(ConditionalExpression conditional)
    {
        if (Translate(conditional.Test) is not { IsBool: true } test || AsSql(test) is not { } condition
            || Translated(conditional.IfTrue) is not { } ifTrue || Translated(conditional.IfFalse) is not { } ifFalse || !AreOfOneType(ifTrue, ifFalse))
        {
            return null;
        }

        return new SqlTerm(
            $"(CASE WHEN {condition.Sql} THEN {ifTrue.Sql} ELSE {ifFalse.Sql} END)",
            ifTrue.Type,
            ifTrue.IsNullable || ifFalse.IsNullable,
            condition.CanFail || ifTrue.CanFail || ifFalse.CanFail);
    }

    private SqlTerm? Translated(Expression expression) => Translate(expression) is { } term ? AsSql(term) : null;

    /// <summary>Whether the lambda's parameter occurs in an expression. Inner lambdas have parameters of their own, so every parameter counts.</summary>
    private sealed class RecordFinder : ExpressionVisitor
    {
        private bool _found;

        public static bool IsIn(Expression expression)
        {
            var finder = new RecordFinder();
            finder.Visit(expression);
            return finder._found;
        }

        protected override Expression VisitParameter(ParameterExpression node)
        {
            _found = true;
            return node;
        }
    }
}
