namespace Overlay.Runtime.Tests.Telemetry;

/// <summary>Tables of the documentation, to be compared with the code.</summary>
internal static class Documentation
{
    public static string Root { get; } = FindRoot();

    /// <summary>The rows of the table whose first column has this heading.</summary>
    public static string[] RowsOf(string page, string heading) =>
    [
        .. File.ReadLines(Path.Combine(Root, "docs", page))
            .SkipWhile(line => !line.StartsWith($"| {heading} |", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|')),
    ];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Overlay.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Overlay.sln is nowhere above the tests.");
        }

        return folder.FullName;
    }
}
