using System.Numerics;
using System.Runtime.CompilerServices;

namespace Overlay.Simulator.Engine;

/// <summary>Many lists of pending events that only grow at the end and are emptied as a whole, in one array.</summary>
/// <remarks>
/// A list is a chain of chunks of <see cref="ChunkLength"/> events. A freed chunk is the next one handed out, while it is still in the cache.
/// Invariant: a list's write position lies inside its last chunk, except that a multiple of <see cref="ChunkLength"/> says "no room":
/// 0 for an empty list, else one past a full chunk. So one test finds both.
/// </remarks>
internal sealed class SlotStore
{
    public const int ChunkLength = 1 << ChunkBits;
    private const int ChunkBits = 6;
    private const int InChunk = ChunkLength - 1;
    private const int SmallestPool = 16;
    private const int NoChunk = -1;

    private readonly int[] _heads;
    private readonly int[] _tails;
    private readonly ulong[] _occupied;
    private PendingEvent[] _events = new PendingEvent[SmallestPool * ChunkLength];
    private int[] _following = new int[SmallestPool];
    private int _free = NoChunk;
    private int _untouched;
    private int _used;
    private int _mostUsed;

    public SlotStore(int slots)
    {
        _heads = new int[slots];
        _tails = new int[slots];
        _occupied = new ulong[(slots + 63) / 64];
    }

    /// <summary>Bytes of all arrays.</summary>
    public long Bytes =>
        ((long)_events.Length * Unsafe.SizeOf<PendingEvent>()) + ((_following.Length + _heads.Length + _tails.Length) * sizeof(int)) + (_occupied.Length * sizeof(ulong));

    /// <summary>Puts <paramref name="pending"/> at the end of list <paramref name="slot"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(int slot, PendingEvent pending)
    {
        var at = _tails[slot];
        if ((at & InChunk) == 0)
        {
            at = StartChunk(slot, at);
        }

        _events[at] = pending;
        _tails[slot] = at + 1;
    }

    /// <summary>The first non-empty list among <paramref name="count"/> of the ring of <paramref name="ring"/> lists (a power of two, from
    /// <paramref name="first"/> on), starting <paramref name="from"/> places into it; −1 when there is none. The answer is the distance.</summary>
    public int DistanceToOccupied(int first, int ring, int from, int count)
    {
        var distance = 0;
        while (distance < count)
        {
            var slot = first + ((from + distance) & (ring - 1));
            var word = _occupied[slot >> 6] >> (slot & 63);
            if (word != 0)
            {
                // Bits beyond this word's part belong to later words, so the nearest bit is the answer or lies outside the range.
                distance += BitOperations.TrailingZeroCount(word);
                return distance < count ? distance : -1;
            }

            distance += 64 - (slot & 63);
        }

        return -1;
    }

    /// <summary>Walks over a list without changing it.</summary>
    public Walk Read(int slot) => new(this, slot);

    /// <summary>Cuts the list off its slot; its chunks go back one by one through <see cref="TryTakeChunk"/>.</summary>
    public Detached Detach(int slot)
    {
        var detached = new Detached(_heads[slot], _tails[slot]);
        _tails[slot] = 0;
        _occupied[slot >> 6] &= ~(1UL << (slot & 63));
        return detached;
    }

    /// <summary>Copies the next chunk of a detached list to <paramref name="buffer"/> and frees it.</summary>
    /// <returns>Events copied; 0 at the end of the list.</returns>
    public int TryTakeChunk(ref Detached list, Span<PendingEvent> buffer)
    {
        if (list.Tail == 0)
        {
            return 0;
        }

        var chunk = list.Head;
        var isLast = chunk == (list.Tail - 1) >> ChunkBits;
        var length = isLast ? ((list.Tail - 1) & InChunk) + 1 : ChunkLength;
        _events.AsSpan(chunk << ChunkBits, length).CopyTo(buffer);
        list = isLast ? default : new Detached(_following[chunk], list.Tail);
        _following[chunk] = _free;
        _free = chunk;
        _used--;
        return length;
    }

    /// <summary>Gives memory back when less than a quarter of it was in use since the last call.</summary>
    public void Trim()
    {
        var room = Math.Max(_mostUsed * 2, SmallestPool);
        if (room < _following.Length / 2)
        {
            MoveTo(room);
        }

        _mostUsed = _used;
    }

    private void MoveTo(int room)
    {
        var old = (Events: _events, Following: _following);
        (_events, _following) = (new PendingEvent[room * ChunkLength], new int[room]);
        (_free, _untouched, _used) = (NoChunk, 0, 0);
        for (var slot = 0; slot < _tails.Length; slot++)
        {
            var tail = _tails[slot];
            if (tail == 0)
            {
                continue;
            }

            var last = (tail - 1) >> ChunkBits;
            var length = ((tail - 1) & InChunk) + 1;
            var at = 0;
            for (var chunk = _heads[slot]; ; chunk = old.Following[chunk])
            {
                at = StartChunk(slot, at) + ChunkLength;
                old.Events.AsSpan(chunk << ChunkBits, ChunkLength).CopyTo(_events.AsSpan(at - ChunkLength));
                if (chunk == last)
                {
                    break;
                }
            }

            _tails[slot] = at - ChunkLength + length;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int StartChunk(int slot, int tail)
    {
        var chunk = _free;
        if (chunk != NoChunk)
        {
            _free = _following[chunk];
        }
        else
        {
            if (_untouched == _following.Length)
            {
                // A quarter more, not twice as much: a million nodes should not pay for a second million.
                var room = _untouched + Math.Max(_untouched / 4, SmallestPool);
                Array.Resize(ref _events, room * ChunkLength);
                Array.Resize(ref _following, room);
            }

            chunk = _untouched++;
        }

        if (tail == 0)
        {
            _heads[slot] = chunk;
            _occupied[slot >> 6] |= 1UL << (slot & 63);
        }
        else
        {
            _following[(tail - 1) >> ChunkBits] = chunk;
        }

        _mostUsed = Math.Max(_mostUsed, ++_used);
        return chunk << ChunkBits;
    }

    /// <summary>A list without a slot.</summary>
    public readonly record struct Detached(int Head, int Tail);

    /// <summary>Reads a list chunk by chunk.</summary>
    public ref struct Walk(SlotStore store, int slot)
    {
        private readonly int _tail = store._tails[slot];
        private int _chunk = store._tails[slot] == 0 ? NoChunk : store._heads[slot];

        public bool TryNext(out ReadOnlySpan<PendingEvent> chunk)
        {
            if (_chunk == NoChunk)
            {
                chunk = default;
                return false;
            }

            var isLast = _chunk == (_tail - 1) >> ChunkBits;
            chunk = store._events.AsSpan(_chunk << ChunkBits, isLast ? ((_tail - 1) & InChunk) + 1 : ChunkLength);
            _chunk = isLast ? NoChunk : store._following[_chunk];
            return true;
        }
    }
}
