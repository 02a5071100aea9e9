using System.Numerics;
using System.Runtime.CompilerServices;

namespace Overlay.Simulator.Engine;

/// <summary>Pooled storage of values in flight: an event carries the index, the slab the value.</summary>
/// <remarks>
/// Values lie in segments of <see cref="SegmentLength"/> that never move, so a reference from <see cref="At"/> stays good while others are put.
/// The lowest segment with room is filled first and an empty segment is given back to the garbage collector as long as another
/// one has room, so the memory follows the crowd down again. Nothing is allocated while the number of values stays within a segment's reach.
/// </remarks>
/// <typeparam name="T">What is stored.</typeparam>
public sealed class Slab<T>
{
    /// <summary>Values in a segment.</summary>
    public const int SegmentLength = 1 << SegmentBits;

    private const int SegmentBits = 10;
    private const int InSegment = SegmentLength - 1;
    private const int Live = -2;
    private const int None = -1;

    private Segment?[] _segments = new Segment?[4];
    private ulong[] _withRoom = [0b1111];
    private int _present;

    /// <summary>Values stored.</summary>
    public int Count { get; private set; }

    /// <summary>Values for which there is memory.</summary>
    public int Capacity => _present * SegmentLength;

    /// <summary>Stores a value.</summary>
    /// <returns>The index that <see cref="Take"/> gets it back with.</returns>
    public int Put(in T value)
    {
        var number = LowestWithRoom();
        var segment = _segments[number] ?? AddSegment(number);
        var at = segment.Free;
        if (at == None)
        {
            at = segment.Untouched++;
        }
        else
        {
            segment.Free = segment.Following[at];
        }

        segment.Following[at] = Live;
        segment.Values[at] = value;
        Count++;
        if (++segment.Count == SegmentLength)
        {
            _withRoom[number >> 6] &= ~(1UL << (number & 63));
        }

        return (number << SegmentBits) | at;
    }

    /// <summary>The stored value, in place.</summary>
    /// <exception cref="InvalidOperationException">Nothing is stored at <paramref name="index"/>.</exception>
    public ref T At(int index) => ref SegmentOf(index).Values[index & InSegment];

    /// <summary>Takes a value out; its index will be used again.</summary>
    /// <exception cref="InvalidOperationException">Nothing is stored at <paramref name="index"/>.</exception>
    public T Take(int index)
    {
        var segment = SegmentOf(index);
        var at = index & InSegment;
        var value = segment.Values[at];
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            segment.Values[at] = default!;
        }

        segment.Following[at] = segment.Free;
        segment.Free = at;
        segment.Count--;
        Count--;
        GiveBack(index >> SegmentBits, segment);
        return value;
    }

    private Segment SegmentOf(int index)
    {
        var number = index >> SegmentBits;
        return (uint)number < (uint)_segments.Length && _segments[number] is { } segment && segment.Following[index & InSegment] == Live
            ? segment
            : throw new InvalidOperationException($"Nothing is stored at {index}: it was taken already, or never put.");
    }

    private void GiveBack(int number, Segment segment)
    {
        _withRoom[number >> 6] |= 1UL << (number & 63);
        if (segment.Count == 0 && Capacity - Count >= 2 * SegmentLength)
        {
            _segments[number] = null;
            _present--;
        }
    }

    private int LowestWithRoom()
    {
        for (var word = 0; word < _withRoom.Length; word++)
        {
            if (_withRoom[word] != 0)
            {
                var number = (word << 6) + BitOperations.TrailingZeroCount(_withRoom[word]);
                if (number < _segments.Length)
                {
                    return number;
                }
            }
        }

        return Grow();
    }

    private int Grow()
    {
        var number = _segments.Length;
        Array.Resize(ref _segments, number * 2);
        Array.Resize(ref _withRoom, (_segments.Length + 63) / 64);
        for (var added = number; added < _segments.Length; added++)
        {
            _withRoom[added >> 6] |= 1UL << (added & 63);
        }

        return number;
    }

    private Segment AddSegment(int number)
    {
        _present++;
        return _segments[number] = new Segment();
    }

    private sealed class Segment
    {
        public readonly T[] Values = new T[SegmentLength];
        public readonly int[] Following = new int[SegmentLength];
        public int Free = None;
        public int Untouched;
        public int Count;
    }
}
