using System.Linq.Expressions;
using System.Reflection;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

internal sealed partial class SqlTranslator
{
    private SqlTerm? Member(MemberExpression member)
    {
        if (member.Expression is { } inner && Nullable.GetUnderlyingType(inner.Type) is not null)
        {
            return Translate(inner) is not { } term ? null
                : member.Member.Name == "HasValue" ? SqlTerm.Bool($"({term.Sql} IS NOT NULL)", term.CanFail)
                : member.Member.Name == "Value" ? WithValue(term)
                : null;
        }

        var chain = new Stack<MemberInfo>();
        Expression? at = member;
        while (at is MemberExpression part)
        {
            chain.Push(part.Member);
            at = part.Expression;
        }

        return at is not null && at == _record ? Read([.. chain], 0, at.Type, "$") : null;
    }

    /// <summary>Reads the member at <paramref name="index"/> of the chain from the object at <paramref name="path"/>, which is there.</summary>
    private SqlTerm? Read(MemberInfo[] chain, int index, Type container, string path)
    {
        if (JsonMembers.Find(options, container, chain[index]) is not { } member)
        {
            return null;
        }

        path += "." + member.Name;
        return index == chain.Length - 1 ? Leaf(member, path) : Inner(chain, index, member, path);
    }

    private SqlTerm? Leaf(JsonMember member, string path)
    {
        var type = SqlTerm.Underlying(member.Type);
        var kind = SqlTerm.KindOf(type);
        if (kind == SqlKind.None)
        {
            var missingType = member.Missing is null ? "null" : "object";
            return new SqlTerm($"nullif(coalesce(json_type(v,'{path}'),'{missingType}'),'null')", type, IsNullable: true, CanFail: false);
        }

        if (hasZeros && type == typeof(string))
        {
            return null;
        }

        var sql = kind == SqlKind.Converted ? $"{SqliteFunctions.Value}({(int)SqlTerm.Converted(type)},v->'{path}')" : $"json_extract(v,'{path}')";
        var isNullable = !member.Type.IsValueType || type != member.Type;
        if (member.Missing is null)
        {
            return new SqlTerm(sql, type, isNullable, CanFail: false);
        }

        // JSON written by an older class may lack the member: then it is what its class makes it. Null is told from that only where null may stand.
        if (!SqlTerm.TryEncode(member.Missing, out var missing))
        {
            return null;
        }

        return new SqlTerm(
            isNullable ? $"(CASE WHEN json_type(v,'{path}') IS NULL THEN {Parameter(missing)} ELSE {sql} END)" : $"coalesce({sql},{Parameter(missing)})",
            type,
            isNullable,
            CanFail: false);
    }

    /// <summary>A member of a member: of an object, of null (which throws), or of what the class makes where the JSON lacks it.</summary>
    private SqlTerm? Inner(MemberInfo[] chain, int index, JsonMember member, string path)
    {
        if (SqlTerm.KindOf(SqlTerm.Underlying(member.Type)) != SqlKind.None || Read(chain, index + 1, member.Type, path) is not { } there
            || Missing(chain, index + 1, member.Missing, there.Type) is not { } missing)
        {
            return null;
        }

        var ofNull = member.Type.IsValueType ? "" : $" WHEN 'null' THEN {SqliteFunctions.Fail}(0)";
        var canFail = there.CanFail || missing.CanFail || !member.Type.IsValueType;
        return there with { Sql = $"(CASE json_type(v,'{path}') WHEN 'object' THEN {there.Sql}{ofNull} ELSE {missing.Sql} END)", CanFail = canFail };
    }

    private SqlTerm? Missing(MemberInfo[] chain, int index, object? value, Type type)
    {
        for (; index < chain.Length; index++)
        {
            if (value is null)
            {
                return new SqlTerm($"{SqliteFunctions.Fail}(0)", type, IsNullable: false, CanFail: true);
            }

            value = ((PropertyInfo)chain[index]).GetValue(value);
        }

        return AsSql(SqlTerm.Constant(value, type));
    }
}
