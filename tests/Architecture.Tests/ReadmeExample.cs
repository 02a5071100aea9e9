namespace Overlay.Architecture.Tests;

/// <summary>README's C# example is the code that <c>tests/Node.Tests/ReadmeExample.cs</c> compiles and runs, line for line.</summary>
internal static class ReadmeExample
{
    public const string CompiledIn = "tests/Node.Tests/ReadmeExample.cs";

    /// <summary>Lines of README's first C# block that do not stand one after the other, indentation aside, in the compiled file.</summary>
    public static List<string> Violations(string readme, string compiled)
    {
        var block = BlockOf(readme);
        if (block.Count == 0)
        {
            return ["README has no C# example"];
        }

        var lines = Trimmed(compiled.Split('\n'));
        for (var start = 0; start + block.Count <= lines.Count; start++)
        {
            if (lines.Skip(start).Take(block.Count).SequenceEqual(block))
            {
                return [];
            }
        }

        var strange = block.Where(line => !lines.Contains(line)).ToList();
        return strange.Count > 0
            ? [.. strange.Select(line => $"{CompiledIn} does not have README's line: {line}")]
            : [$"{CompiledIn} has README's lines in another order"];
    }

    private static List<string> BlockOf(string readme) =>
        Trimmed(readme.Split('\n').SkipWhile(line => line.Trim() != "```csharp").Skip(1).TakeWhile(line => line.Trim() != "```"));

    private static List<string> Trimmed(IEnumerable<string> lines) => [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];
}
