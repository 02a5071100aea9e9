namespace Overlay.Architecture.Tests;

/// <summary>How the rules report: every violation is one line that names the file and what it should have done.</summary>
internal static class Verdict
{
    public static void None(IReadOnlyCollection<string> violations) =>
        Assert.True(violations.Count == 0, $"{violations.Count} violation(s):\n  {string.Join("\n  ", violations)}");

    /// <summary>The rule saw the planted fault and nothing else.</summary>
    public static void One(IReadOnlyCollection<string> violations, string mentions)
    {
        var only = Assert.Single(violations);
        Assert.Contains(mentions, only, StringComparison.Ordinal);
    }
}
