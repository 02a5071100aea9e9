using System.Text.RegularExpressions;

namespace Overlay.Architecture.Tests;

/// <summary>Words that have no business in the house: promises to finish later, and paths of somebody's own machine.</summary>
internal static partial class Words
{
    public static List<string> Unfinished(IEnumerable<RepositoryFile> files) =>
        Lines(files.Where(file => file.IsUnder("src", "simulator")), UnfinishedWord());

    /// <summary>A path that exists only where somebody wrote the file: the checkout's folder anywhere, the temporary folder in documents.</summary>
    public static List<string> ForeignPaths(IEnumerable<RepositoryFile> files) =>
    [
        .. Lines(files, CheckoutPath()),
        .. Lines(files.Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal)), TemporaryPath()),
    ];

    /// <summary>Lock files that name the registry of one machine would not install on another.</summary>
    public static List<string> PinnedRegistries(IEnumerable<RepositoryFile> files) =>
        Lines(files.Where(file => file.Name == "package-lock.json"), ResolvedUrl());

    private static List<string> Lines(IEnumerable<RepositoryFile> files, Regex word)
    {
        var found = new List<string>();
        foreach (var file in files)
        {
            var number = 0;
            foreach (var line in file.Text.Split('\n'))
            {
                number++;
                if (word.IsMatch(line))
                {
                    found.Add($"{file.Path}:{number}: {line.Trim()}");
                }
            }
        }

        return found;
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex UnfinishedWord();

    // Written in two halves so that this file does not name what it forbids.
    [GeneratedRegex(@"(?<![\w.$}])/wor" + @"k/")]
    private static partial Regex CheckoutPath();

    [GeneratedRegex(@"(?<![\w.$}])/tm" + @"p/")]
    private static partial Regex TemporaryPath();

    [GeneratedRegex(@"""resolved""\s*:\s*""http")]
    private static partial Regex ResolvedUrl();
}
