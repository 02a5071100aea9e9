using System.Buffers.Binary;
using System.Text;
using Overlay.Identity;

namespace Overlay.Messages;

/// <summary>The keeper's countersignature of a tenancy: whose the name is, since when, and until when that is known.</summary>
/// <remarks>
/// <code>
/// signed:      | "overlay tenant1" | epoch 8 | since 8 | through 8 | owner's key 64 | name n |
/// of a guest:  | "overlay tenant2" | epoch 8 | since 8 | through 8 | owner's key 64 | hub number 1 | name n |
/// </code>
/// The hubs of a network share one key: each is a tenant of its own.
/// </remarks>
public static class NameTenancySecurity
{
    private const int HeadBytes = 15 + 8 + 8 + 8 + ISigning.PublicKeyBytes;

    // Names in hand-made records may hold any character; three bytes of UTF-8 are the most that one UTF-16 unit takes.
    private const int MaxSignedBytes = HeadBytes + 1 + (3 * NameRecord.MaxNameLength);

    private static ReadOnlySpan<byte> Label => "overlay tenant1"u8;

    private static ReadOnlySpan<byte> GuestLabel => "overlay tenant2"u8;

    /// <summary>Countersigns, with the keeper's own key, that the owner of <paramref name="record"/> holds its name.</summary>
    public static NameTenancy Sign(ISigning signing, NameRecord record, NodeCertificate keeper, long epoch, long since, long through)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(keeper);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Name.Length, NameRecord.MaxNameLength);
        var signature = new byte[ISigning.SignatureBytes];
        var tenancy = new NameTenancy(epoch, since, through, keeper, signature);
        Span<byte> signed = stackalloc byte[MaxSignedBytes];
        signing.Sign(signed[..Write(record, tenancy, signed)], signature);
        return tenancy;
    }

    /// <summary>Whether the holder of the tenancy's certificate signed it for this name and owner. Both certificates are judged apart.</summary>
    public static bool Verify(ISigning signing, NameEntry entry)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Record.Name.Length > NameRecord.MaxNameLength || entry.Tenancy.Signature.Length != ISigning.SignatureBytes)
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[MaxSignedBytes];
        return signing.Verify(entry.Tenancy.Keeper.PublicKey, signed[..Write(entry.Record, entry.Tenancy, signed)], entry.Tenancy.Signature.Span);
    }

    private static int Write(NameRecord record, NameTenancy tenancy, Span<byte> destination)
    {
        (record.Guest is null ? Label : GuestLabel).CopyTo(destination);
        var rest = destination[Label.Length..];
        BinaryPrimitives.WriteInt64BigEndian(rest, tenancy.Epoch);
        BinaryPrimitives.WriteInt64BigEndian(rest[8..], tenancy.Since);
        BinaryPrimitives.WriteInt64BigEndian(rest[16..], tenancy.Through);
        record.Owner.PublicKey.CopyTo(rest[24..]);
        var head = HeadBytes;
        if (record.Guest is { } guest)
        {
            destination[head++] = GuestIds.HubOf(guest);
        }

        return head + Encoding.UTF8.GetBytes(record.Name, destination[head..]);
    }
}
