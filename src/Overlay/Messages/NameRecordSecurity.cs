using System.Buffers.Binary;
using System.Text;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

/// <summary>The owner's signature of a name record: it lets anybody keep and hand on a record, and nobody alter it.</summary>
/// <remarks>
/// <code>
/// signed:      | "overlay name v1" | certificate hash 16 | instance 8 | sequence 8 | expiry 8 | name n |
/// of a guest:  | "overlay name v2" | certificate hash 16 | instance 8 | sequence 8 | expiry 8 | guest 6 | name n |
/// </code>
/// </remarks>
public static class NameRecordSecurity
{
    private const int HeadBytes = 15 + CertificateHash.Bytes + 8 + 8 + 8;

    // Names in hand-made records may hold any character; three bytes of UTF-8 are the most that one UTF-16 unit takes.
    private const int MaxSignedBytes = HeadBytes + RingId.Bytes + (3 * NameRecord.MaxNameLength);

    private static ReadOnlySpan<byte> Label => "overlay name v1"u8;

    private static ReadOnlySpan<byte> GuestLabel => "overlay name v2"u8;

    /// <summary>A record of <paramref name="name"/> signed by the node's own key.</summary>
    public static NameRecord Sign(ISigning signing, string name, NodeCertificate owner, long instance, long sequence, long expiresAt, RingId? guest = null)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, NameRecord.MaxNameLength);
        var signature = new byte[ISigning.SignatureBytes];
        var record = new NameRecord(name, owner, instance, sequence, expiresAt, signature) { Guest = guest };
        Span<byte> signed = stackalloc byte[MaxSignedBytes];
        signing.Sign(signed[..Write(record, signed)], signature);
        return record;
    }

    /// <summary>Whether the holder of the record's certificate signed it. The certificate is judged apart.</summary>
    public static bool Verify(ISigning signing, NameRecord record)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(record);
        if (record.Name.Length > NameRecord.MaxNameLength || record.Signature.Length != ISigning.SignatureBytes)
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[MaxSignedBytes];
        return signing.Verify(record.Owner.PublicKey, signed[..Write(record, signed)], record.Signature.Span);
    }

    private static int Write(NameRecord record, Span<byte> destination)
    {
        (record.Guest is null ? Label : GuestLabel).CopyTo(destination);
        var rest = destination[Label.Length..];
        record.Owner.Hash.Write(rest);
        rest = rest[CertificateHash.Bytes..];
        BinaryPrimitives.WriteInt64BigEndian(rest, record.Instance);
        BinaryPrimitives.WriteInt64BigEndian(rest[8..], record.Sequence);
        BinaryPrimitives.WriteInt64BigEndian(rest[16..], record.ExpiresAt);
        var head = HeadBytes;
        if (record.Guest is { } guest)
        {
            PayloadFields.WriteTo(destination[head..], guest);
            head += RingId.Bytes;
        }

        return head + Encoding.UTF8.GetBytes(record.Name, destination[head..]);
    }
}
