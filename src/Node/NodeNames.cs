using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Nodes;

/// <summary>What people write for a node: 12 hexadecimal digits are an id, anything else that is well-formed is a name.</summary>
public static class NodeNames
{
    /// <summary>Whether <paramref name="text"/> can be registered as a name.</summary>
    public static bool IsName(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is > 0 and <= NameRecord.MaxNameLength
            && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            && !RingId.TryParse(text, out _);
    }
}
