using System.Buffers.Binary;
using System.Text;

namespace Overlay.Identity;

/// <summary>Where a hub of the network can be dialled: said by the hub itself, or by a member that a hub lets introduce and that reached it there.</summary>
/// <remarks>
/// <para>Binary form, big-endian, times in Unix seconds; version 2 is a delegate's word, with what a hub granted to it:</para>
/// <code>
/// | version 1 | audience 8 | hub number 1 | issuedAt 8 | length 2 | address n | signature 64 | (delegation 161) |
/// </code>
/// <para>The signature is over a label and all before it. Handed from member to member, so that a hub that comes back is called also by those who never saw it
/// (mechanisms §4). A false word of a delegate costs whoever believes it a call that leads nowhere: a hub proves its key as ever.</para>
/// <para>Immutable; says nothing of its truth until <see cref="IsValid"/> was asked.</para>
/// </remarks>
public sealed class HubPlace : IEquatable<HubPlace>
{
    /// <summary>Characters of an address at the most; all of them are printable ASCII.</summary>
    public const int MaxAddressLength = 256;

    /// <summary>Bytes of the longest encoded form.</summary>
    public const int MaxEncodedBytes = AddressAt + MaxAddressLength + ISigning.SignatureBytes + Delegation.EncodedBytes;

    private const byte VersionOfHub = 1;
    private const byte VersionOfDelegate = 2;
    private const int AudienceAt = 1;
    private const int NumberAt = AudienceAt + NetworkId.Bytes;
    private const int IssuedAtAt = NumberAt + 1;
    private const int LengthAt = IssuedAtAt + 8;
    private const int AddressAt = LengthAt + 2;
    private const long ClockToleranceSeconds = 300;
    private const long SecondsOfAnHour = 3600;
    private const long SecondsOfADay = 24 * SecondsOfAnHour;

    private readonly byte[] _bytes;

    private HubPlace(byte[] bytes, string address, Delegation? delegation) => (_bytes, Address, Delegation) = (bytes, address, delegation);

    private static ReadOnlySpan<byte> Label => "overlay hub place v1"u8;

    /// <summary>The hub's number among the hubs of its network, 0 … 255.</summary>
    public int Number => _bytes[NumberAt];

    /// <summary>What to dial, as <c>ws://…</c>.</summary>
    public string Address { get; }

    /// <summary>When it was said, in Unix seconds: of two words of equal weight the later one counts.</summary>
    public long IssuedAt => BinaryPrimitives.ReadInt64BigEndian(_bytes.AsSpan(IssuedAtAt));

    /// <summary>With what right a member says it; null where the hub itself does.</summary>
    public Delegation? Delegation { get; }

    /// <summary>The encoded form.</summary>
    public ReadOnlySpan<byte> Encoded => _bytes;

    private NetworkId Audience => new(BinaryPrimitives.ReadUInt64BigEndian(_bytes.AsSpan(AudienceAt)));

    private int SignedBytes => AddressAt + Address.Length;

    /// <summary>Signs with the key of the hub itself (<paramref name="delegation"/> null), or with that of a delegate.</summary>
    /// <param name="signing">The hub's, or the delegate's, signing port.</param>
    /// <param name="hubKey">The network's key, 64 bytes.</param>
    /// <param name="number">The hub's number, 0 … 255.</param>
    /// <param name="address">What to dial; see <see cref="IsAddress"/>.</param>
    /// <param name="issuedAt">Now, in Unix seconds.</param>
    /// <param name="delegation">What the hub granted to the delegate.</param>
    /// <exception cref="ArgumentException">The address or the number is none.</exception>
    public static HubPlace Issue(ISigning signing, ReadOnlySpan<byte> hubKey, int number, string address, long issuedAt, Delegation? delegation = null)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, byte.MaxValue);
        if (!IsAddress(address))
        {
            throw new ArgumentException($"'{address}' is no address of a hub.", nameof(address));
        }

        var signedBytes = AddressAt + address.Length;
        var bytes = new byte[signedBytes + ISigning.SignatureBytes + (delegation is null ? 0 : Delegation.EncodedBytes)];
        bytes[0] = delegation is null ? VersionOfHub : VersionOfDelegate;
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(AudienceAt), NodeCertificate.NetworkOf(hubKey).Value);
        bytes[NumberAt] = (byte)number;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(IssuedAtAt), issuedAt);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(LengthAt), (ushort)address.Length);
        Encoding.ASCII.GetBytes(address, bytes.AsSpan(AddressAt));
        signing.Sign(Signed(bytes.AsSpan(0, signedBytes)), bytes.AsSpan(signedBytes, ISigning.SignatureBytes));
        delegation?.Encoded.CopyTo(bytes.AsSpan(signedBytes + ISigning.SignatureBytes));
        return new(bytes, address, delegation);
    }

    /// <summary>Whether a text can be an address here: printable ASCII without blanks, 1 … <see cref="MaxAddressLength"/> characters, of a WebSocket.</summary>
    public static bool IsAddress(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        foreach (var c in address)
        {
            if (c is <= ' ' or >= (char)127)
            {
                return false;
            }
        }

        return address.Length <= MaxAddressLength
            && (address.StartsWith("ws://", StringComparison.Ordinal) || address.StartsWith("wss://", StringComparison.Ordinal));
    }

    /// <summary>Reads a form; says nothing yet about its truth.</summary>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out HubPlace place)
    {
        place = null!;
        if (encoded.Length is < AddressAt or > MaxEncodedBytes || encoded[0] is not (VersionOfHub or VersionOfDelegate))
        {
            return false;
        }

        var signedBytes = AddressAt + BinaryPrimitives.ReadUInt16BigEndian(encoded[LengthAt..]);
        var isDelegates = encoded[0] == VersionOfDelegate;
        if (encoded.Length != signedBytes + ISigning.SignatureBytes + (isDelegates ? Delegation.EncodedBytes : 0))
        {
            return false;
        }

        Delegation? delegation = null;
        if (isDelegates && !Delegation.TryRead(encoded[^Delegation.EncodedBytes..], out delegation))
        {
            return false;
        }

        var address = Encoding.ASCII.GetString(encoded[AddressAt..signedBytes]);
        if (!IsAddress(address))
        {
            return false;
        }

        place = new(encoded.ToArray(), address, delegation);
        return true;
    }

    /// <summary>Whether the hub with this key, or somebody whom it lets introduce, said so, and it counts now.</summary>
    public bool IsValid(ISigning signing, ReadOnlySpan<byte> hubKey, long nowUnixSeconds)
    {
        ArgumentNullException.ThrowIfNull(signing);
        if (Audience != NodeCertificate.NetworkOf(hubKey) || IssuedAt > nowUnixSeconds + ClockToleranceSeconds)
        {
            return false;
        }

        if (Delegation is { } delegation && (nowUnixSeconds >= delegation.NotAfter || !delegation.IsValid(signing, hubKey)))
        {
            return false;
        }

        return signing.Verify(Delegation is null ? hubKey : Delegation.Key, Signed(_bytes.AsSpan(0, SignedBytes)), _bytes.AsSpan(SignedBytes, ISigning.SignatureBytes));
    }

    /// <summary>
    /// Whether this word counts more than another on the same hub: the hub's own before a delegate's, then the later one where it says something else. Delegates that
    /// reach a hub by different addresses displace each other once in an hour at most: what supersedes goes through the whole network.
    /// </summary>
    public bool Supersedes(HubPlace other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Delegation is null != other.Delegation is null)
        {
            return Delegation is null;
        }

        if (Address == other.Address)
        {
            return Delegation is not null && Delegation.NotAfter > other.Delegation!.NotAfter + SecondsOfADay;
        }

        return IssuedAt > other.IssuedAt + (Delegation is null ? 0 : SecondsOfAnHour);
    }

    public bool Equals(HubPlace? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    public override bool Equals(object? obj) => Equals(obj as HubPlace);

    public override int GetHashCode() => BinaryPrimitives.ReadInt32BigEndian(_bytes.AsSpan(SignedBytes));

    public override string ToString() => $"hub {Number} at {Address}";

    /// <summary>Rare, so it may allocate: an address has no fixed length.</summary>
    private static byte[] Signed(ReadOnlySpan<byte> bytes)
    {
        var signed = new byte[Label.Length + bytes.Length];
        Label.CopyTo(signed);
        bytes.CopyTo(signed.AsSpan(Label.Length));
        return signed;
    }
}
