using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Names;

/// <summary>What becomes of two entries of one name.</summary>
/// <param name="Winner">What is kept.</param>
/// <param name="Loser">The entry of another key that lost a dispute; null where there was none.</param>
/// <param name="NeedsEpoch">The winner's epoch must become one more than both, so that the loser's is fenced off.</param>
internal readonly record struct NameVerdict(NameEntry Winner, NameEntry? Loser, bool NeedsEpoch);

/// <summary>Who holds a name where two copies differ (mechanisms §8). A pure function: all who know both entries say the same.</summary>
/// <remarks>
/// <para>Of one key: the newer record, and the later tenancy. Of two keys: a tenancy that began after the other had ended, with a higher epoch, has succeeded it.
/// Else the network was split, and the earliest start of an unbroken tenancy wins; of two equal starts the smaller SHA-256(name ‖ key (‖ hub number)).</para>
/// </remarks>
internal static class NameDispute
{
    /// <summary>The verdict on two true entries of the same name.</summary>
    /// <param name="known">One.</param>
    /// <param name="other">The other.</param>
    /// <param name="unbrokenSince">A tenancy countersigned at this time (Unix milliseconds) or later is unbroken.</param>
    public static NameVerdict Judge(NameEntry known, NameEntry other, long unbrokenSince)
    {
        if (IsSameKey(known, other))
        {
            var record = IsNewer(other.Record, known.Record) ? other.Record : known.Record;
            var tenancy = IsLater(other.Tenancy, known.Tenancy) ? other.Tenancy : known.Tenancy;
            return new(ReferenceEquals(record, known.Record) && ReferenceEquals(tenancy, known.Tenancy) ? known : new(record, tenancy), null, false);
        }

        if (Succeeds(other, known))
        {
            return new(other, null, false);
        }

        if (Succeeds(known, other))
        {
            return new(known, null, false);
        }

        var winner = Wins(other, known, unbrokenSince) ? other : known;
        var loser = ReferenceEquals(winner, other) ? known : other;
        return new(winner, loser, winner.Tenancy.Epoch <= loser.Tenancy.Epoch);
    }

    public static bool IsSameKey(NameEntry one, NameEntry other) => IsSameKey(one.Record, other.Record);

    /// <summary>Whether both are one holder's: one key, and where that is a hub's for its pages, one hub. Which of its pages has the name is the hub's affair.</summary>
    public static bool IsSameKey(NameRecord one, NameRecord other) => HubOf(one) == HubOf(other) && one.Owner.PublicKey.SequenceEqual(other.Owner.PublicKey);

    /// <summary>Whether <paramref name="one"/> says more than <paramref name="other"/> of the same key.</summary>
    public static bool IsNewer(NameRecord one, NameRecord other) =>
        one.Instance != other.Instance ? one.Instance > other.Instance : one.Sequence > other.Sequence;

    /// <summary>A number that differs where anything that matters does; of no use against forgery, which signatures are for.</summary>
    public static ulong VersionOf(NameEntry entry)
    {
        var (record, tenancy) = (entry.Record, entry.Tenancy);
        var mix = BinaryPrimitives.ReadUInt64BigEndian(record.Owner.PublicKey);
        mix = record.Guest is { } guest ? Mix(mix, guest.Value) : mix;
        mix = Mix(mix, (ulong)record.Instance);
        mix = Mix(mix, (ulong)record.Sequence);
        mix = Mix(mix, (ulong)tenancy.Epoch);
        return Mix(mix, (ulong)tenancy.Since);
    }

    /// <summary>What an entry adds to the sum of a digest.</summary>
    public static ulong ShareOf(in NameMark shown) => Mix(shown.Mark, shown.Version);

    private static bool IsLater(NameTenancy one, NameTenancy other) => one.Epoch != other.Epoch ? one.Epoch > other.Epoch
        : one.Since != other.Since ? one.Since < other.Since
        : one.Through > other.Through;

    private static bool Succeeds(NameEntry later, NameEntry earlier) =>
        later.Tenancy.Epoch > earlier.Tenancy.Epoch && later.Tenancy.Since > earlier.Tenancy.Through;

    private static bool Wins(NameEntry one, NameEntry other, long unbrokenSince)
    {
        var (isUnbroken, isOtherUnbroken) = (IsUnbroken(one, unbrokenSince), IsUnbroken(other, unbrokenSince));
        if (isUnbroken != isOtherUnbroken)
        {
            return isUnbroken;
        }

        return one.Tenancy.Since != other.Tenancy.Since ? one.Tenancy.Since < other.Tenancy.Since : TieOf(one.Record).SequenceCompareTo(TieOf(other.Record)) < 0;
    }

    private static bool IsUnbroken(NameEntry entry, long since) => entry.Record.ExpiresAt != 0 && entry.Tenancy.Through >= since;

    private static ReadOnlySpan<byte> TieOf(NameRecord record)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(record.Name.Length) + record.Owner.PublicKey.Length + 1];
        var length = Encoding.UTF8.GetBytes(record.Name, bytes);
        record.Owner.PublicKey.CopyTo(bytes.AsSpan(length));
        length += record.Owner.PublicKey.Length;
        if (HubOf(record) is var hub and >= 0)
        {
            bytes[length++] = (byte)hub;
        }

        return SHA256.HashData(bytes.AsSpan(0, length));
    }

    private static int HubOf(NameRecord record) => record.Guest is { } guest ? GuestIds.HubOf(guest) : -1;

    private static ulong Mix(ulong one, ulong other)
    {
        var z = (one ^ (other + 0x9E3779B97F4A7C15UL + (one << 6) + (one >> 2))) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
