using System.Buffers.Binary;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Channels;

/// <summary>How urgent a relayed datagram is; less urgent ones wait for more urgent ones at every hop.</summary>
public enum RelayClass : byte
{
    /// <summary>Hand-shakes.</summary>
    Signalling,

    /// <summary>Of a connection that has little to send.</summary>
    Interactive,

    /// <summary>Of a connection that sends as much as the path carries.</summary>
    Bulk,

    /// <summary>Of a link whose ends cannot reach each other: as urgent as hand-shakes, passed on once, and only over a direct link. The connection is named by the receiver's ICE user fragment.</summary>
    Link,
}

/// <summary>What stands before each datagram of a connection that goes over the overlay, on the <c>relay</c> channels of the hops.</summary>
/// <remarks>
/// <code>
///  0         1         2          3          4                 10                16                      24
/// | version | class   | phase    | hopsLeft | destination 48 b | source 48 bits  | connection 64 bits    | datagram …
/// </code>
/// Nothing of it is signed: who alters it can lose the datagram, as every hop can, and the datagram itself is DTLS.
/// </remarks>
/// <param name="Class">Its urgency.</param>
/// <param name="Phase">The phase of routing: among <see cref="MessageFlags.Final"/> and <see cref="MessageFlags.Around"/>.</param>
/// <param name="HopsLeft">Links it may still cross.</param>
/// <param name="Destination">The receiving end of the connection.</param>
/// <param name="Source">The sending end, as it says.</param>
/// <param name="Connection">The connection among those of the two.</param>
public readonly record struct RelayHeader(RelayClass Class, MessageFlags Phase, byte HopsLeft, RingId Destination, RingId Source, ulong Connection)
{
    /// <summary>Bytes of the header.</summary>
    public const int Length = 24;

    private const byte Version = 1;
    private const MessageFlags Phases = MessageFlags.Final | MessageFlags.Around;

    /// <summary>The name of a link in <see cref="Connection"/>: the first 8 characters of the ICE user fragment of the end it goes to.</summary>
    public static ulong NameOf(string ufrag)
    {
        ArgumentNullException.ThrowIfNull(ufrag);
        var name = 0UL;
        for (var i = 0; i < 8; i++)
        {
            name = (name << 8) | (i < ufrag.Length ? (byte)ufrag[i] : (byte)0);
        }

        return name;
    }

    /// <summary>Writes the header into the first <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> frame)
    {
        frame[0] = Version;
        frame[1] = (byte)Class;
        frame[2] = (byte)Phase;
        frame[3] = HopsLeft;
        BinaryPrimitives.WriteUInt64BigEndian(frame[4..], (Destination.Value << 16) | (Source.Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(frame[12..], (uint)Source.Value);
        BinaryPrimitives.WriteUInt64BigEndian(frame[16..], Connection);
    }

    /// <summary>Reads what a neighbour sent. False for another version, an unknown class or phase, or nothing behind the header.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out RelayHeader header)
    {
        header = default;
        if (frame.Length <= Length || frame[0] != Version || frame[1] > (byte)RelayClass.Link || ((MessageFlags)frame[2] & ~Phases) != 0)
        {
            return false;
        }

        var first = BinaryPrimitives.ReadUInt64BigEndian(frame[4..]);
        var source = ((first & 0xFFFF) << 32) | BinaryPrimitives.ReadUInt32BigEndian(frame[12..]);
        header = new(
            (RelayClass)frame[1],
            (MessageFlags)frame[2],
            frame[3],
            RingId.From(first >> 16),
            RingId.From(source),
            BinaryPrimitives.ReadUInt64BigEndian(frame[16..]));
        return true;
    }
}

/// <summary>Where a relayed datagram goes from a member.</summary>
public enum RelayStep : byte
{
    /// <summary>It ends here: no link leads nearer, its hops are used up, or this node is no member.</summary>
    Drop,

    /// <summary>It is this node's.</summary>
    Deliver,

    /// <summary>Over the link named, with the header as it was rewritten.</summary>
    Forward,
}
