using Overlay.Ring;

namespace Overlay.Messages;

/// <summary>One message with its envelope: what every hop reads, and the body that only the destination opens.</summary>
/// <remarks>
/// <para>Wire (MessagePack array):
/// <c>[ver, kind, flags, hopsLeft, srcId, srcVia, dstId, dstVia, messageId, hopContext, body (, route)]</c>. Ids are bin 6, vias bin 6 or nil,
/// hopContext bin 25 or nil; <c>route</c>, an array of ids, is there exactly when <see cref="MessageFlags.RecordRoute"/> is set.</para>
/// <para>Vias, flags <c>Final</c> and <c>Rerouted</c>, hopsLeft, hopContext and route are the hops'; all else is covered by the body's signature.</para>
/// </remarks>
public readonly record struct Message
{
    /// <summary>The version of the wire format spoken here.</summary>
    public const byte Version = 1;

    /// <summary>The largest encoded message: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Links a message may cross.</summary>
    public const byte HopBudget = 64;

    public MessageKind Kind { get; init; }

    public MessageFlags Flags { get; init; }

    /// <summary>Links that may still be crossed.</summary>
    public byte HopsLeft { get; init; }

    /// <summary>Whether <see cref="SourceVia"/> is meaningful.</summary>
    public bool HasSourceVia { get; init; }

    /// <summary>Whether <see cref="DestinationVia"/> is meaningful.</summary>
    public bool HasDestinationVia { get; init; }

    public RingId Source { get; init; }

    /// <summary>The anchor of a source that is not a member: the member through which it is reached.</summary>
    public RingId SourceVia { get; init; }

    public RingId Destination { get; init; }

    /// <summary>The anchor of a destination that is not a member.</summary>
    public RingId DestinationVia { get; init; }

    /// <summary>Unique for (source, instance).</summary>
    public ulong MessageId { get; init; }

    /// <summary>The trace context of the last hop; rewritten by each.</summary>
    public TraceContext HopContext { get; init; }

    /// <summary>The body: a <see cref="SignedBody"/> where it was made or opened, an <see cref="EncodedBody"/> where it only passes through.</summary>
    public MessageBody? Body { get; init; }

    /// <summary>The ids of the hops so far, where the route is recorded; bounded by <see cref="HopBudget"/>.</summary>
    public RingId[]? Route { get; init; }

    /// <summary>Whether <paramref name="flag"/> is set.</summary>
    public bool Has(MessageFlags flag) => (Flags & flag) != 0;

    /// <summary>Where routing takes it: the anchor if there is one, else the destination.</summary>
    public RingId Target => HasDestinationVia ? DestinationVia : Destination;

    /// <summary>Whether it must reach exactly one node (an anchor always is exact).</summary>
    public bool IsExact => HasDestinationVia || !Has(MessageFlags.Responsible);
}
