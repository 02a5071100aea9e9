using System.Text;
using Overlay.Messages;

namespace Overlay.Runtime.Telemetry;

/// <summary>Values of enums as attributes have them: lower case, words joined by underscores. Made once.</summary>
internal static class Words
{
    public static string Of(Outcome outcome) => Cache<Outcome>.Of(outcome);

    public static string Of(DropReason reason) => Cache<DropReason>.Of(reason);

    public static string Of(LinkFailure failure) => Cache<LinkFailure>.Of(failure);

    public static string Of(LinkPhase phase) => Cache<LinkPhase>.Of(phase);

    public static string Of(NodePhase phase) => Cache<NodePhase>.Of(phase);

    public static string Of(Upkeep purpose) => Cache<Upkeep>.Of(purpose);

    public static string Of(MessageKind kind) => Cache<MessageKind>.Of(kind);

    public static string Of(OverlayError error) => Cache<OverlayError>.Of(error);

    public static string Of(string pascal)
    {
        var text = new StringBuilder(pascal.Length + 4);
        foreach (var letter in pascal)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }

    private static class Cache<T>
        where T : struct, Enum
    {
        private static readonly Dictionary<T, string> All = Enum.GetValues<T>().Distinct().ToDictionary(static value => value, static value => Words.Of(value.ToString()));

        /// <summary>The kind of a message comes from others: it may be none that is known.</summary>
        public static string Of(T value) => All.TryGetValue(value, out var text) ? text : "unknown";
    }
}
