using System.Buffers.Binary;

namespace Overlay.WebRtc.Dtls;

/// <summary>Walks the records of a datagram (RFC 6347 §4.1) and looks at what is readable without keys.</summary>
/// <remarks>
/// <code>
///  0      1        3        5                        11       13
/// +------+--------+--------+------------------------+--------+----------- - -
/// | type | version| epoch  | sequence number (48)   | length | fragment
/// +------+--------+--------+------------------------+--------+----------- - -
///   22 = handshake, and in epoch 0 its fragment begins (§4.2.2)
///           +------+------------+-------------+-----------------+-----------------+
///           | type | length (24)| message_seq | frag offset (24)| frag length (24)|
///           +------+------------+-------------+-----------------+-----------------+
/// </code>
/// </remarks>
internal ref struct DtlsRecords(ReadOnlySpan<byte> datagram)
{
    public const int HeaderLength = 13;

    private const byte HandshakeType = 22;
    private const byte LowestType = 20;
    private const byte HighestType = 25;
    private const int HandshakeHeaderLength = 12;

    private ReadOnlySpan<byte> _rest = datagram;
    private ReadOnlySpan<byte> _current;

    /// <summary>Bytes of the current record, its header included.</summary>
    public readonly int Length => _current.Length;

    /// <summary>0 until the first ChangeCipherSpec, then 1.</summary>
    public readonly int Epoch => BinaryPrimitives.ReadUInt16BigEndian(_current[3..]);

    public readonly bool IsHandshake => _current[0] == HandshakeType;

    /// <summary>Whether these bytes can be the beginning of a DTLS datagram at all.</summary>
    public static bool LooksLikeDtls(ReadOnlySpan<byte> datagram) =>
        datagram.Length > HeaderLength && datagram[0] is >= LowestType and <= HighestType && datagram[1] == 0xFE;

    /// <summary>Steps to the next record. False at the end, or where a length does not fit.</summary>
    public bool MoveNext()
    {
        if (_rest.Length < HeaderLength)
        {
            return false;
        }

        var length = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(_rest[11..]);
        if (length > _rest.Length)
        {
            return false;
        }

        _current = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    /// <summary>The number and offset of the handshake message in a record of epoch 0.</summary>
    public readonly bool TryGetMessage(out int messageSequence, out int fragmentOffset)
    {
        messageSequence = fragmentOffset = 0;
        if (!IsHandshake || Epoch != 0 || _current.Length < HeaderLength + HandshakeHeaderLength)
        {
            return false;
        }

        var header = _current[HeaderLength..];
        messageSequence = BinaryPrimitives.ReadUInt16BigEndian(header[4..]);
        fragmentOffset = (header[6] << 16) | (header[7] << 8) | header[8];
        return true;
    }
}
