using System.Text;
using System.Text.RegularExpressions;

namespace Overlay.Nodes.Rest;

/// <summary>What paths a route answers, and which parts of them are parameters. The whole path must match, and its case.</summary>
/// <remarks>
/// <c>:name</c> is Smoke's parameter: letters, digits, <c>_</c>, <c>-</c> and <c>$</c>, as many as fit, also none; not decoded. <c>{name}</c> is ASP.NET's: all of a segment,
/// at least one character, decoded; <c>{*name}</c> takes all that is left of the path, also nothing. Everything else stands for itself.
/// </remarks>
internal sealed partial class RestPattern
{
    private readonly Regex _regex;
    private readonly List<(string Name, bool IsDecoded)> _parameters = [];

    /// <exception cref="ArgumentException">A <c>?</c> or <c>&amp;</c>, a parameter without a name or twice, or a brace alone.</exception>
    public RestPattern(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (pattern.AsSpan().ContainsAny('?', '&'))
        {
            throw new ArgumentException($"'{pattern}' contains '?' or '&': a pattern is for the path, parameters of the query are in Request.Query.", nameof(pattern));
        }

        var regex = new StringBuilder("^");
        var end = 0;
        foreach (Match match in Parameter().Matches(pattern))
        {
            Literal(regex, pattern, pattern[end..match.Index]);
            var isSegment = match.Value[0] == '{';
            var isRest = match.Groups["rest"].Length > 0;
            regex.Append(isRest ? "(.*)" : isSegment ? "([^/]+)" : "([A-Za-z0-9_$-]*)");
            var name = match.Groups["name"].Value;
            if (_parameters.Exists(parameter => parameter.Name == name))
            {
                throw new ArgumentException($"'{pattern}' has two parameters of the name '{name}'.", nameof(pattern));
            }

            _parameters.Add((name, isSegment));
            end = match.Index + match.Length;
        }

        Literal(regex, pattern, pattern[end..]);
        _regex = new Regex(regex.Append("\\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline); // Linear time: paths come from strangers.
    }

    /// <summary>Whether a path matches, and its parameters.</summary>
    public bool TryMatch(string path, out Dictionary<string, string> parameters)
    {
        parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        var match = _regex.Match(path);
        if (!match.Success)
        {
            return false;
        }

        for (var i = 0; i < _parameters.Count; i++)
        {
            var value = match.Groups[i + 1].Value;
            parameters[_parameters[i].Name] = _parameters[i].IsDecoded ? Uri.UnescapeDataString(value) : value;
        }

        return true;
    }

    private static void Literal(StringBuilder regex, string pattern, string text)
    {
        if (text.AsSpan().IndexOfAny('{', '}') >= 0)
        {
            throw new ArgumentException($"'{pattern}' has a brace that belongs to no parameter.", nameof(pattern));
        }

        regex.Append(Regex.Escape(text));
    }

    [GeneratedRegex(@":(?<name>[A-Za-z0-9_$]+)|\{(?<rest>\*)?(?<name>[A-Za-z0-9_$]+)\}", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Parameter();
}
