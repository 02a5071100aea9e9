using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Overlay.Wire;

/// <summary>Reads MessagePack from a span, top to bottom. The first thing that is wrong sets <see cref="Failed"/>; from then on everything reads as nothing.</summary>
/// <remarks>
/// <para>Nil, bool, integers, floats, str, bin and arrays. Maps and extensions are refused: the overlay has none.</para>
/// <para>Nothing is believed of a peer: a length is compared with what is left before anything is made of it, arrays nest at most
/// <see cref="MaxDepth"/> deep, and a read past the end of the array that is open fails instead of taking its neighbour's value.
/// Integers are accepted in any of their forms.</para>
/// </remarks>
public ref struct MessagePackReader
{
    /// <summary>Arrays inside arrays.</summary>
    public const int MaxDepth = 16;

    private readonly ReadOnlySpan<byte> _source;
    private int _position;
    private int _depth;
    private Elements _left;

    /// <summary>Begins at the first byte of <paramref name="source"/>, outside of any array.</summary>
    public MessagePackReader(ReadOnlySpan<byte> source) => _source = source;

    /// <summary>Whether anything read so far was wrong.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bytes read.</summary>
    public readonly int Position => _position;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _source.Length - _position;

    /// <summary>Whether all was read and nothing was wrong.</summary>
    public readonly bool IsComplete => !Failed && _depth == 0 && _position == _source.Length;

    /// <summary>Elements of the open array that were not read yet; 0 outside of arrays.</summary>
    public readonly int ElementsLeft => _depth == 0 || Failed ? 0 : _left[_depth - 1];

    /// <summary>What comes next, without reading it.</summary>
    public readonly MessagePackType Next =>
        Failed || (_depth > 0 && _left[_depth - 1] == 0) || _position == _source.Length
            ? MessagePackType.End
            : TypeOf(_source[_position]);

    /// <summary>Reads nil if it comes next; otherwise reads nothing.</summary>
    public bool TryReadNil()
    {
        if (Next != MessagePackType.Nil)
        {
            return false;
        }

        return TryTakeCode(out _);
    }

    public bool ReadBoolean()
    {
        if (TryTakeCode(out var code) && code is MessagePackCode.False or MessagePackCode.True)
        {
            return code == MessagePackCode.True;
        }

        return Fail<bool>();
    }

    /// <summary>An integer of −2^63 … 2^63 − 1.</summary>
    public long ReadInt64() =>
        TryReadInteger(out var magnitude, out var isNegative) && (isNegative || magnitude <= long.MaxValue) ? (long)magnitude : Fail<long>();

    /// <summary>An integer of 0 … 2^64 − 1.</summary>
    public ulong ReadUInt64() => TryReadInteger(out var magnitude, out var isNegative) && !isNegative ? magnitude : Fail<ulong>();

    /// <summary>An integer of −2^31 … 2^31 − 1.</summary>
    public int ReadInt32() => ReadInt64() is >= int.MinValue and <= int.MaxValue and var value ? (int)value : Fail<int>();

    /// <summary>An integer of 0 … 255.</summary>
    public byte ReadByte() => ReadUInt64() is <= byte.MaxValue and var value ? (byte)value : Fail<byte>();

    /// <summary>A float of either width; a float 32 is widened, which loses nothing.</summary>
    public double ReadDouble()
    {
        TryTakeCode(out var code);
        return code switch
        {
            MessagePackCode.Float32 when TryTake(4, out var bytes) => BinaryPrimitives.ReadSingleBigEndian(bytes),
            MessagePackCode.Float64 when TryTake(8, out var bytes) => BinaryPrimitives.ReadDoubleBigEndian(bytes),
            _ => Fail<double>(),
        };
    }

    /// <summary>The UTF-8 of a str of at most <paramref name="maxBytes"/> bytes. Ill-formed UTF-8 fails.</summary>
    public ReadOnlySpan<byte> ReadUtf8(int maxBytes)
    {
        TryTakeCode(out var code);
        var length = code switch
        {
            >= MessagePackCode.FixStr and <= MessagePackCode.FixStrLast => (uint)(code & 0x1F),
            MessagePackCode.Str8 => ReadBigEndian(1),
            MessagePackCode.Str16 => ReadBigEndian(2),
            MessagePackCode.Str32 => ReadBigEndian(4),
            _ => uint.MaxValue,
        };
        if (length <= (uint)maxBytes && TryTake((int)length, out var bytes) && Utf8.IsValid(bytes))
        {
            return bytes;
        }

        Failed = true;
        return default;
    }

    /// <summary>A str of at most <paramref name="maxBytes"/> bytes of UTF-8.</summary>
    public string ReadString(int maxBytes)
    {
        var bytes = ReadUtf8(maxBytes);
        return bytes.IsEmpty ? "" : Encoding.UTF8.GetString(bytes);
    }

    /// <summary>A bin of at most <paramref name="maxBytes"/> bytes.</summary>
    public ReadOnlySpan<byte> ReadBinary(int maxBytes)
    {
        TryTakeCode(out var code);
        var length = code switch
        {
            MessagePackCode.Bin8 => ReadBigEndian(1),
            MessagePackCode.Bin16 => ReadBigEndian(2),
            MessagePackCode.Bin32 => ReadBigEndian(4),
            _ => uint.MaxValue,
        };
        if (length <= (uint)maxBytes && TryTake((int)length, out var bytes))
        {
            return bytes;
        }

        Failed = true;
        return default;
    }

    /// <summary>Reads a bin of exactly the length of <paramref name="destination"/> into it; leaves it alone where that fails.</summary>
    public bool TryReadBinary(Span<byte> destination)
    {
        if (TryReadBinary(destination.Length, out var bytes))
        {
            bytes.CopyTo(destination);
            return true;
        }

        return false;
    }

    /// <summary>Reads a bin of exactly <paramref name="length"/> bytes.</summary>
    public bool TryReadBinary(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = ReadBinary(length);
        if (bytes.Length == length && !Failed)
        {
            return true;
        }

        Failed = true;
        bytes = default;
        return false;
    }

    /// <summary>Opens an array of at most <paramref name="maxCount"/> elements; what follows reads them, until <see cref="EndArray"/>.</summary>
    /// <returns>Its elements; 0 where it failed. Never more than there are bytes left, so it is safe to allocate by.</returns>
    public int BeginArray(int maxCount)
    {
        TryTakeCode(out var code);
        var count = code switch
        {
            >= MessagePackCode.FixArray and <= MessagePackCode.FixArrayLast => (uint)(code & 0x0F),
            MessagePackCode.Array16 => ReadBigEndian(2),
            MessagePackCode.Array32 => ReadBigEndian(4),
            _ => uint.MaxValue,
        };
        if (Failed || count > (uint)maxCount || count > (uint)Remaining || _depth == MaxDepth)
        {
            return Fail<int>();
        }

        _left[_depth++] = (int)count;
        return (int)count;
    }

    /// <summary>Closes the open array and skips what nobody read: elements that a newer version added.</summary>
    public void EndArray()
    {
        if (Failed)
        {
            return;
        }

        while (!Failed && _left[_depth - 1] > 0)
        {
            Skip();
        }

        _depth--;
    }

    /// <summary>Skips one value with everything in it.</summary>
    public void Skip()
    {
        var floor = _depth;
        do
        {
            SkipHead();
            while (!Failed && _depth > floor && _left[_depth - 1] == 0)
            {
                _depth--;
            }
        }
        while (!Failed && _depth > floor);
    }

    /// <summary>The bytes of one value with everything in it; well-formed, whatever it means.</summary>
    public ReadOnlySpan<byte> ReadRaw()
    {
        var start = _position;
        Skip();
        return Failed ? default : _source[start.._position];
    }

    /// <summary>Says that what was read is wrong for a reason that only the caller knows.</summary>
    public void Fail() => Failed = true;

    private static MessagePackType TypeOf(byte code) => code switch
    {
        <= MessagePackCode.PositiveFixIntLast or >= MessagePackCode.NegativeFixInt => MessagePackType.Integer,
        <= MessagePackCode.FixMapLast => MessagePackType.Refused,
        <= MessagePackCode.FixArrayLast => MessagePackType.Array,
        <= MessagePackCode.FixStrLast => MessagePackType.String,
        MessagePackCode.Nil => MessagePackType.Nil,
        MessagePackCode.False or MessagePackCode.True => MessagePackType.Boolean,
        MessagePackCode.Bin8 or MessagePackCode.Bin16 or MessagePackCode.Bin32 => MessagePackType.Binary,
        MessagePackCode.Float32 or MessagePackCode.Float64 => MessagePackType.Float,
        >= MessagePackCode.UInt8 and <= MessagePackCode.Int64 => MessagePackType.Integer,
        MessagePackCode.Str8 or MessagePackCode.Str16 or MessagePackCode.Str32 => MessagePackType.String,
        MessagePackCode.Array16 or MessagePackCode.Array32 => MessagePackType.Array,
        _ => MessagePackType.Refused,
    };

    /// <summary>Skips a scalar, or enters an array.</summary>
    private void SkipHead()
    {
        switch (Next)
        {
            case MessagePackType.Nil or MessagePackType.Boolean:
                TryTakeCode(out _);
                break;
            case MessagePackType.Integer:
                TryReadInteger(out _, out _);
                break;
            case MessagePackType.Float:
                ReadDouble();
                break;
            case MessagePackType.String:
                ReadUtf8(int.MaxValue);
                break;
            case MessagePackType.Binary:
                ReadBinary(int.MaxValue);
                break;
            case MessagePackType.Array:
                BeginArray(int.MaxValue);
                break;
            default:
                Failed = true;
                break;
        }
    }

    /// <summary>Reads an integer as its 64 bits of two's complement and its sign.</summary>
    private bool TryReadInteger(out ulong bits, out bool isNegative)
    {
        (bits, isNegative) = (0, false);
        if (!TryTakeCode(out var code))
        {
            return false;
        }

        if (code is <= MessagePackCode.PositiveFixIntLast or >= MessagePackCode.NegativeFixInt)
        {
            bits = (ulong)(sbyte)code;
        }
        else if (code is >= MessagePackCode.UInt8 and <= MessagePackCode.UInt64)
        {
            return TryTakeBigEndian(1 << (code - MessagePackCode.UInt8), out bits);
        }
        else if (code is >= MessagePackCode.Int8 and <= MessagePackCode.Int64)
        {
            var size = 1 << (code - MessagePackCode.Int8);
            if (!TryTakeBigEndian(size, out bits))
            {
                return false;
            }

            var unused = 64 - (8 * size);
            bits = (ulong)((long)(bits << unused) >> unused);
        }
        else
        {
            return Fail<bool>();
        }

        isNegative = (long)bits < 0;
        return true;
    }

    private uint ReadBigEndian(int size) => TryTakeBigEndian(size, out var value) ? (uint)value : uint.MaxValue;

    private bool TryTakeBigEndian(int size, out ulong value)
    {
        value = 0;
        if (!TryTake(size, out var bytes))
        {
            return false;
        }

        value = size switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
        return true;
    }

    /// <summary>Takes the first byte of the next value, which uses up one element of the open array. 0xC1, which no value has, stands for failure.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTakeCode(out byte code)
    {
        if (Failed || (uint)_position >= (uint)_source.Length || (_depth > 0 && _left[_depth - 1]-- == 0))
        {
            Failed = true;
            code = MessagePackCode.NeverUsed;
            return false;
        }

        code = _source[_position++];
        return true;
    }

    private bool TryTake(int count, out ReadOnlySpan<byte> bytes)
    {
        if (Failed || count > Remaining)
        {
            Failed = true;
            bytes = default;
            return false;
        }

        bytes = _source.Slice(_position, count);
        _position += count;
        return true;
    }

    private T Fail<T>()
        where T : struct
    {
        Failed = true;
        return default;
    }

    [InlineArray(MaxDepth)]
    private struct Elements
    {
        private int _first;
    }
}
