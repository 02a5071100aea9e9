using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Overlay.Nodes.Storage;

/// <summary>The key of a record: the property with <see cref="KeyAttribute"/>, else the one named <c>Key</c> (in any case).</summary>
/// <remarks>Text is taken as it is; a <see cref="Guid"/> or an integer in its invariant form. Keys are ordered as text, by code points.</remarks>
internal static class RecordKey
{
    /// <summary>The longest key, in bytes of UTF-8.</summary>
    public const int MaxBytes = 1_024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The key of <paramref name="record"/>.</summary>
    /// <exception cref="KeyRequiredException">Its type has no key, or the key is empty or cannot be stored.</exception>
    public static string Of<T>(T record, Func<T, string?>? selector)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (selector is not null)
        {
            return Checked(selector(record), typeof(T));
        }

        var read = typeof(T).IsSealed || typeof(T) == record.GetType() ? Reader<T>.Read : null;
        if (read is not null)
        {
            return Checked(read(record), typeof(T));
        }

        var property = Find(record.GetType()) ?? throw NoKey(record.GetType());
        return Checked(AsText(property.GetValue(record)), record.GetType());
    }

    /// <summary>The key itself, where it can be stored.</summary>
    /// <exception cref="KeyRequiredException">It cannot.</exception>
    public static string Checked(string? key, Type? type = null)
    {
        if (string.IsNullOrEmpty(key))
        {
            var what = type is null ? "The key" : $"The key of this {type.Name}";
            throw new KeyRequiredException($"{what} is empty. Give it one before staging (Database.NewKey makes one). Nothing was staged.");
        }

        return IsStorable(key) ? key : throw new KeyRequiredException($"A key has 1 … {MaxBytes} bytes of well-formed text without U+0000. Nothing was staged.");
    }

    /// <summary>Whether a text that is not empty can be a key.</summary>
    public static bool IsStorable(string key)
    {
        try
        {
            return key.Length is > 0 and <= MaxBytes && !key.Contains('\0', StringComparison.Ordinal) && Strict.GetByteCount(key) <= MaxBytes;
        }
        catch (EncoderFallbackException)
        {
            // Half a surrogate pair.
            return false;
        }
    }

    private static PropertyInfo? Find(Type type)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(one => one.CanRead && one.GetIndexParameters().Length == 0).ToList();
        return properties.Find(one => one.IsDefined(typeof(KeyAttribute), inherit: true))
            ?? properties.Find(one => one.Name == "Key")
            ?? properties.Find(one => string.Equals(one.Name, "key", StringComparison.OrdinalIgnoreCase));
    }

    private static string? AsText(object? value) => value switch
    {
        null => null,
        string text => text,
        Guid id => id.ToString("D"),
        sbyte or byte or short or ushort or int or uint or long or ulong => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        _ => throw new KeyRequiredException($"A {value.GetType().Name} cannot be a key: text, a Guid or an integer can. Pass a selector instead. Nothing was staged."),
    };

    private static KeyRequiredException NoKey(Type type) =>
        new($"{type.Name} has no property named Key and none with [Key]. Add one, or pass a selector. Nothing was staged.");

    private static class Reader<T>
    {
        public static readonly Func<T, string?>? Read = Make();

        private static Func<T, string?>? Make()
        {
            if (Find(typeof(T)) is not { } property)
            {
                return null;
            }

            if (property.PropertyType == typeof(string) && !typeof(T).IsValueType)
            {
                return property.GetMethod!.CreateDelegate<Func<T, string?>>();
            }

            return record => AsText(property.GetValue(record));
        }
    }
}
