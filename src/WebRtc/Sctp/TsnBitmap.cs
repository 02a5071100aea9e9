using System.Numerics;

namespace Overlay.WebRtc.Sctp;

/// <summary>One bit for each TSN of a sliding window. Runs of equal bits are skipped a word of 64 at a time.</summary>
/// <remarks>The window is the caller's business: it never spans more TSNs than <see cref="Capacity"/>, and bits are cleared as it slides on.</remarks>
internal sealed class TsnBitmap
{
    private const int WordBits = 64;

    private ulong[] _words;
    private uint _mask;

    /// <param name="capacity">A power of two, at least 64.</param>
    public TsnBitmap(int capacity)
    {
        _words = new ulong[capacity / WordBits];
        _mask = (uint)capacity - 1;
    }

    public int Capacity => _words.Length * WordBits;

    public bool this[Tsn tsn] => (_words[(tsn.Value & _mask) / WordBits] & Bit(tsn)) != 0;

    public void Set(Tsn tsn) => _words[(tsn.Value & _mask) / WordBits] |= Bit(tsn);

    public void Clear(Tsn tsn) => _words[(tsn.Value & _mask) / WordBits] &= ~Bit(tsn);

    public void ClearAll() => Array.Clear(_words);

    /// <summary>The first TSN in [<paramref name="from"/>, <paramref name="end"/>) whose bit is set.</summary>
    public bool TryFindSet(Tsn from, Tsn end, out Tsn found) => TryFind(from, end, invert: 0, out found);

    /// <summary>The first TSN in [<paramref name="from"/>, <paramref name="end"/>) whose bit is clear.</summary>
    public bool TryFindClear(Tsn from, Tsn end, out Tsn found) => TryFind(from, end, invert: ulong.MaxValue, out found);

    /// <summary>Moves to a larger capacity, keeping the bits of the window [<paramref name="from"/>, <paramref name="end"/>).</summary>
    public void Grow(int capacity, Tsn from, Tsn end)
    {
        var grown = new TsnBitmap(capacity);
        while (TryFindSet(from, end, out var tsn))
        {
            grown.Set(tsn);
            from = tsn.Next;
        }

        _words = grown._words;
        _mask = grown._mask;
    }

    private static ulong Bit(Tsn tsn) => 1UL << (int)(tsn.Value & (WordBits - 1));

    private bool TryFind(Tsn from, Tsn end, ulong invert, out Tsn found)
    {
        var left = from.DistanceTo(end);
        var tsn = from;
        while (left > 0)
        {
            var offset = (int)(tsn.Value & (WordBits - 1));
            var word = (_words[(tsn.Value & _mask) / WordBits] ^ invert) >> offset;
            var step = word != 0 ? (uint)BitOperations.TrailingZeroCount(word) : (uint)(WordBits - offset);
            if (step >= left)
            {
                break;
            }

            tsn = tsn.Plus(step);
            left -= step;
            if (word != 0)
            {
                found = tsn;
                return true;
            }
        }

        found = end;
        return false;
    }
}
