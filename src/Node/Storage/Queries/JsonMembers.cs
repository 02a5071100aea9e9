using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Overlay.Nodes.Storage;

/// <summary>A member whose value in a record is exactly what stands in the record's JSON.</summary>
/// <param name="Name">Its name in JSON, plain enough for a path.</param>
/// <param name="Type">Its type.</param>
/// <param name="Missing">What it is where the JSON lacks it.</param>
internal sealed record JsonMember(string Name, Type Type, object? Missing);

/// <summary>Tells which members of a type SQL may read from the JSON, and what they are where the JSON lacks them.</summary>
/// <remarks>
/// Asked of the serializer's own contract, whether reflected or generated. A member with a converter, a setter with code, numbers written as text
/// and the like is not readable: what uses it runs in memory.
/// </remarks>
internal static class JsonMembers
{
    private static readonly ConditionalWeakTable<JsonSerializerOptions, ConcurrentDictionary<(Type Container, PropertyInfo Property), JsonMember?>> Known = [];

    /// <summary>The member as JSON has it, or null where SQL may not read it.</summary>
    public static JsonMember? Find(JsonSerializerOptions options, Type container, MemberInfo member) =>
        member is PropertyInfo property && options.ReferenceHandler is null
            ? Known.GetOrCreateValue(options).GetOrAdd((container, property), static (key, options) => Look(options, key.Container, key.Property), options)
            : null;

    /// <summary>Whether values of this type stand in JSON as <see cref="SqlTerm"/> takes them.</summary>
    private static bool IsPlainValue(JsonSerializerOptions options, Type type)
    {
        type = SqlTerm.Underlying(type);
        if (SqlTerm.KindOf(type) == SqlKind.None || options.GetTypeInfo(type).Converter.GetType().Assembly != typeof(JsonSerializer).Assembly)
        {
            return false;
        }

        // Named values written as text would not be numbers.
        return !type.IsEnum || Enum.GetValuesAsUnderlyingType(type).Cast<object>()
            .All(value => JsonSerializer.SerializeToElement(Enum.ToObject(type, value), options.GetTypeInfo(type)).ValueKind == JsonValueKind.Number);
    }

    private static JsonMember? Look(JsonSerializerOptions options, Type container, PropertyInfo property)
    {
        try
        {
            var type = options.GetTypeInfo(container);
            if (type.Kind != JsonTypeInfoKind.Object || type.OnDeserialized is not null || type.OnDeserializing is not null || !IsAutomatic(property))
            {
                return null;
            }

            var name = NameOf(options, property);
            var found = type.Properties.FirstOrDefault(one => one.Name == name && one.PropertyType == property.PropertyType);
            if (found is null || !IsPlain(found, type, options) || !name.All(one => char.IsAsciiLetterOrDigit(one) || one == '_'))
            {
                return null;
            }

            return IsPlainValue(options, property.PropertyType) || IsContainer(options, property.PropertyType)
                ? new JsonMember(name, property.PropertyType, found.Get!(Empty(options, type)))
                : null;
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException or JsonException or TargetInvocationException)
        {
            // The serializer cannot tell, so SQL cannot either.
            return null;
        }
    }

    private static bool IsContainer(JsonSerializerOptions options, Type type) =>
        Nullable.GetUnderlyingType(type) is null && SqlTerm.KindOf(type) == SqlKind.None && options.GetTypeInfo(type).Kind == JsonTypeInfoKind.Object;

    private static bool IsPlain(JsonPropertyInfo property, JsonTypeInfo type, JsonSerializerOptions options)
    {
        var numbers = property.NumberHandling ?? type.NumberHandling ?? options.NumberHandling;
        var creation = property.ObjectCreationHandling ?? type.PreferredPropertyObjectCreationHandling ?? options.PreferredObjectCreationHandling;
        return property.CustomConverter is null && property.Get is not null && (property.Set is not null || property.AssociatedParameter is not null)
            && !property.IsExtensionData && creation == JsonObjectCreationHandling.Replace
            && (numbers & ~JsonNumberHandling.AllowReadingFromString) == JsonNumberHandling.Strict;
    }

    private static string NameOf(JsonSerializerOptions options, PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? options.PropertyNamingPolicy?.ConvertName(property.Name) ?? property.Name;

    /// <summary>A property that is a field and nothing else: what was written is what is read.</summary>
    private static bool IsAutomatic(PropertyInfo property) =>
        property.GetMethod is { } get && (!get.IsVirtual || get.IsFinal)
        && property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null;

    /// <summary>The object that a document without members becomes: it holds what members are that a document lacks.</summary>
    private static object Empty(JsonSerializerOptions options, JsonTypeInfo type)
    {
        var document = new JsonObject();
        foreach (var property in type.Properties.Where(one => one.IsRequired))
        {
            document[property.Name] = property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null
                ? JsonSerializer.SerializeToNode(RuntimeHelpers.GetUninitializedObject(property.PropertyType), options.GetTypeInfo(property.PropertyType))
                : null;
        }

        return document.Deserialize(type) ?? throw new JsonException("An empty document became nothing.");
    }
}
