using System.Collections;
using System.Globalization;
using System.Linq.Expressions;
using System.Text;

namespace Overlay.Nodes.Storage;

internal sealed partial class SqlTranslator
{
    /// <summary>Values that <c>Contains</c> may list; longer lists are searched in memory.</summary>
    private const int MaxListed = 256;

    /// <summary>What a set of texts compares with unless told otherwise.</summary>
    private static readonly IEqualityComparer<string?> UsualForText = new HashSet<string?>().Comparer;

    private SqlTerm? Call(MethodCallExpression call)
    {
        var type = call.Method.DeclaringType;
        if (type == typeof(string))
        {
            return call.Object is null ? StaticText(call) : Text(call);
        }

        if (call.Method.Name == "Contains")
        {
            return Listed(call);
        }

        if (call.Object is { } instance && Nullable.GetUnderlyingType(instance.Type) is not null)
        {
            return call.Method.Name == "GetValueOrDefault" ? OrDefault(call, instance) : null;
        }

        return call is { Object: { Type.IsValueType: true } left, Method.Name: "Equals", Arguments: [{ } right] } && left.Type == right.Type ? Same(left, right) : null;
    }

    private SqlTerm? StaticText(MethodCallExpression call) => call.Method.Name switch
    {
        nameof(string.IsNullOrEmpty) when Translated(call.Arguments[0]) is { } text => SqlTerm.Bool($"(coalesce({text.Sql},'') = '')", text.CanFail),
        nameof(string.Equals) when call.Arguments.Count == 2 || (call.Arguments.Count == 3 && IsOrdinal(call.Arguments[2])) => Same(call.Arguments[0], call.Arguments[1]),
        _ => null,
    };

    private SqlTerm? Same(Expression left, Expression right) =>
        Translated(left) is { } one && Translated(right) is { } other && AreOfOneType(one, other)
            ? SqlTerm.Bool($"({one.Sql} IS {other.Sql})", one.CanFail || other.CanFail)
            : null;

    /// <summary>Methods of a text, all of them ordinal; without a text they throw.</summary>
    private SqlTerm? Text(MethodCallExpression call)
    {
        if (Translate(call.Object!) is not { IsConstant: false } found || found.Type != typeof(string))
        {
            return null;
        }

        var text = WithReference(found);
        var isOrdinal = call.Arguments.Count == 2 && IsOrdinal(call.Arguments[1]);
        if (call.Method.Name == nameof(string.Equals) && (isOrdinal || (call.Arguments.Count == 1 && call.Arguments[0].Type == typeof(string))))
        {
            return Translated(call.Arguments[0]) is { } other ? SqlTerm.Bool($"({text.Sql} IS {other.Sql})", text.CanFail || other.CanFail) : null;
        }

        var pattern = call.Arguments.Count is 1 or 2 && Translate(call.Arguments[0]) is { IsConstant: true } constant
            ? constant.Value switch { string value => value, char value => value.ToString(), _ => null }
            : null;
        if (pattern is null || !SqlTerm.TryEncode(pattern, out _))
        {
            return null;
        }

        // A single character is looked for ordinally; so is text by Contains. Otherwise the culture decides unless told not to.
        isOrdinal |= call.Arguments.Count == 1 && (call.Arguments[0].Type == typeof(char) || call.Method.Name == nameof(string.Contains));
        return isOrdinal ? Search(call.Method.Name, text, pattern) : null;
    }

    private SqlTerm? Search(string method, SqlTerm text, string pattern)
    {
        if (pattern.Length == 0)
        {
            return method is nameof(string.Contains) or nameof(string.StartsWith) or nameof(string.EndsWith) ? SqlTerm.Bool($"({text.Sql} IS NOT NULL)", text.CanFail) : null;
        }

        var length = pattern.EnumerateRunes().Count();
        var sql = method switch
        {
            nameof(string.Contains) => $"(instr({text.Sql},{Parameter(pattern)}) > 0)",
            nameof(string.StartsWith) => string.Create(CultureInfo.InvariantCulture, $"(substr({text.Sql},1,{length}) = {Parameter(pattern)})"),
            nameof(string.EndsWith) => string.Create(CultureInfo.InvariantCulture, $"(substr({text.Sql},-{length}) = {Parameter(pattern)})"),
            _ => null,
        };
        return sql is null ? null : SqlTerm.Bool(sql, text.CanFail);
    }

    private SqlTerm? OrDefault(MethodCallExpression call, Expression instance)
    {
        var type = SqlTerm.Underlying(instance.Type);
        var fallback = call.Arguments.Count == 0 ? AsSql(SqlTerm.Constant(Activator.CreateInstance(type), type)) : Translated(call.Arguments[0]);
        return fallback is not null && Translated(instance) is { } term && AreOfOneType(term, fallback)
            ? term with { Sql = $"coalesce({term.Sql},{fallback.Sql})", IsNullable = false, CanFail = term.CanFail || fallback.CanFail }
            : null;
    }

    /// <summary>Whether a value is among those of an array, a list or a set that compares as usual.</summary>
    private SqlTerm? Listed(MethodCallExpression call)
    {
        var (source, item) = call.Object is { } instance && call.Arguments.Count == 1 ? (instance, call.Arguments[0])
            : call.Object is null && (call.Arguments.Count == 2 || call.Arguments is [_, _, ConstantExpression { Value: null }]) ? (call.Arguments[0], call.Arguments[1])
            : (null, null);
        if (source is null || item is null || Values(source) is not { Count: <= MaxListed } values || Translated(item) is not { } term)
        {
            return null;
        }

        var hasNull = false;
        var list = new List<string>();
        foreach (var value in values)
        {
            if (value is null)
            {
                hasNull = true;
            }
            else if (value.GetType() != term.Type || !SqlTerm.TryEncode(value, out var encoded))
            {
                return null;
            }
            else
            {
                list.Add(Parameter(encoded));
            }
        }

        var among = $"(({term.Sql} IN ({string.Join(',', list)})) IS TRUE)";
        return SqlTerm.Bool(hasNull ? $"({among} OR {term.Sql} IS NULL)" : among, term.CanFail);
    }

    private static List<object?>? Values(Expression source)
    {
        // Since C# 14 array.Contains(x) is a method of spans: the array lies under a conversion.
        if (source is MethodCallExpression { Method.Name: "op_Implicit", Arguments: [{ } array] })
        {
            source = array;
        }
        else if (source is UnaryExpression { NodeType: ExpressionType.Convert, Type.IsByRefLike: true, Operand: { } operand })
        {
            source = operand;
        }

        if (RecordFinder.IsIn(source) || Evaluate(source) is not { Value: IEnumerable values })
        {
            return null;
        }

        var type = values.GetType();
        var isPlain = type.IsArray || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)) || ComparesAsUsual(values);
        return isPlain ? values.Cast<object?>().ToList() : null;
    }

    /// <summary>A set may compare in its own way; then it decides, in memory.</summary>
    private static bool ComparesAsUsual(IEnumerable values) => values switch
    {
        HashSet<string?> texts => texts.Comparer == UsualForText || texts.Comparer == StringComparer.Ordinal,
        HashSet<int> numbers => numbers.Comparer == EqualityComparer<int>.Default,
        HashSet<long> numbers => numbers.Comparer == EqualityComparer<long>.Default,
        HashSet<Guid> ids => ids.Comparer == EqualityComparer<Guid>.Default,
        _ => false,
    };
}
