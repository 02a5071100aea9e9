using System.Buffers.Binary;
using System.Text;

namespace Overlay.Wire;

/// <summary>Writes MessagePack into a span, or only measures it. Lengths and integers take their shortest form, so one value has one encoding.</summary>
/// <remarks>
/// Measuring runs the same code as writing, so a measured length cannot differ from the written one. A span that is too short sets
/// <see cref="Failed"/>; what follows is then not written, and <see cref="Position"/> goes on counting.
/// </remarks>
public ref struct MessagePackWriter
{
    private readonly Span<byte> _destination;
    private readonly bool _measures;

    /// <summary>Writes from the first byte of <paramref name="destination"/>.</summary>
    public MessagePackWriter(Span<byte> destination) => _destination = destination;

    private MessagePackWriter(bool measures) => _measures = measures;

    /// <summary>A writer that only counts bytes.</summary>
    public static MessagePackWriter Measuring() => new(measures: true);

    /// <summary>Bytes written, or that would have been.</summary>
    public int Position { get; private set; }

    /// <summary>Whether the destination was too short.</summary>
    public bool Failed { get; private set; }

    public void WriteNil() => WriteCode(MessagePackCode.Nil);

    public void Write(bool value) => WriteCode(value ? MessagePackCode.True : MessagePackCode.False);

    /// <summary>A signed integer in 1, 2, 3, 5 or 9 bytes; what is not negative takes the unsigned form.</summary>
    public void Write(long value)
    {
        switch (value)
        {
            case >= 0:
                Write((ulong)value);
                break;
            case >= -32:
                WriteCode((byte)value);
                break;
            case >= sbyte.MinValue:
                WriteHead(MessagePackCode.Int8, 1, (ulong)value);
                break;
            case >= short.MinValue:
                WriteHead(MessagePackCode.Int16, 2, (ulong)value);
                break;
            case >= int.MinValue:
                WriteHead(MessagePackCode.Int32, 4, (ulong)value);
                break;
            default:
                WriteHead(MessagePackCode.Int64, 8, (ulong)value);
                break;
        }
    }

    /// <summary>An unsigned integer in 1, 2, 3, 5 or 9 bytes.</summary>
    public void Write(ulong value)
    {
        switch (value)
        {
            case <= MessagePackCode.PositiveFixIntLast:
                WriteCode((byte)value);
                break;
            case <= byte.MaxValue:
                WriteHead(MessagePackCode.UInt8, 1, value);
                break;
            case <= ushort.MaxValue:
                WriteHead(MessagePackCode.UInt16, 2, value);
                break;
            case <= uint.MaxValue:
                WriteHead(MessagePackCode.UInt32, 4, value);
                break;
            default:
                WriteHead(MessagePackCode.UInt64, 8, value);
                break;
        }
    }

    public void Write(int value) => Write((long)value);

    public void Write(byte value) => Write((ulong)value);

    /// <summary>A float in 5 bytes.</summary>
    public void Write(float value) => WriteHead(MessagePackCode.Float32, 4, BitConverter.SingleToUInt32Bits(value));

    /// <summary>A float in 9 bytes. The width is the caller's: a shorter form of the same number would be another type.</summary>
    public void Write(double value) => WriteHead(MessagePackCode.Float64, 8, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>A str. Half of a surrogate pair becomes U+FFFD.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        switch (length)
        {
            case < 32:
                WriteCode((byte)(MessagePackCode.FixStr | length));
                break;
            case <= byte.MaxValue:
                WriteHead(MessagePackCode.Str8, 1, (ulong)length);
                break;
            case <= ushort.MaxValue:
                WriteHead(MessagePackCode.Str16, 2, (ulong)length);
                break;
            default:
                WriteHead(MessagePackCode.Str32, 4, (ulong)length);
                break;
        }

        if (TryReserve(length, out var bytes))
        {
            Encoding.UTF8.GetBytes(text, bytes);
        }
    }

    /// <summary>A bin.</summary>
    public void Write(scoped ReadOnlySpan<byte> bytes)
    {
        if (TryWriteBinary(bytes.Length, out var place))
        {
            bytes.CopyTo(place);
        }
    }

    /// <summary>A bin of <paramref name="length"/> bytes for the caller to fill. False where there is nothing to fill: measuring, or no room.</summary>
    public bool TryWriteBinary(int length, out Span<byte> place)
    {
        switch (length)
        {
            case <= byte.MaxValue:
                WriteHead(MessagePackCode.Bin8, 1, (ulong)length);
                break;
            case <= ushort.MaxValue:
                WriteHead(MessagePackCode.Bin16, 2, (ulong)length);
                break;
            default:
                WriteHead(MessagePackCode.Bin32, 4, (ulong)length);
                break;
        }

        return TryReserve(length, out place);
    }

    /// <summary>The head of an array; its <paramref name="count"/> elements follow.</summary>
    public void BeginArray(int count)
    {
        switch (count)
        {
            case < 16:
                WriteCode((byte)(MessagePackCode.FixArray | count));
                break;
            case <= ushort.MaxValue:
                WriteHead(MessagePackCode.Array16, 2, (ulong)count);
                break;
            default:
                WriteHead(MessagePackCode.Array32, 4, (ulong)count);
                break;
        }
    }

    /// <summary>Bytes that are MessagePack already.</summary>
    public void WriteRaw(ReadOnlySpan<byte> encoded)
    {
        if (TryReserve(encoded.Length, out var place))
        {
            encoded.CopyTo(place);
        }
    }

    private void WriteCode(byte code)
    {
        if (TryReserve(1, out var place))
        {
            place[0] = code;
        }
    }

    private void WriteHead(byte code, int size, ulong bits)
    {
        if (!TryReserve(1 + size, out var place))
        {
            return;
        }

        place[0] = code;
        switch (size)
        {
            case 1:
                place[1] = (byte)bits;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(place[1..], (ushort)bits);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(place[1..], (uint)bits);
                break;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(place[1..], bits);
                break;
        }
    }

    private bool TryReserve(int count, out Span<byte> place)
    {
        var start = Position;
        Position += count;
        if (_measures || Failed || count > _destination.Length - start)
        {
            Failed |= !_measures;
            place = default;
            return false;
        }

        place = _destination.Slice(start, count);
        return true;
    }
}
