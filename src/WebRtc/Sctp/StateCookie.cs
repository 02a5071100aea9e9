using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Overlay.WebRtc.Sctp;

/// <summary>Everything needed to establish an association, handed to the peer and back instead of being kept (RFC 9260 §5.1.3).</summary>
/// <remarks>
/// Nobody but us reads it, so the layout is ours. An HMAC under a secret of this host proves that it is our own and unchanged.
/// <code>
/// | local tag 4 | peer tag 4 | local initial TSN 4 | peer initial TSN 4 | peer a_rwnd 4 |
/// | outbound 2  | inbound 2  | flags 4 | local tie tag 4 | peer tie tag 4 | made at 8 | HMAC-SHA256 32 |
/// </code></remarks>
internal readonly record struct StateCookie
{
    public const int Length = BodyLength + MacLength;
    public const int KeyLength = 32;
    private const int BodyLength = 48;
    private const int MacLength = 32;
    private const uint ForwardTsnFlag = 1;
    private const uint ReconfigFlag = 2;

    public required uint LocalTag { get; init; }

    public required uint PeerTag { get; init; }

    public required Tsn LocalInitialTsn { get; init; }

    public required PeerParameters Peer { get; init; }

    /// <summary>The tags of an association that existed when the cookie was made; both zero if there was none (§5.2.2).</summary>
    public uint LocalTieTag { get; init; }

    public uint PeerTieTag { get; init; }

    public required Instant MadeAt { get; init; }

    /// <summary>Reads a cookie and checks that this host made it. Its age is for the caller to judge.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> key, out StateCookie cookie)
    {
        cookie = default;
        if (bytes.Length != Length)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[MacLength];
        HMACSHA256.HashData(key, bytes[..BodyLength], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[BodyLength..]))
        {
            return false;
        }

        var flags = BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]);
        cookie = new StateCookie
        {
            LocalTag = BinaryPrimitives.ReadUInt32BigEndian(bytes),
            PeerTag = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            LocalInitialTsn = new Tsn(BinaryPrimitives.ReadUInt32BigEndian(bytes[8..])),
            Peer = new PeerParameters(
                new Tsn(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])),
                BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]),
                BinaryPrimitives.ReadUInt16BigEndian(bytes[20..]),
                BinaryPrimitives.ReadUInt16BigEndian(bytes[22..]),
                (flags & ForwardTsnFlag) != 0,
                (flags & ReconfigFlag) != 0),
            LocalTieTag = BinaryPrimitives.ReadUInt32BigEndian(bytes[28..]),
            PeerTieTag = BinaryPrimitives.ReadUInt32BigEndian(bytes[32..]),
            MadeAt = new Instant(BinaryPrimitives.ReadInt64BigEndian(bytes[36..])),
        };
        return true;
    }

    public void Write(Span<byte> bytes, ReadOnlySpan<byte> key)
    {
        bytes[..Length].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(bytes, LocalTag);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], PeerTag);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], LocalInitialTsn.Value);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], Peer.InitialTsn.Value);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], Peer.ReceiverWindow);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[20..], Peer.OutboundStreams);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[22..], Peer.InboundStreams);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[24..], (Peer.ForwardTsn ? ForwardTsnFlag : 0) | (Peer.Reconfig ? ReconfigFlag : 0));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[28..], LocalTieTag);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[32..], PeerTieTag);
        BinaryPrimitives.WriteInt64BigEndian(bytes[36..], MadeAt.Ticks);
        HMACSHA256.HashData(key, bytes[..BodyLength], bytes[BodyLength..Length]);
    }
}

/// <summary>What the peer's INIT or INIT ACK said of it.</summary>
/// <param name="InitialTsn">The TSN of its first DATA chunk, and the number of its first re-configuration request.</param>
/// <param name="ReceiverWindow">Bytes of payload it takes in at the start.</param>
/// <param name="OutboundStreams">Streams it wants to send on.</param>
/// <param name="InboundStreams">Streams it is ready to receive on.</param>
/// <param name="ForwardTsn">Whether it supports partial reliability.</param>
/// <param name="Reconfig">Whether it supports stream reset.</param>
internal readonly record struct PeerParameters(
    Tsn InitialTsn, uint ReceiverWindow, ushort OutboundStreams, ushort InboundStreams, bool ForwardTsn, bool Reconfig)
{
    public static PeerParameters From(in Chunks.InitChunk init) => new(
        init.InitialTsn, init.ReceiverWindow, init.OutboundStreams, init.InboundStreams, init.ForwardTsnSupported, init.ReconfigSupported);
}
