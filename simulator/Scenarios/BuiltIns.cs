using System.Diagnostics.CodeAnalysis;

namespace Overlay.Simulator.Scenarios;

/// <summary>The named experiments that come with the simulator.</summary>
public static class BuiltIns
{
    private const string Prefix = "scenario:";

    private static readonly string[] All =
    [
        .. typeof(BuiltIns).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Their names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => All;

    /// <summary>The text of one, in UTF-8.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out byte[]? text)
    {
        using var stream = typeof(BuiltIns).Assembly.GetManifestResourceStream(Prefix + name);
        if (stream is null)
        {
            text = null;
            return false;
        }

        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        text = buffer.ToArray();
        return true;
    }
}
