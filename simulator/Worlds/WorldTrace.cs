using System.Globalization;
using Overlay.Messages;

namespace Overlay.Simulator.Worlds;

/// <summary>The last messages and changes of a world, to be shown when something went wrong.</summary>
internal sealed class WorldTrace(int length)
{
    private readonly Entry[] _entries = new Entry[Math.Max(1, length)];
    private long _count;

    /// <summary>Notes something.</summary>
    /// <param name="ticks">When.</param>
    /// <param name="what">A constant word.</param>
    /// <param name="node">To whom it happened.</param>
    /// <param name="peer">Who did it; −1: nobody else.</param>
    /// <param name="kind">The message's kind, if it was one.</param>
    /// <param name="body">The message's body, if it was one.</param>
    public void Add(long ticks, string what, int node, int peer = -1, MessageKind kind = MessageKind.None, MessageBody? body = null) =>
        _entries[_count++ % _entries.Length] = new(ticks, what, node, peer, kind, body);

    /// <summary>The last <paramref name="most"/> entries about <paramref name="nodes"/> (all, where none is named), oldest first.</summary>
    public IReadOnlyList<string> Describe(int most, IReadOnlyList<int> nodes, Func<int, string> name)
    {
        var lines = new List<string>();
        for (var at = _count - 1; at >= Math.Max(0, _count - _entries.Length) && lines.Count < most; at--)
        {
            ref readonly var entry = ref _entries[at % _entries.Length];
            if (nodes.Count == 0 || nodes.Contains(entry.Node) || (entry.Peer >= 0 && nodes.Contains(entry.Peer)))
            {
                lines.Add(Describe(entry, name));
            }
        }

        lines.Reverse();
        return lines;
    }

    private static string Describe(in Entry entry, Func<int, string> name)
    {
        var from = entry.Peer >= 0 ? " ← " + name(entry.Peer) : "";
        var kind = entry.Kind == MessageKind.None ? "" : " " + entry.Kind;
        var payload = entry.Body is SignedBody { Payload: { } content } ? " " + content : "";
        return string.Create(CultureInfo.InvariantCulture, $"{new TimeSpan(entry.Ticks).TotalSeconds,11:F4} s  {entry.What,-10} {name(entry.Node)}{from}{kind}{payload}");
    }

    private readonly record struct Entry(long Ticks, string What, int Node, int Peer, MessageKind Kind, MessageBody? Body);
}
