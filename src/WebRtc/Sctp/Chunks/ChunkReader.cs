using System.Buffers.Binary;

namespace Overlay.WebRtc.Sctp.Chunks;

/// <summary>One chunk as it lies in the packet: type, flags and value without padding (RFC 9260 §3.2).</summary>
/// <remarks><code>
/// +---------------+---------------+-------------------------------+
/// |     Type      |     Flags     | Length of this header + value |
/// +---------------+---------------+-------------------------------+
/// |                             Value                             |
/// +---------------------------------------------------------------+
/// </code></remarks>
internal readonly ref struct RawChunk(ReadOnlySpan<byte> whole)
{
    public const int HeaderLength = 4;

    /// <summary>Header and value.</summary>
    public ReadOnlySpan<byte> Whole { get; } = whole;

    public byte Type => Whole[0];

    public byte Flags => Whole[1];

    public ReadOnlySpan<byte> Value => Whole[HeaderLength..];

    public static void WriteHeader(Span<byte> chunk, ChunkType type, byte flags = 0)
    {
        chunk[0] = (byte)type;
        chunk[1] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(chunk[2..], (ushort)chunk.Length);
    }
}

/// <summary>Walks the chunks of a packet. Ends early, with <see cref="Malformed"/>, at a length that cannot be.</summary>
internal ref struct ChunkReader(ReadOnlySpan<byte> chunks)
{
    private ReadOnlySpan<byte> _rest = chunks;

    public bool Malformed { get; private set; }

    public readonly bool AtEnd => _rest.IsEmpty;

    public bool TryRead(out RawChunk chunk)
    {
        chunk = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (!Tlv.TryMeasure(_rest, out var length, out var padded))
        {
            Malformed = true;
            return false;
        }

        chunk = new RawChunk(_rest[..length]);
        _rest = _rest[padded..];
        return true;
    }
}

/// <summary>One parameter or error cause: 16-bit type, 16-bit length of header and value, value (RFC 9260 §3.2.1).</summary>
internal readonly ref struct RawParameter(ReadOnlySpan<byte> whole)
{
    public const int HeaderLength = 4;

    public ReadOnlySpan<byte> Whole { get; } = whole;

    public ushort Type => BinaryPrimitives.ReadUInt16BigEndian(Whole);

    public ReadOnlySpan<byte> Value => Whole[HeaderLength..];

    public static void WriteHeader(Span<byte> parameter, ushort type)
    {
        BinaryPrimitives.WriteUInt16BigEndian(parameter, type);
        BinaryPrimitives.WriteUInt16BigEndian(parameter[2..], (ushort)parameter.Length);
    }
}

/// <summary>Walks parameters or error causes. Ends early, with <see cref="Malformed"/>, at a length that cannot be.</summary>
internal ref struct ParameterReader(ReadOnlySpan<byte> parameters)
{
    private ReadOnlySpan<byte> _rest = parameters;

    public bool Malformed { get; private set; }

    public bool TryRead(out RawParameter parameter)
    {
        parameter = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (!Tlv.TryMeasure(_rest, out var length, out var padded))
        {
            Malformed = true;
            return false;
        }

        parameter = new RawParameter(_rest[..length]);
        _rest = _rest[padded..];
        return true;
    }
}

/// <summary>The shape that chunks, parameters and causes share: a length in bytes 2 and 3 that counts the four bytes of header.</summary>
internal static class Tlv
{
    public const int HeaderLength = 4;

    public static int Padded(int length) => (length + 3) & ~3;

    /// <summary>How long the element at the front is, without and with its padding.</summary>
    /// <remarks>Padding is not part of the length, and the last element's may be missing (RFC 9260 §3.2).</remarks>
    public static bool TryMeasure(ReadOnlySpan<byte> rest, out int length, out int padded)
    {
        length = rest.Length < HeaderLength ? 0 : BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        padded = Math.Min(Padded(length), rest.Length);
        return length >= HeaderLength && length <= rest.Length;
    }
}
