using System.Security.Cryptography;
using System.Text;

namespace Overlay.Admission;

/// <summary>The join tokens, kept as digests and compared in constant time: a hub's answer time says nothing about a near miss.</summary>
public sealed class TokenList
{
    /// <summary>Characters of a token at the most.</summary>
    public const int MaxTokenLength = 256;

    private readonly byte[][] _digests;

    public TokenList(IReadOnlyList<string> tokens)
    {
        _digests = new byte[tokens.Count][];
        for (var i = 0; i < _digests.Length; i++)
        {
            _digests[i] = SHA256.HashData(Encoding.UTF8.GetBytes(tokens[i]));
        }
    }

    public bool Contains(string token)
    {
        if (token.Length is 0 or > MaxTokenLength)
        {
            return false;
        }

        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        var found = false;
        foreach (var known in _digests)
        {
            found |= CryptographicOperations.FixedTimeEquals(known, digest);
        }

        return found;
    }
}
