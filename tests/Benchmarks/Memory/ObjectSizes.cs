using System.Reflection;
using System.Runtime.CompilerServices;

namespace Overlay.Benchmarks.Memory;

/// <summary>Adds up the bytes of an object graph by type and by the field of the root through which an object was reached first.</summary>
/// <remarks>An object's size is what allocating one like it costs this thread: no layout is guessed. Objects marked as shared count nowhere.</remarks>
internal sealed class ObjectSizes
{
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Type, long> _sizes = [];
    private readonly Dictionary<Type, FieldInfo[]> _fields = [];
    private readonly Stack<(object Object, string Part)> _open = new();

    /// <summary>Bytes and objects of each type.</summary>
    public Dictionary<string, (long Bytes, long Count)> ByType { get; } = [];

    /// <summary>Bytes and objects of each part.</summary>
    public Dictionary<string, (long Bytes, long Count)> ByPart { get; } = [];

    /// <summary>Objects that others hold too, and all they lead to.</summary>
    public void Share(object shared)
    {
        Open(shared, "");
        Walk(count: false);
    }

    /// <summary>Counts a root and what only it leads to.</summary>
    public void Add(object root)
    {
        _seen.Add(root);
        Count(root, "itself");
        foreach (var field in FieldsOf(root.GetType()))
        {
            OpenField(root, field, field.Name.TrimStart('_'));
        }

        Walk(count: true);
    }

    private static long SizeOfElement(Type type) =>
        type.IsValueType ? (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)! : IntPtr.Size;

    private void Walk(bool count)
    {
        while (_open.TryPop(out var next))
        {
            if (count)
            {
                Count(next.Object, next.Part);
            }

            OpenContents(next.Object, next.Part);
        }
    }

    private void OpenContents(object holder, string part)
    {
        if (holder is Array array)
        {
            var element = array.GetType().GetElementType()!;
            if (!element.IsValueType || FieldsOf(element).Length > 0)
            {
                foreach (var item in array)
                {
                    Open(item, part);
                }
            }

            return;
        }

        foreach (var field in FieldsOf(holder.GetType()))
        {
            OpenField(holder, field, part is "context" or "ring" ? $"{part}.{field.Name.TrimStart('_')}" : part);
        }
    }

    private void OpenField(object holder, FieldInfo field, string part) => Open(field.GetValue(holder), part);

    private void Open(object? found, string part)
    {
        if (found is null or Type or Pointer or MemberInfo)
        {
            return;
        }

        if (found.GetType().IsValueType)
        {
            OpenContents(found, part);
        }
        else if (_seen.Add(found))
        {
            _open.Push((found, part));
        }
    }

    private void Count(object found, string part)
    {
        var bytes = SizeOf(found);
        Add(ByType, NameOf(found.GetType()), bytes);
        Add(ByPart, part, bytes);
    }

    private static void Add(Dictionary<string, (long Bytes, long Count)> table, string key, long bytes)
    {
        var (sum, count) = table.GetValueOrDefault(key);
        table[key] = (sum + bytes, count + 1);
    }

    private static string NameOf(Type type) =>
        type.IsArray ? NameOf(type.GetElementType()!) + "[]"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.IsNested ? $"{type.DeclaringType!.Name}.{type.Name}" : type.Name;

    private long SizeOf(object found)
    {
        var type = found.GetType();
        if (found is string text)
        {
            return (22 + (2 * text.Length) + 7) & ~7;
        }

        if (!_sizes.TryGetValue(type, out var size))
        {
            _sizes[type] = size = type.IsArray ? SizeOfElement(type.GetElementType()!) : Measure(type);
        }

        return found is Array array ? (24 + (size * array.LongLength) + 7) & ~7 : size;
    }

    private static long Measure(Type type)
    {
        RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        RuntimeHelpers.GetUninitializedObject(type);
        var before = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(RuntimeHelpers.GetUninitializedObject(type));
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>The fields of a type and its bases that may lead to objects.</summary>
    private FieldInfo[] FieldsOf(Type type)
    {
        if (_fields.TryGetValue(type, out var known))
        {
            return known;
        }

        _fields[type] = []; // A struct that holds itself (an integer) ends here.
        var fields = new List<FieldInfo>();
        for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
        {
            fields.AddRange(at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Where(field => !field.FieldType.IsPrimitive && !field.FieldType.IsEnum && !field.FieldType.IsPointer
                    && (!field.FieldType.IsValueType || FieldsOf(field.FieldType).Length > 0)));
        }

        return _fields[type] = [.. fields];
    }
}
