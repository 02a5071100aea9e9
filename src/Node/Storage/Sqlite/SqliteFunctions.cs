using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Overlay.Nodes.Storage.Sqlite;

/// <summary>How a JSON value becomes a value that SQLite orders as .NET does.</summary>
internal enum StoredKind
{
    /// <summary>A double: SQLite's own reading of decimal fractions may be off by the last bit.</summary>
    Double = 1,

    /// <summary>A float, read as such and then widened.</summary>
    Single,

    /// <summary>A decimal as <see cref="SqliteFunctions.SortableDecimal"/>.</summary>
    Decimal,

    /// <summary>Ticks of a DateTime, whatever its kind: so does .NET compare them.</summary>
    DateTime,

    /// <summary>Ticks in UTC.</summary>
    DateTimeOffset,

    /// <summary>Ticks.</summary>
    TimeSpan,

    /// <summary>Ticks since midnight.</summary>
    TimeOnly,
}

/// <summary>What queries need beyond SQLite's own functions, so that it compares exactly as .NET does.</summary>
internal static unsafe class SqliteFunctions
{
    /// <summary>overlay_value(kind, JSON text): see <see cref="StoredKind"/>. Null stays null.</summary>
    public const string Value = "overlay_value";

    /// <summary>overlay_fail(0 or 1): the exception that .NET throws there.</summary>
    public const string Fail = "overlay_fail";

    /// <summary>The order of UTF-16 code units, which is .NET's ordinal order; SQLite's own is that of code points.</summary>
    public const string Utf16 = "overlay_utf16";

    private const int DecimalDigits = 29;
    private static readonly JsonReaderOptions Lenient = new() { AllowTrailingCommas = true };

    public static void AddTo(SqliteConnection connection, nint handle)
    {
        // SQLITE_DIRECTONLY keeps them out of a prepared file's triggers and views.
        const int directOnly = 0x80000;
        const int deterministic = 0x800;
        connection.Check(LibSqlite.CreateFunction(handle, Value, 2, LibSqlite.Utf8 | directOnly | deterministic, 0, &ReadValue, 0, 0, 0));
        connection.Check(LibSqlite.CreateFunction(handle, Fail, 1, LibSqlite.Utf8 | directOnly, 0, &Throw, 0, 0, 0));
        connection.Check(LibSqlite.CreateCollation(handle, Utf16, LibSqlite.Utf8, 0, &Compare, 0));
    }

    /// <summary>A decimal as text of which the order is the order of the numbers: a sign, 29 digits, 28 of a fraction; negative ones complemented.</summary>
    public static string SortableDecimal(decimal value)
    {
        var digits = decimal.Abs(value).ToString("F28", CultureInfo.InvariantCulture).Replace(".", "", StringComparison.Ordinal).PadLeft(DecimalDigits + 28, '0');
        return value >= 0 ? "1" + digits : "0" + string.Create(digits.Length, digits, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = (char)('0' + '9' - from[i]);
            }
        });
    }

    /// <summary>UTF-8 texts in the order of their UTF-16 code units.</summary>
    public static int CompareUtf16(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        var (a, b) = (left[same], right[same]);

        // UTF-16 writes U+10000 and above (four bytes, from 0xF0) with surrogates, which lie below U+E000 (from 0xEE). Everything else agrees.
        if (a >= 0xF0 != b >= 0xF0 && Math.Min(a, b) >= 0xEE)
        {
            return a >= 0xF0 ? -1 : 1;
        }

        return a.CompareTo(b);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Compare(nint state, int leftLength, byte* left, int rightLength, byte* right) =>
        CompareUtf16(new ReadOnlySpan<byte>(left, leftLength), new ReadOnlySpan<byte>(right, rightLength));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Throw(nint context, int count, nint* arguments) =>
        ReportError(context, LibSqlite.ValueInt64(arguments[0]) == 0 ? SqliteFailure.NullReference : SqliteFailure.NoValue);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReadValue(nint context, int count, nint* arguments)
    {
        // No exception may leave this method: SQLite's frames lie below it.
        try
        {
            var kind = (StoredKind)LibSqlite.ValueInt64(arguments[0]);
            var bytes = LibSqlite.ValueBlob(arguments[1]);
            var reader = new Utf8JsonReader(new ReadOnlySpan<byte>(bytes, LibSqlite.ValueBytes(arguments[1])), Lenient);
            if (bytes is null || !reader.Read() || reader.TokenType == JsonTokenType.Null)
            {
                LibSqlite.ResultNull(context);
                return;
            }

            Report(context, kind, ref reader);
        }
        catch (Exception error) when (error is JsonException or FormatException or OverflowException or InvalidOperationException)
        {
            ReportError(context, error.Message);
        }
    }

    private static void Report(nint context, StoredKind kind, ref Utf8JsonReader reader)
    {
        switch (kind)
        {
            case StoredKind.Double:
                LibSqlite.ResultDouble(context, reader.GetDouble());
                break;
            case StoredKind.Single:
                LibSqlite.ResultDouble(context, reader.GetSingle());
                break;
            case StoredKind.Decimal:
                Span<byte> text = stackalloc byte[DecimalDigits + 30];
                var length = Encoding.ASCII.GetBytes(SortableDecimal(reader.GetDecimal()), text);
                fixed (byte* start = text)
                {
                    LibSqlite.ResultText(context, start, length, LibSqlite.Transient);
                }

                break;
            default:
                LibSqlite.ResultInt64(context, Ticks(kind, ref reader));
                break;
        }
    }

    private static long Ticks(StoredKind kind, ref Utf8JsonReader reader) => kind switch
    {
        StoredKind.DateTime => reader.GetDateTime().Ticks,
        StoredKind.DateTimeOffset => reader.GetDateTimeOffset().UtcTicks,
        StoredKind.TimeSpan => TimeSpan.ParseExact(reader.GetString()!, "c", CultureInfo.InvariantCulture).Ticks,
        StoredKind.TimeOnly => TimeSpan.ParseExact(reader.GetString()!, "c", CultureInfo.InvariantCulture).Ticks,
        _ => throw new InvalidOperationException($"There is no kind {kind}."),
    };

    private static void ReportError(nint context, string words)
    {
        var bytes = Encoding.UTF8.GetBytes(words);
        fixed (byte* start = bytes)
        {
            LibSqlite.ResultError(context, start, bytes.Length);
        }
    }
}
