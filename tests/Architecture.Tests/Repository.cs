namespace Overlay.Architecture.Tests;

/// <summary>A text file of the repository: its path from the root with forward slashes, and what it says.</summary>
internal sealed record RepositoryFile(string Path, string Text)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsUnder(params string[] folders) => folders.Any(folder => Path.StartsWith(folder + "/", StringComparison.Ordinal));
}

/// <summary>The house as it lies on disk, build output and installed packages left out.</summary>
internal static class Repository
{
    private static readonly HashSet<string> Skipped = new(StringComparer.Ordinal)
    {
        "bin", "obj", ".git", "node_modules", "artifacts", "TestResults", ".vs", ".idea", "BenchmarkDotNet.Artifacts",
    };

    private static readonly HashSet<string> TextEndings = new(StringComparer.OrdinalIgnoreCase)
    {
        ".cs", ".csproj", ".props", ".targets", ".sln", ".json", ".jsonl", ".md", ".txt", ".yml", ".yaml", ".editorconfig", ".gitignore",
        ".gitattributes", ".globalconfig", ".js", ".mjs", ".ts", ".html", ".css", ".svg", ".sh", ".xml", "",
    };

    public static string Root { get; } = Tool.RepositoryRoot();

    public static IReadOnlyList<RepositoryFile> TextFiles { get; } = Read(new DirectoryInfo(Root)).ToList();

    public static IReadOnlyList<RepositoryFile> Sources { get; } = [.. TextFiles.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal))];

    public static IReadOnlyList<RepositoryFile> Projects { get; } =
        [.. TextFiles.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal))];

    public static RepositoryFile File(string path) => TextFiles.Single(file => file.Path == path);

    private static IEnumerable<RepositoryFile> Read(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            if (TextEndings.Contains(file.Extension) && file.LinkTarget is null)
            {
                var path = Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');
                yield return new RepositoryFile(path, System.IO.File.ReadAllText(file.FullName));
            }
        }

        foreach (var child in folder.EnumerateDirectories().OrderBy(child => child.Name, StringComparer.Ordinal))
        {
            if (!Skipped.Contains(child.Name) && child.LinkTarget is null)
            {
                foreach (var file in Read(child))
                {
                    yield return file;
                }
            }
        }
    }
}
