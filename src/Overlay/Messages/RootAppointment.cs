using System.Buffers.Binary;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

/// <summary>What a hub says of a node: it is the root of my network's tree from this epoch on.</summary>
/// <remarks>
/// <para>Fixed binary form of 83 bytes, big-endian:</para>
/// <code>
/// | version 1 | audience 8 | root 6 | epoch 4 | signature 64 |
/// </code>
/// <para>The signature is the hub's over a label and all before it. Of two roots of one network the one of the later epoch stays. What becomes of the root's place when it dies, and
/// the hub is not there, is a <see cref="RootWarrant"/>'s to say.</para>
/// <para>Immutable; says nothing of its truth until <see cref="IsValid"/> was asked.</para>
/// </remarks>
public sealed class RootAppointment
{
    /// <summary>The format's version.</summary>
    public const byte FormatVersion = 1;

    /// <summary>Bytes of the encoded form.</summary>
    public const int EncodedBytes = SignedBytes + ISigning.SignatureBytes;

    private const int AudienceAt = 1;
    private const int RootAt = AudienceAt + NetworkId.Bytes;
    private const int EpochAt = RootAt + RingId.Bytes;
    private const int SignedBytes = EpochAt + 4;

    private readonly byte[] _bytes;

    private RootAppointment(byte[] bytes) => _bytes = bytes;

    private static ReadOnlySpan<byte> Label => "overlay root v1"u8;

    /// <summary>The network.</summary>
    public NetworkId Audience => new(BinaryPrimitives.ReadUInt64BigEndian(_bytes.AsSpan(AudienceAt)));

    /// <summary>The root.</summary>
    public RingId Root => PayloadFields.RingIdFrom(_bytes.AsSpan(RootAt));

    /// <summary>The epoch with which it begins; it may raise it.</summary>
    public uint Epoch => BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(EpochAt));

    /// <summary>The encoded form, 83 bytes.</summary>
    public ReadOnlySpan<byte> Encoded => _bytes;

    /// <summary>Signs an appointment with the hub's key.</summary>
    public static RootAppointment Issue(ISigning hub, RingId root, uint epoch)
    {
        ArgumentNullException.ThrowIfNull(hub);
        var bytes = new byte[EncodedBytes];
        bytes[0] = FormatVersion;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(AudienceAt), NodeCertificate.NetworkOf(hub.PublicKey).Value);
        PayloadFields.WriteTo(bytes.AsSpan(RootAt), root);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(EpochAt), epoch);
        Span<byte> signed = stackalloc byte[Label.Length + SignedBytes];
        WriteSigned(bytes, signed);
        hub.Sign(signed, bytes.AsSpan(SignedBytes));
        return new(bytes);
    }

    /// <summary>Reads an appointment's form; says nothing yet about its truth.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out RootAppointment appointment)
    {
        appointment = null!;
        if (encoded.Length != EncodedBytes || encoded[0] != FormatVersion)
        {
            return false;
        }

        appointment = new(encoded.ToArray());
        return true;
    }

    /// <summary>Whether the hub with this key signed it, for its own network.</summary>
    public bool IsValid(ISigning signing, ReadOnlySpan<byte> hubKey)
    {
        ArgumentNullException.ThrowIfNull(signing);
        if (hubKey.Length != ISigning.PublicKeyBytes || Audience != NodeCertificate.NetworkOf(hubKey))
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[Label.Length + SignedBytes];
        WriteSigned(_bytes, signed);
        return signing.Verify(hubKey, signed, _bytes.AsSpan(SignedBytes));
    }

    public override string ToString() => $"{Root} from epoch {Epoch}";

    private static void WriteSigned(ReadOnlySpan<byte> bytes, Span<byte> signed)
    {
        Label.CopyTo(signed);
        bytes[..SignedBytes].CopyTo(signed[Label.Length..]);
    }
}
