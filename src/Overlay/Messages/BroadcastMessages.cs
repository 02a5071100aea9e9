using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

//   origin → BroadcastData(limit) → each child → BroadcastData(limit) → its children …;   each → BroadcastDone → whoever it came from, when its own children are done
//   parent → BroadcastAsk → child, where that is late;   child → BroadcastDone(Busy) → parent

/// <summary>One broadcast, by whom and which.</summary>
/// <param name="Origin">Who sent it.</param>
/// <param name="Instance">The origin's instance.</param>
/// <param name="Number">The origin's own count.</param>
public readonly record struct BroadcastKey(RingId Origin, long Instance, ulong Number);

/// <summary>For all members: <c>[origin's certificate, instance, number, expiry, signature, depth, limit, bytes]</c>.</summary>
/// <param name="Origin">Its certificate: the message proves itself at every hop.</param>
/// <param name="Instance">The origin's instance.</param>
/// <param name="Number">The origin's own count.</param>
/// <param name="ExpiresAt">Unix milliseconds.</param>
/// <param name="Signature">By the origin, over instance, number, expiry and bytes.</param>
/// <param name="Depth">Hops from the origin, 1 for its own children. The hops'.</param>
/// <param name="Limit">Whoever gets it passes it on to the members between itself and here. The hops'.</param>
/// <param name="Bytes">The application's.</param>
public sealed record BroadcastData(
    NodeCertificate Origin, long Instance, ulong Number, long ExpiresAt, ReadOnlyMemory<byte> Signature, byte Depth, RingId Limit, ReadOnlyMemory<byte> Bytes) : Payload
{
    /// <summary>Application bytes of one broadcast: what <see cref="Message.MaxBytes"/> leaves after envelopes, certificate and signatures.</summary>
    public const int MaxDataBytes = Message.MaxBytes - 1024;

    /// <summary>Hops from the origin at the most.</summary>
    public const byte MaxDepth = 255;

    public override MessageKind Kind => MessageKind.Broadcast;

    /// <summary>Which broadcast it is.</summary>
    public BroadcastKey Key => new(Origin.Id, Instance, Number);

    internal override int Measure() => WireLengths.One + WireLengths.Of(Origin) + WireLengths.Of(Instance) + WireLengths.Of(Number) + WireLengths.Of(ExpiresAt)
        + WireLengths.Binary(Signature.Length) + WireLengths.Of(Depth) + WireLengths.Id + WireLengths.Binary(Bytes.Length);
}

/// <summary><c>[origin, instance, number, limit, outcome, reached]</c>: how far a part has come.</summary>
/// <param name="Key">The broadcast.</param>
/// <param name="Limit">The limit that it was given.</param>
/// <param name="Outcome">Done: all of the part have it. Busy: not yet. Unreachable: never heard of it. Refused: it is not passed on (quota, expired, untrue).</param>
/// <param name="Reached">Members of the part that have it, as far as is known.</param>
public sealed record BroadcastDone(BroadcastKey Key, RingId Limit, Outcome Outcome, int Reached) : Payload
{
    public override MessageKind Kind => MessageKind.BroadcastDone;

    internal override int Measure() => WireLengths.One + WireLengths.Id + WireLengths.Of(Key.Instance) + WireLengths.Of(Key.Number) + WireLengths.Id
        + WireLengths.One + WireLengths.Of((long)Reached);
}

/// <summary><c>[origin, instance, number, limit]</c>: how far is that?</summary>
public sealed record BroadcastAsk(BroadcastKey Key, RingId Limit) : Payload
{
    public override MessageKind Kind => MessageKind.BroadcastAsk;
}
