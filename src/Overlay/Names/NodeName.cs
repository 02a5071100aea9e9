using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Names;

/// <summary>What a name looks like, and where on the ring its record lies.</summary>
/// <remarks>
/// 1 … 63 of the letters a–z, digits, '-', '_' and '.', beginning and ending with a letter or digit. What addresses something else is no name:
/// 12 hexadecimal digits (an id), a dotted quad (a guest of a hub), <c>localhost</c> (design §11). Upper case is the same name: hosts in
/// addresses arrive in lower case.
/// </remarks>
public static class NodeName
{
    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static readonly SearchValues<char> DigitsAndDots = SearchValues.Create("0123456789.");

    /// <summary>The form in which a name is signed and kept.</summary>
    [SuppressMessage("Globalization", "CA1308", Justification = "Names are kept in lower case, as hosts in addresses are.")]
    public static bool TryNormalize(string text, out string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        name = text.Length <= NameRecord.MaxNameLength ? text.ToLowerInvariant() : "";
        return IsNormal(name);
    }

    /// <summary>Whether <paramref name="name"/> is a name in its normal form.</summary>
    public static bool IsNormal(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= NameRecord.MaxNameLength
        && !name.ContainsAnyExcept(Letters)
        && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1])
        && !RingId.TryParse(name, out _)
        && !name.SequenceEqual("localhost")
        && !IsDottedQuad(name);

    /// <summary>Where the record lies: the first 48 bits of SHA-256(name).</summary>
    public static RingId KeyOf(string name) => RingId.From(MarkOf(name) >> (64 - RingId.Bits));

    /// <summary>The first 64 bits of SHA-256(name): the name in digests and lists.</summary>
    public static ulong MarkOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }

    private static bool IsDottedQuad(ReadOnlySpan<char> name) => name.Count('.') == 3 && !name.ContainsAnyExcept(DigitsAndDots);
}
