using System.Buffers.Binary;
using Overlay.Ring;

namespace Overlay.Messages;

/// <summary>Why a hop sent a message where it did.</summary>
public enum RouteDecision : byte
{
    /// <summary>The hop does not say.</summary>
    Unknown,

    /// <summary>It was for the hop itself.</summary>
    Local,

    /// <summary>A successor on the ring.</summary>
    Successor,

    /// <summary>The predecessor on the ring.</summary>
    Predecessor,

    /// <summary>A finger.</summary>
    Finger,

    /// <summary>Up the tree.</summary>
    Parent,

    /// <summary>Down the tree.</summary>
    Child,

    /// <summary>Any other link that happened to be nearer, or that leads straight to the target.</summary>
    Shortcut,

    /// <summary>A session with a hub: to the hub's gateway, or to a guest that this node is the gateway of.</summary>
    Hub,

    /// <summary>Nowhere: the way ended at the hop, short of its target.</summary>
    Drop,
}

/// <summary>How a link's datagrams go.</summary>
public enum LinkWay : byte
{
    /// <summary>The node does not say.</summary>
    Unknown,

    /// <summary>Straight to the other end.</summary>
    Direct,

    /// <summary>A third node passes them on.</summary>
    Relayed,

    /// <summary>It is no link but a session with a hub.</summary>
    Hub,
}

/// <summary>What kind of address an end of a link's candidate pair is (RFC 8445 §5.1.1).</summary>
public enum CandidateType : byte
{
    /// <summary>There is no pair, or the node does not say.</summary>
    Unknown,

    /// <summary>Of the machine's own interface.</summary>
    Host,

    /// <summary>The outer address of a translator, as a server sees it.</summary>
    ServerReflexive,

    /// <summary>The outer address of a translator, as the other end sees it.</summary>
    PeerReflexive,

    /// <summary>Of a TURN server.</summary>
    Relayed,
}

/// <summary>What a host has measured of one link: <c>| way 1 | local type 4 bits, remote type 4 bits | round trip 4, µs | waiting 4, bytes |</c>.</summary>
/// <param name="Way">How its datagrams go.</param>
/// <param name="Local">This end of its candidate pair.</param>
/// <param name="Remote">The other end of it.</param>
/// <param name="RoundTrip">Smoothed; null before the first measurement.</param>
/// <param name="QueuedBytes">What lies unsent in it.</param>
public readonly record struct LinkGauge(LinkWay Way, CandidateType Local, CandidateType Remote, TimeSpan? RoundTrip, uint QueuedBytes)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Bytes = 1 + 1 + 4 + 4;

    /// <summary>The gauge of something that is not measured.</summary>
    public static readonly LinkGauge Unknown = new(LinkWay.Unknown, CandidateType.Unknown, CandidateType.Unknown, null, 0);

    /// <summary>Writes it into the first <see cref="Bytes"/> of <paramref name="destination"/>.</summary>
    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)Way;
        destination[1] = (byte)(((byte)Local << 4) | (byte)Remote);
        BinaryPrimitives.WriteUInt32BigEndian(destination[2..], RoundTrip is { } roundTrip ? Microseconds.Of(roundTrip) : uint.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(destination[6..], QueuedBytes);
    }

    /// <summary>Reads it; words of a newer version are <c>Unknown</c>.</summary>
    public static LinkGauge Read(ReadOnlySpan<byte> source)
    {
        var (way, local, remote) = ((LinkWay)source[0], (CandidateType)(source[1] >> 4), (CandidateType)(source[1] & 0xF));
        var roundTrip = BinaryPrimitives.ReadUInt32BigEndian(source[2..]);
        return new(
            way <= LinkWay.Hub ? way : LinkWay.Unknown,
            local <= CandidateType.Relayed ? local : CandidateType.Unknown,
            remote <= CandidateType.Relayed ? remote : CandidateType.Unknown,
            roundTrip == uint.MaxValue ? null : TimeSpan.FromMicroseconds(roundTrip),
            BinaryPrimitives.ReadUInt32BigEndian(source[6..]));
    }
}

/// <summary>What one hop says of passing a <see cref="TraceRoute"/> or a <see cref="TracedRoute"/> on.</summary>
/// <remarks>
/// <code>
/// | hop 6 | next 6 | decision 1 | flags 1 (1: rerouted) | held 4, µs | gauge of the link to next 10 |
/// </code>
/// <para>No clocks are compared: <see cref="Held"/> begins and ends at one hop, and so does a link's round trip. A hop's word for itself: nobody signs it.</para>
/// </remarks>
/// <param name="Hop">Who says it.</param>
/// <param name="Next">To whom it went from there; the hop itself where it ended.</param>
/// <param name="Decision">Why there.</param>
/// <param name="IsRerouted">An earlier try from this hop or one before was lost with its link.</param>
/// <param name="Held">From the arrival of its last bytes to its leaving; null: not measured.</param>
/// <param name="Link">The link to <paramref name="Next"/>.</param>
public readonly record struct HopRecord(RingId Hop, RingId Next, RouteDecision Decision, bool IsRerouted, TimeSpan? Held, LinkGauge Link)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Bytes = (2 * RingId.Bytes) + 1 + 1 + 4 + LinkGauge.Bytes;

    /// <summary>Records that a trail may have: one for each hop, in each direction.</summary>
    public const int MaxRecords = Message.HopBudget + 1;

    /// <summary>Writes it into the first <see cref="Bytes"/> of <paramref name="destination"/>.</summary>
    public void Write(Span<byte> destination)
    {
        PayloadFields.WriteTo(destination, Hop);
        PayloadFields.WriteTo(destination[RingId.Bytes..], Next);
        var rest = destination[(2 * RingId.Bytes)..];
        (rest[0], rest[1]) = ((byte)Decision, IsRerouted ? (byte)1 : (byte)0);
        BinaryPrimitives.WriteUInt32BigEndian(rest[2..], Held is { } held ? Microseconds.Of(held) : uint.MaxValue);
        Link.Write(rest[6..]);
    }

    /// <summary>Reads the records of a trail whose length was checked.</summary>
    public static HopRecord[] ReadAll(ReadOnlySpan<byte> trail)
    {
        var records = PayloadFields.NewList<HopRecord>(trail.Length / Bytes);
        for (var i = 0; i < records.Length; i++)
        {
            records[i] = Read(trail[(i * Bytes)..]);
        }

        return records;
    }

    private static HopRecord Read(ReadOnlySpan<byte> source)
    {
        var rest = source[(2 * RingId.Bytes)..];
        var decision = (RouteDecision)rest[0];
        var held = BinaryPrimitives.ReadUInt32BigEndian(rest[2..]);
        return new(
            PayloadFields.RingIdFrom(source[..RingId.Bytes]),
            PayloadFields.RingIdFrom(source.Slice(RingId.Bytes, RingId.Bytes)),
            decision <= RouteDecision.Drop ? decision : RouteDecision.Unknown,
            (rest[1] & 1) != 0,
            held == uint.MaxValue ? null : TimeSpan.FromMicroseconds(held),
            LinkGauge.Read(rest[6..]));
    }
}

/// <summary>Times on the wire: 32 bits of microseconds, an hour and more; longer ones are cut, negative ones are none.</summary>
internal static class Microseconds
{
    public static uint Of(TimeSpan time) => (uint)Math.Clamp(time.Ticks / TimeSpan.TicksPerMicrosecond, 0, uint.MaxValue - 1);
}
