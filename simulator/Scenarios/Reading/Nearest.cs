namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>What somebody who mistyped a word probably meant.</summary>
internal static class Nearest
{
    /// <summary><c>Did you mean 'x'? </c> where one of the words is near, nothing where none is.</summary>
    public static string Hint(string word, IEnumerable<string> words) => To(word, words) is { } nearest ? $"Did you mean '{nearest}'? " : "";

    /// <summary>The word that takes the fewest changes of a letter, of equals the one that begins alike for longest; null where half of it would change.</summary>
    public static string? To(string word, IEnumerable<string> words)
    {
        if (word.Length > 64)
        {
            return null;
        }

        var (best, bestDistance) = ((string?)null, int.MaxValue);
        foreach (var candidate in words)
        {
            var distance = Distance(word, candidate);
            var isBetter = distance < bestDistance || (distance == bestDistance && CommonStart(word, candidate) > CommonStart(word, best!));
            if (isBetter && 2 * distance < Math.Max(word.Length, candidate.Length))
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    private static int CommonStart(string a, string b) => a.AsSpan().CommonPrefixLength(b);

    /// <summary>Levenshtein's distance; capital letters count as small ones.</summary>
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[b.Length];
    }
}
