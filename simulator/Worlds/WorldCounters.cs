using Overlay.Messages;

namespace Overlay.Simulator.Worlds;

/// <summary>What happened in a world, in numbers.</summary>
public sealed class WorldCounters
{
    private const int Kinds = 256;

    private readonly long[] _messages = new long[Kinds];
    private readonly long[] _bytes = new long[Kinds];
    private readonly long[] _drops = new long[Kinds];

    /// <summary>Events taken from the queue.</summary>
    public long Events { get; set; }

    /// <summary>Messages handed to a node over a link.</summary>
    public long Delivered { get; set; }

    /// <summary>Times that an application's look-up, a value on its way, was handed back to a hop that had sent it to nobody: timeouts, as the literature counts them.</summary>
    public long LookupTimeouts { get; set; }

    /// <summary>Messages that nodes passed on for others.</summary>
    public long Forwarded { get; set; }

    /// <summary>Link set-ups that began, at the offering side.</summary>
    public long SetUpsBegun { get; set; }

    /// <summary>Links that were opened, each counted once.</summary>
    public long LinksOpened { get; set; }

    /// <summary>Bytes of ICE, DTLS and SCTP for link set-ups.</summary>
    public long SetUpBytes { get; set; }

    /// <summary>Messages of <paramref name="kind"/> sent over links.</summary>
    public long MessagesOf(MessageKind kind) => _messages[(int)kind];

    /// <summary>Bytes of those messages.</summary>
    public long BytesOf(MessageKind kind) => _bytes[(int)kind];

    /// <summary>Messages that ended for <paramref name="why"/>.</summary>
    public long DroppedFor(DropReason why) => _drops[(int)why];

    internal void Sent(MessageKind kind, int bytes)
    {
        _messages[(int)kind]++;
        _bytes[(int)kind] += bytes;
    }

    internal void Dropped(DropReason why) => _drops[(int)why]++;
}
