using System.Buffers.Binary;

namespace Overlay.WebRtc.Stun;

/// <summary>Writes one STUN message into the caller's bytes, attribute by attribute, and allocates nothing.</summary>
/// <remarks>
/// A message that does not fit makes every further step void and <see cref="Finish"/> answer 0, so one check at the end is enough.
/// Order matters: integrity covers what was added before it, and the fingerprint comes last (RFC 8489 §14.5, §14.7).
/// </remarks>
public ref struct StunWriter
{
    private readonly Span<byte> _buffer;
    private readonly StunHeader _header;
    private int _length;
    private bool _hasFailed;

    /// <summary>Begins a message in <paramref name="buffer"/>.</summary>
    public StunWriter(Span<byte> buffer, StunHeader header)
    {
        _buffer = buffer.Length > StunMessage.MaxLength ? buffer[..StunMessage.MaxLength] : buffer;
        _header = header;
        _length = StunHeader.Length;
        _hasFailed = buffer.Length < StunHeader.Length;
    }

    /// <summary>Adds USERNAME.</summary>
    public void AddUsername(scoped ReadOnlySpan<byte> username) => Add(StunAttributeType.Username, username);

    /// <summary>Adds SOFTWARE.</summary>
    public void AddSoftware(scoped ReadOnlySpan<byte> software) => Add(StunAttributeType.Software, software);

    /// <summary>Adds PRIORITY.</summary>
    public void AddPriority(uint priority)
    {
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(value, priority);
        Add(StunAttributeType.Priority, value);
    }

    /// <summary>Adds USE-CANDIDATE, which has no value.</summary>
    public void AddUseCandidate() => Add(StunAttributeType.UseCandidate, default);

    /// <summary>Adds ICE-CONTROLLING with our tie breaker.</summary>
    public void AddIceControlling(ulong tieBreaker) => AddUInt64(StunAttributeType.IceControlling, tieBreaker);

    /// <summary>Adds ICE-CONTROLLED with our tie breaker.</summary>
    public void AddIceControlled(ulong tieBreaker) => AddUInt64(StunAttributeType.IceControlled, tieBreaker);

    /// <summary>Adds XOR-MAPPED-ADDRESS.</summary>
    public void AddXorMappedAddress(in TransportAddress address)
    {
        Span<byte> mask = stackalloc byte[4 + StunTransactionId.Length];
        BinaryPrimitives.WriteUInt32BigEndian(mask, StunHeader.MagicCookie);
        _header.TransactionId.Write(mask[4..]);
        AddAddress(StunAttributeType.XorMappedAddress, address, mask);
    }

    /// <summary>Adds MAPPED-ADDRESS.</summary>
    public void AddMappedAddress(in TransportAddress address) => AddAddress(StunAttributeType.MappedAddress, address, mask: default);

    /// <summary>Adds ERROR-CODE.</summary>
    /// <param name="code">300 … 699.</param>
    /// <param name="reason">UTF-8 text for people, at most 763 bytes.</param>
    public void AddErrorCode(int code, scoped ReadOnlySpan<byte> reason)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code, 300);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 699);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason.Length, 763);
        var value = Reserve(StunAttributeType.ErrorCode, 4 + reason.Length);
        if (!value.IsEmpty)
        {
            value[2] = (byte)(code / 100);
            value[3] = (byte)(code % 100);
            reason.CopyTo(value[4..]);
        }
    }

    /// <summary>Adds UNKNOWN-ATTRIBUTES.</summary>
    public void AddUnknownAttributes(scoped ReadOnlySpan<ushort> types)
    {
        var value = Reserve(StunAttributeType.UnknownAttributes, types.Length * 2);
        for (var index = 0; index < types.Length && !value.IsEmpty; index++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(value[(index * 2)..], types[index]);
        }
    }

    /// <summary>Adds MESSAGE-INTEGRITY over all that was added so far.</summary>
    public void AddIntegrity(scoped ReadOnlySpan<byte> key)
    {
        var before = _length;
        var value = Reserve(StunAttributeType.MessageIntegrity, StunIntegrity.HashLength);
        if (!value.IsEmpty)
        {
            _header.Write(_buffer, _length - StunHeader.Length);
            StunIntegrity.Compute(_buffer[..before], key, value);
        }
    }

    /// <summary>Adds FINGERPRINT; nothing may follow.</summary>
    public void AddFingerprint()
    {
        var before = _length;
        var value = Reserve(StunAttributeType.Fingerprint, sizeof(uint));
        if (!value.IsEmpty)
        {
            // The length field counts the fingerprint itself (RFC 8489 §14.7).
            _header.Write(_buffer, _length - StunHeader.Length);
            BinaryPrimitives.WriteUInt32BigEndian(value, StunFingerprint.Compute(_buffer[..before]));
        }
    }

    /// <summary>Completes the message and returns its length, or 0 when it did not fit.</summary>
    public int Finish()
    {
        if (_hasFailed)
        {
            return 0;
        }

        _header.Write(_buffer, _length - StunHeader.Length);
        return _length;
    }

    private void AddUInt64(StunAttributeType type, ulong number)
    {
        Span<byte> value = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(value, number);
        Add(type, value);
    }

    private void AddAddress(StunAttributeType type, in TransportAddress address, scoped ReadOnlySpan<byte> mask)
    {
        Span<byte> value = stackalloc byte[StunAddress.MaxLength];
        Add(type, value[..StunAddress.Write(value, address, mask)]);
    }

    private void Add(StunAttributeType type, scoped ReadOnlySpan<byte> value)
    {
        var room = Reserve(type, value.Length);
        if (!room.IsEmpty)
        {
            value.CopyTo(room);
        }
    }

    /// <summary>Writes the attribute's header and clears its value and padding; empty when it does not fit or has no value.</summary>
    private Span<byte> Reserve(StunAttributeType type, int length)
    {
        var padded = (length + 3) & ~3;
        if (_hasFailed || _length + 4 + padded > _buffer.Length)
        {
            _hasFailed = true;
            return default;
        }

        var attribute = _buffer.Slice(_length, 4 + padded);
        attribute.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(attribute, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(attribute[2..], (ushort)length);
        _length += attribute.Length;
        return attribute.Slice(4, length);
    }
}
