using System.Globalization;
using System.Text;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Storage;

/// <summary>How values of a .NET type stand in SQL.</summary>
internal enum SqlKind
{
    /// <summary>Cannot be said in SQL.</summary>
    None,

    /// <summary>1 or 0.</summary>
    Bool,

    /// <summary>A 64-bit number: integers and enumerations.</summary>
    Integer,

    /// <summary>Text as it stands in JSON: strings, Guid, DateOnly.</summary>
    Text,

    /// <summary>Through <see cref="SqliteFunctions.Value"/>: fractions, dates and times.</summary>
    Converted,
}

/// <summary>An expression in SQL, or a value known before the query runs.</summary>
/// <param name="Sql">The text; empty for a constant.</param>
/// <param name="Type">What it is in .NET, without Nullable.</param>
/// <param name="IsNullable">Whether it may be null.</param>
/// <param name="CanFail">Whether it may throw, so that what stands before it must be evaluated before it.</param>
/// <param name="IsConstant">Whether <paramref name="Value"/> is the whole of it.</param>
/// <param name="Value">A constant's value.</param>
internal sealed record SqlTerm(string Sql, Type Type, bool IsNullable, bool CanFail, bool IsConstant = false, object? Value = null)
{
    public static SqlTerm Constant(object? value, Type type) => new("", Underlying(type), value is null, CanFail: false, IsConstant: true, value);

    /// <summary>A truth value, never null.</summary>
    public static SqlTerm Bool(string sql, bool canFail) => new(sql, typeof(bool), IsNullable: false, canFail);

    public bool IsBool => Type == typeof(bool) && !IsNullable;

    public static Type Underlying(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    /// <summary>How a type stands in SQL; for types whose JSON is written by the serializer's own converters.</summary>
    public static SqlKind KindOf(Type type)
    {
        if (type.IsEnum)
        {
            return KindOf(Enum.GetUnderlyingType(type));
        }

        return type switch
        {
            _ when type == typeof(bool) => SqlKind.Bool,
            _ when IsInteger(type) => SqlKind.Integer,
            _ when type == typeof(string) || type == typeof(Guid) || type == typeof(DateOnly) => SqlKind.Text,
            _ when Converted(type) != 0 && LibSqliteLoader.Version >= LibSqliteLoader.ArrowVersion => SqlKind.Converted,
            _ => SqlKind.None,
        };
    }

    /// <summary>Which conversion a type needs, or 0.</summary>
    public static StoredKind Converted(Type type) => type switch
    {
        _ when type == typeof(double) => StoredKind.Double,
        _ when type == typeof(float) => StoredKind.Single,
        _ when type == typeof(decimal) => StoredKind.Decimal,
        _ when type == typeof(DateTime) => StoredKind.DateTime,
        _ when type == typeof(DateTimeOffset) => StoredKind.DateTimeOffset,
        _ when type == typeof(TimeSpan) => StoredKind.TimeSpan,
        _ when type == typeof(TimeOnly) => StoredKind.TimeOnly,
        _ => 0,
    };

    /// <summary>Integers that a 64-bit number holds; ulong is not one.</summary>
    public static bool IsInteger(Type type) =>
        type == typeof(int) || type == typeof(long) || type == typeof(short) || type == typeof(byte) || type == typeof(uint) || type == typeof(ushort) || type == typeof(sbyte);

    /// <summary>A value as SQLite compares it with what records hold. False: it cannot be said.</summary>
    public static bool TryEncode(object? value, out object? encoded)
    {
        encoded = value switch
        {
            null => null,
            bool truth => truth ? 1L : 0L,
            Enum when Enum.GetUnderlyingType(value.GetType()) == typeof(ulong) => null,
            Enum or sbyte or byte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
            string text => WellFormed(text),
            Guid id => id.ToString("D"),
            DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            double number => double.IsNaN(number) ? null : number,
            float number => float.IsNaN(number) ? null : (double)number,
            decimal number => SqliteFunctions.SortableDecimal(number),
            DateTime time => time.Ticks,
            DateTimeOffset time => time.UtcTicks,
            TimeSpan time => time.Ticks,
            TimeOnly time => time.Ticks,
            _ => null,
        };
        return value is null || encoded is not null;
    }

    /// <summary>Half a surrogate pair has no UTF-8, and U+0000 ends a text in SQLite's JSON functions.</summary>
    private static string? WellFormed(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                return null;
            }

            rest = rest[length..];
        }

        return text;
    }
}
