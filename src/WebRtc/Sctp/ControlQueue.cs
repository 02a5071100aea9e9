namespace Overlay.WebRtc.Sctp;

/// <summary>Finished control chunks that wait for a packet: answers, errors, aborts.</summary>
/// <remarks>Bounded by <see cref="Capacity"/>. Each is an answer to something the peer will repeat, so what does not fit is dropped.</remarks>
internal sealed class ControlQueue(BufferPool pool)
{
    public const int Capacity = 32;

    private readonly Queue<Entry> _entries = new();

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Makes room for a chunk that goes out with <paramref name="tag"/>, in a packet of its own if <paramref name="alone"/>.</summary>
    /// <returns>False, and no room, when the queue is full.</returns>
    public bool TryAdd(int length, uint tag, bool alone, out Span<byte> chunk)
    {
        if (_entries.Count >= Capacity)
        {
            chunk = default;
            return false;
        }

        var buffer = pool.Rent(length);
        chunk = buffer.AsSpan(0, length);
        _entries.Enqueue(new Entry(buffer, length, tag, alone));
        return true;
    }

    /// <summary>Moves waiting chunks into the packet, as many as may share it.</summary>
    /// <param name="packet">The packet, which may hold chunks for <paramref name="tag"/> already.</param>
    /// <param name="tag">The tag of the association; replaced by that of the chunks, where they are for another.</param>
    /// <returns>Whether nothing else may go into this packet.</returns>
    public bool WriteInto(ref PacketWriter packet, ref uint tag)
    {
        while (_entries.TryPeek(out var entry))
        {
            var isOther = entry.IsAlone || entry.Tag != tag;
            if (isOther && !packet.IsEmpty)
            {
                return true;
            }

            if (!packet.TryReserve(entry.Length, out var target))
            {
                return true;
            }

            entry.Buffer.AsSpan(0, entry.Length).CopyTo(target);
            pool.Return(entry.Buffer);
            _entries.Dequeue();
            if (isOther)
            {
                tag = entry.Tag;
                return true;
            }
        }

        return false;
    }

    public void Clear()
    {
        while (_entries.TryDequeue(out var entry))
        {
            pool.Return(entry.Buffer);
        }
    }

    private readonly record struct Entry(byte[] Buffer, int Length, uint Tag, bool IsAlone);
}
