using System.Buffers;
using System.Buffers.Binary;
using Overlay.Identity;

namespace Overlay.Messages;

/// <summary>The origin's signature of a broadcast: any member may pass it on, and none alter it.</summary>
/// <remarks>
/// <code>signed:  | "overlay cast v1" | certificate hash 16 | instance 8 | number 8 | expiry 8 | bytes n |</code>
/// <para>Depth and limit are the hops' and stand outside.</para>
/// </remarks>
public static class BroadcastSecurity
{
    private const int HeadBytes = 15 + CertificateHash.Bytes + 8 + 8 + 8;

    private static ReadOnlySpan<byte> Label => "overlay cast v1"u8;

    /// <summary>A broadcast of this node, signed with its own key.</summary>
    public static BroadcastData Sign(ISigning signing, NodeCertificate origin, long instance, ulong number, long expiresAt, ReadOnlyMemory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(origin);
        var signature = new byte[ISigning.SignatureBytes];
        var broadcast = new BroadcastData(origin, instance, number, expiresAt, signature, 0, origin.Id, bytes);
        var signed = Rent(broadcast, out var length);
        signing.Sign(signed.AsSpan(0, length), signature);
        ArrayPool<byte>.Shared.Return(signed);
        return broadcast;
    }

    /// <summary>Whether the holder of the carried certificate signed it. The certificate is judged apart.</summary>
    public static bool Verify(ISigning signing, BroadcastData broadcast)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(broadcast);
        if (broadcast.Signature.Length != ISigning.SignatureBytes)
        {
            return false;
        }

        var signed = Rent(broadcast, out var length);
        var isTrue = signing.Verify(broadcast.Origin.PublicKey, signed.AsSpan(0, length), broadcast.Signature.Span);
        ArrayPool<byte>.Shared.Return(signed);
        return isTrue;
    }

    private static byte[] Rent(BroadcastData broadcast, out int length)
    {
        length = HeadBytes + broadcast.Bytes.Length;
        var signed = ArrayPool<byte>.Shared.Rent(length);
        Label.CopyTo(signed);
        var rest = signed.AsSpan(Label.Length);
        broadcast.Origin.Hash.Write(rest);
        rest = rest[CertificateHash.Bytes..];
        BinaryPrimitives.WriteInt64BigEndian(rest, broadcast.Instance);
        BinaryPrimitives.WriteUInt64BigEndian(rest[8..], broadcast.Number);
        BinaryPrimitives.WriteInt64BigEndian(rest[16..], broadcast.ExpiresAt);
        broadcast.Bytes.Span.CopyTo(rest[24..]);
        return signed;
    }
}
