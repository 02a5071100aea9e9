using Overlay.Ring;

namespace Overlay.Messages;

/// <summary>One message with its envelope: what every hop reads, and the body that only the destination opens.</summary>
/// <remarks>
/// <para>Wire (MessagePack array):
/// <c>[ver, kind, flags, hopsLeft, srcId, srcVia, dstId, dstVia, messageId, hopContext, body (, route)]</c>. Ids are bin 6, vias bin 6 or nil,
/// hopContext bin 25 or nil; <c>route</c>, an array of ids, is there exactly when <see cref="MessageFlags.RecordRoute"/> is set.</para>
/// <para>A <see cref="TraceRoute"/> and a <see cref="TracedRoute"/> with a route have a 13th element, the <c>trail</c>: records of the hops, each a <see cref="HopRecord"/>, in one bin.</para>
/// <para>A value of 40 bytes, because every hop copies it several times: small fields lie in the 16 bits that ids leave free.</para>
/// <para>Vias, flags <c>Final</c> and <c>Rerouted</c>, hopsLeft, hopContext, route and trail are the hops'; all else is covered by the body's signature.</para>
/// </remarks>
public readonly record struct Message
{
    /// <summary>The version of the wire format spoken here.</summary>
    public const byte Version = 1;

    /// <summary>The largest encoded message: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Links a message may cross.</summary>
    public const byte HopBudget = 64;

    private const int KindAt = RingId.Bits;
    private const int FlagsAt = KindAt + 8;
    private const int HopsAt = RingId.Bits;
    private const ulong SourceViaBit = 1UL << 56;
    private const ulong DestinationViaBit = 1UL << 57;

    private readonly ulong _source; // id 48 | kind 8 | flags 8
    private readonly ulong _destination; // id 48 | hopsLeft 8 | which vias 8
    private readonly SeldomFields? _seldom;

    public MessageKind Kind
    {
        get => (MessageKind)(byte)(_source >> KindAt);
        init => _source = WithByte(_source, KindAt, (byte)value);
    }

    public MessageFlags Flags
    {
        get => (MessageFlags)(byte)(_source >> FlagsAt);
        init => _source = WithByte(_source, FlagsAt, (byte)value);
    }

    /// <summary>Links that may still be crossed.</summary>
    public byte HopsLeft
    {
        get => (byte)(_destination >> HopsAt);
        init => _destination = WithByte(_destination, HopsAt, value);
    }

    /// <summary>Whether <see cref="SourceVia"/> is meaningful.</summary>
    public bool HasSourceVia
    {
        get => (_destination & SourceViaBit) != 0;
        init => _destination = value ? _destination | SourceViaBit : _destination & ~SourceViaBit;
    }

    /// <summary>Whether <see cref="DestinationVia"/> is meaningful.</summary>
    public bool HasDestinationVia
    {
        get => (_destination & DestinationViaBit) != 0;
        init => _destination = value ? _destination | DestinationViaBit : _destination & ~DestinationViaBit;
    }

    public RingId Source
    {
        get => RingId.From(_source);
        init => _source = WithId(_source, value);
    }

    /// <summary>The anchor of a source that is not a member: the member through which it is reached.</summary>
    public RingId SourceVia
    {
        get => _seldom is null ? default : _seldom.SourceVia;
        init => _seldom = value == SourceVia ? _seldom : Seldom with { SourceVia = value };
    }

    public RingId Destination
    {
        get => RingId.From(_destination);
        init => _destination = WithId(_destination, value);
    }

    /// <summary>The anchor of a destination that is not a member.</summary>
    public RingId DestinationVia
    {
        get => _seldom is null ? default : _seldom.DestinationVia;
        init => _seldom = value == DestinationVia ? _seldom : Seldom with { DestinationVia = value };
    }

    /// <summary>Unique for (source, instance).</summary>
    public ulong MessageId { get; init; }

    /// <summary>The trace context of the last hop; rewritten by each.</summary>
    public TraceContext HopContext
    {
        get => _seldom is null ? default : _seldom.HopContext;
        init => _seldom = value == HopContext ? _seldom : Seldom with { HopContext = value };
    }

    /// <summary>The body: a <see cref="SignedBody"/> where it was made or opened, an <see cref="EncodedBody"/> where it only passes through.</summary>
    public MessageBody? Body { get; init; }

    /// <summary>The ids of the hops so far, where the route is recorded; bounded by <see cref="HopBudget"/>.</summary>
    public RingId[]? Route
    {
        get => _seldom?.Route;
        init => _seldom = value == Route ? _seldom : Seldom with { Route = value };
    }

    /// <summary>What the hops so far say of themselves, where <see cref="HasTrail"/>; bounded by <see cref="HopRecord.MaxRecords"/>.</summary>
    public HopRecord[]? Trail
    {
        get => _seldom?.Trail;
        init => _seldom = value == Trail ? _seldom : Seldom with { Trail = value };
    }

    /// <summary>Whether hops that answer diagnostics append what they have to say.</summary>
    public bool HasTrail => Kind is MessageKind.TraceRoute or MessageKind.TracedRoute && Has(MessageFlags.RecordRoute);

    /// <summary>What few messages have, to be written; the copies of a message share it until one of them changes it.</summary>
    private SeldomFields Seldom
    {
        get => _seldom ?? new();
        init => _seldom = value;
    }

    /// <summary>Whether <paramref name="flag"/> is set.</summary>
    public bool Has(MessageFlags flag) => (Flags & flag) != 0;

    /// <summary>Where routing takes it: the anchor if there is one, else the destination.</summary>
    public RingId Target => HasDestinationVia ? DestinationVia : Destination;

    /// <summary>Whether it must reach exactly one node (an anchor always is exact).</summary>
    public bool IsExact => HasDestinationVia || !Has(MessageFlags.Responsible);

    private static ulong WithId(ulong word, RingId id) => (word & ~(RingId.RingSize - 1)) | id.Value;

    private static ulong WithByte(ulong word, int at, byte value) => (word & ~(0xFFUL << at)) | ((ulong)value << at);

    /// <summary>A message as its envelope says; what few messages have lies in the body's memory, and is good as long as that.</summary>
    internal static Message Of(EnvelopeHeader header, EncodedBody body, RingId[]? route)
    {
        var message = new Message
        {
            Kind = header.Kind,
            Flags = header.Flags,
            HopsLeft = header.HopsLeft,
            HasSourceVia = header.HasSourceVia,
            HasDestinationVia = header.HasDestinationVia,
            Source = header.Source,
            Destination = header.Destination,
            MessageId = header.MessageId,
            Body = body,
        };
        if (header.HasSourceVia || header.HasDestinationVia || !header.HopContext.IsNone || route is not null)
        {
            var seldom = body.Seldom ??= new SeldomFields();
            (seldom.SourceVia, seldom.DestinationVia, seldom.HopContext, seldom.Route, seldom.Trail) = (header.SourceVia, header.DestinationVia, header.HopContext, route, null);
            return message with { Seldom = seldom };
        }

        return message;
    }

    /// <summary>The same message with memory of its own for what few messages have.</summary>
    internal Message Detached() => _seldom is null ? this : this with { Seldom = _seldom with { } };
}

/// <summary>What few messages have, shared by all copies of one that does: it changes at a few hops only.</summary>
internal sealed record SeldomFields
{
    public RingId SourceVia { get; set; }

    public RingId DestinationVia { get; set; }

    public TraceContext HopContext { get; set; }

    public RingId[]? Route { get; set; }

    public HopRecord[]? Trail { get; set; }
}
