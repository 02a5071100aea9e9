using System.Runtime.CompilerServices;

namespace Overlay.Simulator.Engine;

/// <summary>The slot that is being played: its events, brought into order of time when the slot's turn comes.</summary>
/// <remarks>
/// Sorting is stable, so events of one moment stay in the order in which they were scheduled and no sequence number is stored. Two passes
/// of counting (7 + 6 bits of the time) cost the same for every event, however the times lie; a slot whose events already lie in order costs none.
/// </remarks>
internal sealed class SlotRun
{
    private const int SmallestRoom = 256;
    private const int FewEvents = 40;
    private const int LowBits = 7;
    private const int HighBits = WheelQueue.SlotBits - LowBits;

    private readonly int[] _lowStarts = new int[1 << LowBits];
    private readonly int[] _highStarts = new int[1 << HighBits];
    private PendingEvent[] _events = new PendingEvent[SmallestRoom];
    private PendingEvent[] _sorted = [];
    private int _most;

    public PendingEvent[] Events => _events;

    public long Bytes => ((long)_events.Length + _sorted.Length) * Unsafe.SizeOf<PendingEvent>();

    /// <summary>Takes all events of a slot out of the store.</summary>
    /// <returns>How many there are.</returns>
    public int Load(SlotStore store, int slot)
    {
        var list = store.Detach(slot);
        var count = 0;
        while (true)
        {
            if (_events.Length - count < SlotStore.ChunkLength)
            {
                Array.Resize(ref _events, _events.Length * 2);
            }

            var taken = store.TryTakeChunk(ref list, _events.AsSpan(count));
            if (taken == 0)
            {
                break;
            }

            count += taken;
        }

        _most = Math.Max(_most, count);
        Sort(count);
        return count;
    }

    /// <summary>Gives memory back when less than a quarter of it was in use since the last call. Only between two slots.</summary>
    public void Trim()
    {
        var room = Math.Max((_most * 2) + SlotStore.ChunkLength, SmallestRoom);
        if (room < _events.Length / 2)
        {
            _events = new PendingEvent[room];
        }

        if (room < _sorted.Length / 2)
        {
            _sorted = [];
        }

        _most = 0;
    }

    private void Sort(int count)
    {
        var events = _events.AsSpan(0, count);
        if (IsInOrder(events))
        {
            return;
        }

        if (count <= FewEvents)
        {
            InsertionSort(events);
            return;
        }

        if (_sorted.Length < _events.Length)
        {
            _sorted = new PendingEvent[_events.Length];
        }

        CountDigits(events);
        Scatter(events, _sorted, _lowStarts, 0);
        Scatter(_sorted.AsSpan(0, count), _events, _highStarts, LowBits);
    }

    private static bool IsInOrder(ReadOnlySpan<PendingEvent> events)
    {
        var before = 0u;
        foreach (ref readonly var pending in events)
        {
            if (pending.Low < before)
            {
                return false;
            }

            before = pending.Low;
        }

        return true;
    }

    private static void InsertionSort(Span<PendingEvent> events)
    {
        for (var next = 1; next < events.Length; next++)
        {
            var moved = events[next];
            var at = next;
            for (; at > 0 && events[at - 1].Low > moved.Low; at--)
            {
                events[at] = events[at - 1];
            }

            events[at] = moved;
        }
    }

    private void CountDigits(ReadOnlySpan<PendingEvent> events)
    {
        Array.Clear(_lowStarts);
        Array.Clear(_highStarts);
        foreach (ref readonly var pending in events)
        {
            _lowStarts[pending.Low & ((1 << LowBits) - 1)]++;
            _highStarts[(pending.Low >> LowBits) & ((1 << HighBits) - 1)]++;
        }

        ToStarts(_lowStarts);
        ToStarts(_highStarts);
    }

    private static void ToStarts(int[] counts)
    {
        var start = 0;
        for (var digit = 0; digit < counts.Length; digit++)
        {
            (counts[digit], start) = (start, start + counts[digit]);
        }
    }

    private static void Scatter(ReadOnlySpan<PendingEvent> from, PendingEvent[] to, int[] starts, int shift)
    {
        var mask = (uint)starts.Length - 1;
        foreach (ref readonly var pending in from)
        {
            to[starts[(pending.Low >> shift) & mask]++] = pending;
        }
    }
}
