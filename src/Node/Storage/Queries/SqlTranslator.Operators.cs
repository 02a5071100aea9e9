using System.Linq.Expressions;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

internal sealed partial class SqlTranslator
{
    private SqlTerm? Binary(BinaryExpression binary) => binary.NodeType switch
    {
        ExpressionType.AndAlso or ExpressionType.OrElse => Logical(binary),
        ExpressionType.Coalesce => Coalesce(binary),
        ExpressionType.Add or ExpressionType.Subtract or ExpressionType.Multiply => Sum(binary),
        ExpressionType.Modulo or ExpressionType.Divide => Quotient(binary),
        ExpressionType.And or ExpressionType.Or => Bits(binary),
        ExpressionType.Equal or ExpressionType.NotEqual or ExpressionType.LessThan or ExpressionType.LessThanOrEqual or ExpressionType.GreaterThan
            or ExpressionType.GreaterThanOrEqual => Comparison(binary),
        _ => null,
    };

    private SqlTerm? Logical(BinaryExpression binary)
    {
        if (binary.Type != typeof(bool) || Translate(binary.Left) is not { } left)
        {
            return null;
        }

        var isAnd = binary.NodeType == ExpressionType.AndAlso;
        if (left is { IsConstant: true, Value: bool truth } && truth != isAnd)
        {
            // The other side is not evaluated, so it need not be SQL.
            return AsSql(left);
        }

        if (AsSql(left) is not { IsBool: true } first || Translated(binary.Right) is not { IsBool: true } second)
        {
            return null;
        }

        return isAnd ? And(first, second) : Or(first, second);
    }

    private SqlTerm? Comparison(BinaryExpression binary)
    {
        if (Compared(binary.Left) is { } call && binary.Right is ConstantExpression { Value: 0 })
        {
            return OrdinalComparison(call, binary.NodeType);
        }

        if (Translated(binary.Left) is not { } left)
        {
            return null;
        }

        if (SqlTerm.KindOf(left.Type) == SqlKind.None)
        {
            // An inner object, which SQL can tell from null and no more.
            return Evaluated(binary.Right) is { Value: null } && binary.NodeType is ExpressionType.Equal or ExpressionType.NotEqual && binary.Method is null
                ? SqlTerm.Bool($"({left.Sql} {Sign(binary.NodeType)} NULL)", left.CanFail)
                : null;
        }

        if (Translated(binary.Right) is not { } right || !AreOfOneType(left, right))
        {
            return null;
        }

        var canFail = left.CanFail || right.CanFail;
        var sign = Sign(binary.NodeType);
        if (sign is "IS" or "IS NOT")
        {
            return SqlTerm.Bool($"({left.Sql} {sign} {right.Sql})", canFail);
        }

        // Ordered comparisons of text exist in .NET only through Compare; booleans have none.
        var comparison = $"({left.Sql} {sign} {right.Sql})";
        return left.Type == typeof(string) || left.Type == typeof(bool) ? null
            : SqlTerm.Bool(left.IsNullable || right.IsNullable ? $"({comparison} IS TRUE)" : comparison, canFail);
    }

    private static SqlTerm? Evaluated(Expression expression) => RecordFinder.IsIn(expression) ? null : Evaluate(expression);

    private static bool AreOfOneType(SqlTerm left, SqlTerm right) => left.Type == right.Type && SqlTerm.KindOf(left.Type) != SqlKind.None;

    private static string Sign(ExpressionType type) => type switch
    {
        ExpressionType.Equal => "IS",
        ExpressionType.NotEqual => "IS NOT",
        ExpressionType.LessThan => "<",
        ExpressionType.LessThanOrEqual => "<=",
        ExpressionType.GreaterThan => ">",
        _ => ">=",
    };

    /// <summary>string.CompareOrdinal(a, b), or string.Compare(a, b, StringComparison.Ordinal).</summary>
    private static MethodCallExpression? Compared(Expression expression) =>
        expression is MethodCallExpression call && call.Method.DeclaringType == typeof(string)
        && ((call.Method.Name == nameof(string.CompareOrdinal) && call.Arguments.Count == 2)
            || (call.Method.Name == nameof(string.Compare) && call.Arguments.Count == 3 && IsOrdinal(call.Arguments[2])))
            ? call
            : null;

    private static bool IsOrdinal(Expression expression) => expression is ConstantExpression { Value: StringComparison.Ordinal };

    /// <summary>Null comes before all text.</summary>
    private SqlTerm? OrdinalComparison(MethodCallExpression call, ExpressionType type)
    {
        if (Translate(call.Arguments[0]) is not { IsConstant: false } left || Translate(call.Arguments[1]) is not { IsConstant: true, Value: string } constant
            || left.Type != typeof(string) || AsSql(constant) is not { } right)
        {
            return null;
        }

        var sign = Sign(type);
        var comparison = $"({left.Sql} {sign} {right.Sql} COLLATE {SqliteFunctions.Utf16})";
        return SqlTerm.Bool(
            sign is "IS" or "IS NOT" ? $"({left.Sql} {sign} {right.Sql})"
            : !left.IsNullable ? comparison
            : sign[0] == '<' ? $"({comparison} IS NOT FALSE)"
            : $"({comparison} IS TRUE)",
            left.CanFail);
    }

    private SqlTerm? Coalesce(BinaryExpression binary)
    {
        if (binary.Conversion is not null || Translated(binary.Left) is not { } left || Translated(binary.Right) is not { } right || !AreOfOneType(left, right))
        {
            return null;
        }

        return left with { Sql = $"coalesce({left.Sql},{right.Sql})", IsNullable = right.IsNullable, CanFail = left.CanFail || right.CanFail };
    }

    /// <summary>Sums and products of ints wrap around as they do in .NET; SQLite's 64 bits hold them before that.</summary>
    private SqlTerm? Sum(BinaryExpression binary)
    {
        if (SqlTerm.Underlying(binary.Type) != typeof(int) || Integers(binary) is not var (left, right))
        {
            return null;
        }

        var sign = binary.NodeType switch { ExpressionType.Add => "+", ExpressionType.Subtract => "-", _ => "*" };
        return new SqlTerm(
            $"(((({left.Sql} {sign} {right.Sql}) + 2147483648) & 4294967295) - 2147483648)", typeof(int), left.IsNullable || right.IsNullable, left.CanFail || right.CanFail);
    }

    /// <summary>By a constant only: what division by 0 and -1 throw stays out of it.</summary>
    private SqlTerm? Quotient(BinaryExpression binary)
    {
        var type = SqlTerm.Underlying(binary.Type);
        if ((type != typeof(int) && type != typeof(long)) || Translate(binary.Right) is not { IsConstant: true, Value: int or long } by
            || System.Convert.ToInt64(by.Value, null) is 0 or -1 || Integers(binary) is not var (left, right))
        {
            return null;
        }

        return left with { Sql = $"({left.Sql} {(binary.NodeType == ExpressionType.Modulo ? "%" : "/")} {right.Sql})", Type = type };
    }

    private SqlTerm? Bits(BinaryExpression binary)
    {
        var type = SqlTerm.Underlying(binary.Type);
        if (!SqlTerm.IsInteger(type) || Integers(binary) is not var (left, right))
        {
            return null;
        }

        var sign = binary.NodeType == ExpressionType.And ? "&" : "|";
        return new SqlTerm($"({left.Sql} {sign} {right.Sql})", type, left.IsNullable || right.IsNullable, left.CanFail || right.CanFail);
    }

    private (SqlTerm Left, SqlTerm Right)? Integers(BinaryExpression binary) =>
        binary.Method is null && Translated(binary.Left) is { } left && Translated(binary.Right) is { } right && left.Type == right.Type && SqlTerm.IsInteger(left.Type)
            ? (left, right)
            : null;
}
