using System.Buffers;
using Overlay.Channels;
using Overlay.Time;

namespace Overlay.Runtime.Channels;

/// <summary>Relayed datagrams that wait for room in one link's relay channel, the most urgent class first.</summary>
/// <remarks>
/// A class takes nothing more while its oldest datagram waits longer than <see cref="LongestWait"/>: what stands in a queue for longer only delays what its sender sends
/// again (tail drop; the sender's congestion control does the rest).
/// </remarks>
internal sealed class RelayQueue
{
    /// <summary>How long the oldest datagram of a class may have waited when another comes.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes of a class at the most, whatever the time.</summary>
    public const int MaxBytes = 4 << 20;

    private readonly Lane[] _lanes = [new(), new(), new()];

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => _lanes[0].Count + _lanes[1].Count + _lanes[2].Count == 0;

    /// <summary>Takes a copy of a frame. False where its class is full.</summary>
    public bool TryEnqueue(Instant now, RelayClass of, ReadOnlySpan<byte> frame)
    {
        var lane = _lanes[of == RelayClass.Link ? 0 : (int)of];
        if ((lane.Count > 0 && now - lane.Frames.Peek().At > LongestWait) || lane.Bytes + frame.Length > MaxBytes)
        {
            return false;
        }

        var copy = ArrayPool<byte>.Shared.Rent(frame.Length);
        frame.CopyTo(copy);
        lane.Frames.Enqueue((copy, frame.Length, now));
        lane.Bytes += frame.Length;
        return true;
    }

    /// <summary>The most urgent frame that waits; <see cref="Drop"/> takes it away.</summary>
    public bool TryPeek(out ReadOnlySpan<byte> frame)
    {
        foreach (var lane in _lanes)
        {
            if (lane.Frames.TryPeek(out var first))
            {
                frame = first.Bytes.AsSpan(0, first.Length);
                return true;
            }
        }

        frame = default;
        return false;
    }

    /// <summary>Takes the frame of <see cref="TryPeek"/> away.</summary>
    public void Drop()
    {
        foreach (var lane in _lanes)
        {
            if (lane.Frames.TryDequeue(out var first))
            {
                lane.Bytes -= first.Length;
                ArrayPool<byte>.Shared.Return(first.Bytes);
                return;
            }
        }
    }

    private sealed class Lane
    {
        public Queue<(byte[] Bytes, int Length, Instant At)> Frames { get; } = new();

        public int Bytes { get; set; }

        public int Count => Frames.Count;
    }
}
