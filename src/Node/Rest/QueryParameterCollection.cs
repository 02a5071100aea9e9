using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace Overlay.Nodes.Rest;

/// <summary>The parameters in an address. Names are case-sensitive; a name without a value has the empty one.</summary>
/// <remarks>
/// As Smoke reads them: each <c>?</c> before the first <c>#</c> begins a segment, and what follows a <c>#</c> still belongs to the last one; of a name that is
/// repeated each value counts once, and empty ones only where there is no other. At most 1,024 pairs count.
/// </remarks>
public sealed class QueryParameterCollection : IReadOnlyDictionary<string, StringValues>
{
    /// <summary>Pairs beyond these are not looked at.</summary>
    public const int MaxPairs = 1_024;

    private readonly Dictionary<string, StringValues> _values = new(StringComparer.Ordinal);

    private QueryParameterCollection()
    {
    }

    /// <summary>No parameters.</summary>
    public static QueryParameterCollection Empty { get; } = new();

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _values.Keys;

    /// <inheritdoc/>
    public IEnumerable<StringValues> Values => _values.Values;

    /// <inheritdoc/>
    public int Count => _values.Count;

    /// <summary>The values of a parameter; none where it is missing.</summary>
    public StringValues this[string key] => _values.GetValueOrDefault(key);

    /// <summary>Reads the parameters of an address.</summary>
    /// <param name="url">An address or a path; only what follows a question mark counts.</param>
    /// <param name="decode">Whether <c>%20</c> and <c>+</c> become blanks and so on. Default true.</param>
    public static QueryParameterCollection Parse(string url, bool decode = true)
    {
        ArgumentNullException.ThrowIfNull(url);
        var query = new QueryParameterCollection();
        var hash = url.IndexOf('#', StringComparison.Ordinal);
        var pairs = 0;
        var start = NextSegment(url, 0, hash);
        while (start >= 0)
        {
            var next = NextSegment(url, start, hash);
            var segment = next < 0 ? url.AsSpan(start) : url.AsSpan(start, next - 1 - start);
            foreach (var range in segment.Split('&'))
            {
                if (++pairs > MaxPairs)
                {
                    return query;
                }

                query.Add(segment[range], decode);
            }

            start = next;
        }

        return query;
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StringValues value) => _values.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <returns>Where the text after the next question mark begins; −1 where there is none.</returns>
    private static int NextSegment(string url, int from, int hash)
    {
        var mark = url.IndexOf('?', from);
        return mark < 0 || (hash >= 0 && mark > hash) ? -1 : mark + 1;
    }

    private static string Text(ReadOnlySpan<char> text, bool decode) => decode ? Uri.UnescapeDataString(text.ToString().Replace('+', ' ')) : text.ToString();

    private void Add(ReadOnlySpan<char> pair, bool decode)
    {
        if (pair.IsEmpty)
        {
            return;
        }

        var equals = pair.IndexOf('=');
        var rest = equals < 0 ? default : pair[(equals + 1)..];
        var second = rest.IndexOf('=');
        var name = Text(equals < 0 ? pair : pair[..equals], decode);
        var value = Text(second < 0 ? rest : rest[..second], decode);
        var before = _values.GetValueOrDefault(name);
        if (before.Count == 0 || (before.Count == 1 && before[0]!.Length == 0))
        {
            _values[name] = value;
        }
        else if (value.Length > 0 && !before.Contains(value))
        {
            _values[name] = StringValues.Concat(before, value);
        }
    }
}
