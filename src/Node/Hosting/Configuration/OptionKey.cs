using System.Collections;
using System.Globalization;
using System.Reflection;

namespace Overlay.Nodes.Hosting.Configuration;

/// <summary>One key of a section of the configuration.</summary>
/// <param name="Path">From the section on, with colons: <c>Protocol:MaxLinks</c>.</param>
/// <param name="Type">What a value is read as; of a list, each of its values.</param>
/// <param name="IsList">Whether it is a list, whose values have the keys 0, 1, 2 …</param>
/// <param name="IsNullable">Whether null is a value.</param>
/// <param name="Range">What it may be, in words.</param>
/// <param name="IsLive">Whether it may change while the node runs.</param>
/// <param name="IsSecret">Whether its value is never shown.</param>
internal sealed record OptionKey(string Path, Type Type, bool IsList, bool IsNullable, string Range, bool IsLive, bool IsSecret)
{
    private static readonly NullabilityInfoContext Nullability = new();

    private PropertyInfo[] Way { get; init; } = [];

    /// <summary>All keys of a class of options: what can stand in a configuration. What only code can give (clocks, handlers) is passed over.</summary>
    /// <param name="root">The class.</param>
    /// <param name="facts">What the types do not say, by path.</param>
    public static IReadOnlyList<OptionKey> Of(Type root, IReadOnlyDictionary<string, OptionFacts> facts)
    {
        var keys = new List<OptionKey>();
        Collect(root, [], facts, keys);
        return keys;
    }

    /// <summary>The value in <paramref name="options"/>, as it would be written.</summary>
    public string Read(object options)
    {
        object? value = options;
        foreach (var step in Way)
        {
            value = value is null ? null : step.GetValue(value);
        }

        return value switch
        {
            null => "null",
            string text => text,
            Uri uri => uri.OriginalString,
            bool flag => flag ? "true" : "false",
            IEnumerable list => string.Join(", ", list.Cast<object>()),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
    }

    private static void Collect(Type type, PropertyInfo[] way, IReadOnlyDictionary<string, OptionFacts> facts, List<OptionKey> keys)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static property => property.CanWrite))
        {
            PropertyInfo[] here = [.. way, property];
            var element = property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(IList<>) ? property.PropertyType.GenericTypeArguments[0] : null;
            var plain = element ?? Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (IsValue(plain))
            {
                var path = string.Join(':', here.Select(static step => step.Name));
                var fact = facts.GetValueOrDefault(path, OptionFacts.None);
                var isNullable = element is null && Nullability.Create(property).WriteState == NullabilityState.Nullable;
                keys.Add(new OptionKey(path, plain, element is not null, isNullable, fact.Range ?? RangeOf(plain), fact.IsLive, fact.IsSecret) { Way = here });
            }
            else if (plain is { IsClass: true, IsAbstract: false } && !typeof(Delegate).IsAssignableFrom(plain))
            {
                Collect(plain, here, facts, keys);
            }
        }
    }

    private static bool IsValue(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(Uri);

    private static string RangeOf(Type type) =>
        type == typeof(bool) ? "true, false"
        : type.IsEnum ? string.Join(", ", Enum.GetNames(type))
        : type == typeof(TimeSpan) ? "a duration"
        : type == typeof(string) ? "a text"
        : "a number";
}

/// <summary>What the type of an option does not say.</summary>
/// <param name="Range">What it may be, in words; null: the type says it.</param>
/// <param name="IsLive">Whether it may change while the node runs.</param>
/// <param name="IsSecret">Whether its value is never shown.</param>
internal sealed record OptionFacts(string? Range, bool IsLive = false, bool IsSecret = false)
{
    public static OptionFacts None { get; } = new(null as string);
}
