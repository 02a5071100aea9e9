using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The envelope of a message as a hop needs it: read from bytes, changed in a few places, written again before the same body. No allocation.</summary>
/// <remarks>
/// <code>
/// [ver, kind, flags, hopsLeft, srcId, srcVia, dstId, dstVia, messageId, hopContext, body (, route (, trail))]
///   1    1     1       1        8     1 | 8    8     1 | 8   1 … 9       1 | 27     n      1 + 8 × hops, 3 + 28 × hops   bytes each
/// </code>
/// <para>Written are exactly 11 elements, 12 with a route, 13 with a trail; elements that a newer version appended do not survive a hop of this version.</para>
/// </remarks>
public struct EnvelopeHeader
{
    /// <summary>Bytes before the body at the most.</summary>
    public const int MaxBytes = 1 + 1 + 2 + 2 + 2 + (4 * IdBytes) + 9 + 2 + TraceContext.Bytes;

    private const int Elements = 11;
    private const int MaxElements = 32;
    private const int IdBytes = 2 + RingId.Bytes;

    private int _routeAt;
    private int _trailAt;
    private int _trailBytes;

    public MessageKind Kind { get; set; }

    public MessageFlags Flags { get; set; }

    public byte HopsLeft { get; set; }

    public bool HasSourceVia { get; set; }

    public bool HasDestinationVia { get; set; }

    public RingId Source { get; set; }

    public RingId SourceVia { get; set; }

    public RingId Destination { get; set; }

    public RingId DestinationVia { get; set; }

    public ulong MessageId { get; set; }

    public TraceContext HopContext { get; set; }

    /// <summary>Where the body begins in the bytes that were read.</summary>
    public int BodyAt { get; private set; }

    /// <summary>Bytes of the body.</summary>
    public int BodyBytes { get; private set; }

    /// <summary>Ids in the route.</summary>
    public int RouteCount { get; private set; }

    /// <summary>Whether a route is recorded.</summary>
    public readonly bool HasRoute => (Flags & MessageFlags.RecordRoute) != 0;

    /// <summary>Whether hops say what they did with it: <see cref="Message.HasTrail"/>.</summary>
    public readonly bool HasTrail => HasRoute && (Kind is MessageKind.TraceRoute or MessageKind.TracedRoute);

    /// <summary>Where routing takes it: the anchor if there is one, else the destination.</summary>
    public readonly RingId Target => HasDestinationVia ? DestinationVia : Destination;

    /// <summary>Whether it must reach exactly one node (an anchor always is exact).</summary>
    public readonly bool IsExact => HasDestinationVia || (Flags & MessageFlags.Responsible) == 0;

    /// <summary>The header of <paramref name="message"/>; it knows of no body.</summary>
    public static EnvelopeHeader Of(in Message message) => new()
    {
        Kind = message.Kind,
        Flags = message.Flags,
        HopsLeft = message.HopsLeft,
        HasSourceVia = message.HasSourceVia,
        HasDestinationVia = message.HasDestinationVia,
        Source = message.Source,
        SourceVia = message.SourceVia,
        Destination = message.Destination,
        DestinationVia = message.DestinationVia,
        MessageId = message.MessageId,
        HopContext = message.HopContext,
    };

    /// <summary>Reads the envelope of one whole message. The body is looked through for its end and its form, not understood.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out EnvelopeHeader header)
    {
        header = default;
        if (message.Length > Message.MaxBytes)
        {
            return false;
        }

        var reader = new MessagePackReader(message);
        reader.BeginArray(MaxElements);
        if (reader.ReadByte() != Message.Version)
        {
            return false;
        }

        header.Kind = (MessageKind)reader.ReadByte();
        header.Flags = (MessageFlags)reader.ReadByte();
        header.HopsLeft = reader.ReadByte();
        header.Source = reader.ReadRingId();
        header.HasSourceVia = reader.TryReadOptionalRingId(out var sourceVia);
        header.SourceVia = sourceVia;
        header.Destination = reader.ReadRingId();
        header.HasDestinationVia = reader.TryReadOptionalRingId(out var destinationVia);
        header.DestinationVia = destinationVia;
        header.MessageId = reader.ReadUInt64();
        header.HopContext = reader.ReadTraceContext();
        header.BodyAt = reader.Position;
        header.BodyBytes = reader.Next == MessagePackType.Array ? reader.ReadRaw().Length : 0;
        if (header.HasRoute)
        {
            header.ReadRoute(ref reader);
        }

        if (header.HasTrail && reader.ElementsLeft > 0)
        {
            header._trailBytes = InspectionMessagesCodec.ReadTrail(ref reader).Length;
            header._trailAt = reader.Position - header._trailBytes;
        }

        reader.EndArray();
        return reader.IsComplete && header.BodyBytes > 0 && header.HopsLeft <= Message.HopBudget;
    }

    /// <summary>The ids of the route in the bytes that were read.</summary>
    public readonly RingId[] RouteOf(ReadOnlySpan<byte> message)
    {
        var route = RouteCount == 0 ? [] : new RingId[RouteCount];
        for (var i = 0; i < route.Length; i++)
        {
            route[i] = PayloadFields.RingIdFrom(message.Slice(_routeAt + (i * IdBytes) + 2, RingId.Bytes));
        }

        return route;
    }

    /// <summary>The hops' records in the bytes that were read.</summary>
    public readonly HopRecord[] TrailOf(ReadOnlySpan<byte> message) => HopRecord.ReadAll(message.Slice(_trailAt, _trailBytes));

    /// <summary>Writes this header, then the body (and route, and trail as it is) of <paramref name="message"/>, from which it was read.</summary>
    /// <param name="message">The bytes that were read.</param>
    /// <param name="passedBy">The hop's own id, appended to the route where one is recorded.</param>
    /// <param name="destination">At least <see cref="MaxBytes"/> + 1 + <see cref="IdBytes"/> longer than the body, route and trail.</param>
    /// <returns>Bytes written; 0 where they did not fit.</returns>
    public readonly int Forward(ReadOnlySpan<byte> message, RingId passedBy, Span<byte> destination)
    {
        var writer = new MessagePackWriter(destination);
        Write(ref writer);
        writer.WriteRaw(message.Slice(BodyAt, BodyBytes));
        if (HasRoute)
        {
            var isRoom = RouteCount < Message.HopBudget;
            writer.BeginArray(RouteCount + (isRoom ? 1 : 0));
            writer.WriteRaw(message.Slice(_routeAt, RouteCount * IdBytes));
            if (isRoom)
            {
                writer.Write(passedBy);
            }
        }

        if (HasTrail)
        {
            writer.Write(message.Slice(_trailAt, _trailBytes));
        }

        return writer.Failed ? 0 : writer.Position;
    }

    /// <summary>Writes everything before the body.</summary>
    internal readonly void Write(ref MessagePackWriter writer)
    {
        writer.BeginArray(Elements + (HasRoute ? 1 : 0) + (HasTrail ? 1 : 0));
        writer.Write(Message.Version);
        writer.Write((byte)Kind);
        writer.Write((byte)Flags);
        writer.Write(HopsLeft);
        writer.Write(Source);
        writer.WriteOptional(HasSourceVia, SourceVia);
        writer.Write(Destination);
        writer.WriteOptional(HasDestinationVia, DestinationVia);
        writer.Write(MessageId);
        writer.Write(HopContext);
    }

    /// <summary>Finds the route's ids, all of them in the one form that is ever written, so that a hop can copy them as they are.</summary>
    private void ReadRoute(ref MessagePackReader reader)
    {
        RouteCount = reader.BeginArray(Message.HopBudget);
        _routeAt = reader.Position;
        for (var i = 0; i < RouteCount; i++)
        {
            reader.ReadRingId();
        }

        if (reader.Position - _routeAt != RouteCount * IdBytes)
        {
            reader.Fail();
        }

        reader.EndArray();
    }
}
