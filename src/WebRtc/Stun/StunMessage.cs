using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Overlay.WebRtc.Stun;

/// <summary>A STUN message read from a datagram: a view that lives as long as the datagram's bytes and allocates nothing.</summary>
/// <remarks>
/// Invariant: the datagram is exactly one well-formed message of at most <see cref="MaxLength"/> bytes, each attribute known to
/// <see cref="StunAttributeType"/> has its right size, and a FINGERPRINT, where there is one, is last and right. Integrity is a
/// question of its own (<see cref="VerifyIntegrity"/>), since the key depends on what the message says.
/// Of an attribute that comes twice the first counts (RFC 8489 §14).
/// </remarks>
public ref struct StunMessage
{
    /// <summary>The largest message that is read or written: what fits an Ethernet frame.</summary>
    public const int MaxLength = 1500;

    /// <summary>How many unknown mandatory attributes are remembered for an UNKNOWN-ATTRIBUTES answer; more are only counted.</summary>
    public const int MaxUnknownAttributes = 8;

    private readonly ReadOnlySpan<byte> _datagram;
    private UnknownTypes _unknown;
    private int _integrityAt;

    private StunMessage(ReadOnlySpan<byte> datagram, StunHeader header)
    {
        _datagram = datagram;
        Header = header;
    }

    /// <summary>Class, method and transaction id.</summary>
    public StunHeader Header { get; }

    /// <summary>The class of the message.</summary>
    public readonly StunClass Class => Header.Class;

    /// <summary>The transaction it belongs to.</summary>
    public readonly StunTransactionId TransactionId => Header.TransactionId;

    /// <summary>Whether the method is Binding.</summary>
    public readonly bool IsBinding => Header.Method == StunHeader.Binding;

    /// <summary>USERNAME, empty when absent; at most 513 bytes as RFC 8445 §5.3 allows two fragments of 256.</summary>
    public ReadOnlySpan<byte> Username { get; private set; }

    /// <summary>SOFTWARE, empty when absent.</summary>
    public ReadOnlySpan<byte> Software { get; private set; }

    /// <summary>PRIORITY, null when absent.</summary>
    public uint? Priority { get; private set; }

    /// <summary>Whether USE-CANDIDATE is there.</summary>
    public bool UseCandidate { get; private set; }

    /// <summary>The tie breaker of ICE-CONTROLLING, null when absent.</summary>
    public ulong? IceControlling { get; private set; }

    /// <summary>The tie breaker of ICE-CONTROLLED, null when absent.</summary>
    public ulong? IceControlled { get; private set; }

    /// <summary>XOR-MAPPED-ADDRESS, null when absent.</summary>
    public TransportAddress? XorMappedAddress { get; private set; }

    /// <summary>MAPPED-ADDRESS, null when absent.</summary>
    public TransportAddress? MappedAddress { get; private set; }

    /// <summary>The number of ERROR-CODE, 300 … 699; 0 when absent.</summary>
    public int ErrorCode { get; private set; }

    /// <summary>The reason text of ERROR-CODE.</summary>
    public ReadOnlySpan<byte> ErrorReason { get; private set; }

    /// <summary>UNKNOWN-ATTRIBUTES as it came: 16-bit types, empty when absent.</summary>
    public ReadOnlySpan<byte> UnknownAttributes { get; private set; }

    /// <summary>Whether MESSAGE-INTEGRITY is there; says nothing about its value.</summary>
    public readonly bool HasIntegrity => _integrityAt > 0;

    /// <summary>Whether a (right) FINGERPRINT is there.</summary>
    public bool HasFingerprint { get; private set; }

    /// <summary>How many mandatory attributes this stack does not know; a request with any is refused with 420 (RFC 8489 §6.3.1).</summary>
    public int UnknownRequiredCount { get; private set; }

    /// <summary>The first of the unknown mandatory attribute types.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<ushort> UnknownRequired =>
        ((ReadOnlySpan<ushort>)_unknown)[..Math.Min(UnknownRequiredCount, MaxUnknownAttributes)];

    /// <summary>Reads a datagram. False when it is not exactly one well-formed STUN message.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out StunMessage message)
    {
        message = default;
        if (datagram.Length > MaxLength || !StunHeader.TryRead(datagram, out var header))
        {
            return false;
        }

        var candidate = new StunMessage(datagram, header);
        if (!candidate.TryReadAttributes())
        {
            return false;
        }

        message = candidate;
        return true;
    }

    /// <summary>Whether MESSAGE-INTEGRITY is there and was made with <paramref name="key"/>. Takes the same time for any wrong value.</summary>
    public readonly bool VerifyIntegrity(ReadOnlySpan<byte> key) =>
        HasIntegrity
        && StunIntegrity.Verify(_datagram[.._integrityAt], key, _datagram.Slice(_integrityAt + 4, StunIntegrity.HashLength));

    // An attribute (RFC 8489 §14), padded with up to three bytes to a multiple of four:
    //  +-------------------------------+-------------------------------+
    //  |             type              |    length without padding     |
    //  +-------------------------------+-------------------------------+
    //  |                        value and padding                      |
    //  +---------------------------------------------------------------+
    private bool TryReadAttributes()
    {
        var at = StunHeader.Length;
        while (at < _datagram.Length)
        {
            // The body is a multiple of four, so a header always fits here.
            var type = (StunAttributeType)BinaryPrimitives.ReadUInt16BigEndian(_datagram[at..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(_datagram[(at + 2)..]);
            var next = at + 4 + ((length + 3) & ~3);
            if (next > _datagram.Length || HasFingerprint)
            {
                return false;
            }

            var value = _datagram.Slice(at + 4, length);
            var isUnderstood = type == StunAttributeType.Fingerprint ? TryReadFingerprint(at, value)

                // RFC 8489 §14.5: what follows MESSAGE-INTEGRITY is not covered by it and must be ignored.
                : HasIntegrity || TryReadAttribute(type, at, value);
            if (!isUnderstood)
            {
                return false;
            }

            at = next;
        }

        return true;
    }

    private bool TryReadAttribute(StunAttributeType type, int at, ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case StunAttributeType.Username:
                Username = Username.IsEmpty ? value : Username;
                return value.Length <= 513;
            case StunAttributeType.Software:
                Software = Software.IsEmpty ? value : Software;
                return value.Length <= 763;
            case StunAttributeType.Priority:
                Priority ??= value.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(value) : null;
                return value.Length == 4;
            case StunAttributeType.UseCandidate:
                UseCandidate = true;
                return value.IsEmpty;
            case StunAttributeType.IceControlling:
                IceControlling ??= value.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(value) : null;
                return value.Length == 8;
            case StunAttributeType.IceControlled:
                IceControlled ??= value.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(value) : null;
                return value.Length == 8;
            case StunAttributeType.MessageIntegrity:
                _integrityAt = at;
                return value.Length == StunIntegrity.HashLength;
            default:
                return TryReadAnswerAttribute(type, value);
        }
    }

    private bool TryReadAnswerAttribute(StunAttributeType type, ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case StunAttributeType.XorMappedAddress:
                var isXorAddress = StunAddress.TryRead(value, _datagram.Slice(4, 16), out var hidden);
                XorMappedAddress ??= isXorAddress ? hidden : null;
                return isXorAddress;
            case StunAttributeType.MappedAddress:
                var isAddress = StunAddress.TryRead(value, mask: default, out var clear);
                MappedAddress ??= isAddress ? clear : null;
                return isAddress;
            case StunAttributeType.ErrorCode:
                return TryReadErrorCode(value);
            case StunAttributeType.UnknownAttributes:
                UnknownAttributes = UnknownAttributes.IsEmpty ? value : UnknownAttributes;
                return value.Length % 2 == 0;
            default:
                NoteUnknown((ushort)type);
                return true;
        }
    }

    private void NoteUnknown(ushort type)
    {
        if (type >= 0x8000)
        {
            return; // Comprehension-optional, such as GOOG-NETWORK-INFO (0xC057).
        }

        if (UnknownRequiredCount < MaxUnknownAttributes)
        {
            _unknown[UnknownRequiredCount] = type;
        }

        UnknownRequiredCount++;
    }

    // ERROR-CODE (RFC 8489 §14.8): 21 zero bits, class 3…6 in three bits, number 0…99 in eight, then the reason in UTF-8.
    private bool TryReadErrorCode(ReadOnlySpan<byte> value)
    {
        if (value.Length is < 4 or > 767 || (value[2] & 7) is < 3 or > 6 || value[3] > 99)
        {
            return false;
        }

        if (ErrorCode == 0)
        {
            ErrorCode = ((value[2] & 7) * 100) + value[3];
            ErrorReason = value[4..];
        }

        return true;
    }

    private bool TryReadFingerprint(int at, ReadOnlySpan<byte> value)
    {
        HasFingerprint = value.Length == 4
            && BinaryPrimitives.ReadUInt32BigEndian(value) == StunFingerprint.Compute(_datagram[..at]);
        return HasFingerprint;
    }

    [InlineArray(MaxUnknownAttributes)]
    private struct UnknownTypes
    {
        private ushort _first;
    }
}
