using Overlay.Messages;

namespace Overlay.Peers;

/// <summary>The receiving half of a stream from a peer: puts pieces in order and holds no more than the application lets it.</summary>
internal sealed class PeerReceiver
{
    /// <summary>Bytes that may lie here unread, in order or not.</summary>
    public const int Window = 256 * 1024;

    /// <summary>Pieces that may wait for one before them: what a window holds, were they all small.</summary>
    private const int MaxWaiting = 256;

    private readonly SortedList<ulong, (ReadOnlyMemory<byte> Bytes, bool IsLast)> _waiting = [];
    private ulong _next;
    private int _unread;
    private int _told = Window;

    /// <summary>Whether nothing ever came.</summary>
    public bool IsUntouched => _next == 0 && _waiting.Count == 0 && !IsEnded;

    /// <summary>Whether all of the stream is here.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Takes a piece that arrived; <paramref name="ready"/> receives what is in order now.</summary>
    public void Take(PeerBytes piece, Queue<ReadOnlyMemory<byte>> ready)
    {
        var end = piece.Offset + (ulong)piece.Bytes.Length;
        if (IsEnded || end < piece.Offset || end > _next + (ulong)(Window - _unread) || (end <= _next && !piece.IsLast))
        {
            return; // Known, or more than there is room for: the answer says how much there is.
        }

        if (piece.Offset > _next)
        {
            if (_waiting.Count < MaxWaiting)
            {
                _waiting.TryAdd(piece.Offset, (piece.Bytes.ToArray(), piece.IsLast));
            }

            return;
        }

        Append(piece.Offset, piece.Bytes, piece.IsLast, ready);
        while (!IsEnded && _waiting.Count > 0 && _waiting.GetKeyAtIndex(0) <= _next)
        {
            var (offset, (bytes, isLast)) = (_waiting.GetKeyAtIndex(0), _waiting.GetValueAtIndex(0));
            _waiting.RemoveAt(0);
            Append(offset, bytes, isLast, ready);
        }
    }

    /// <summary>What to tell the sender.</summary>
    public PeerReceived Acknowledge(ulong bond)
    {
        _told = Window - _unread;
        return new PeerReceived(bond, _next + (IsEnded ? 1UL : 0), _told);
    }

    /// <summary>The application has read.</summary>
    /// <returns>Whether the sender should hear that there is room again.</returns>
    public bool Read(int count)
    {
        _unread = Math.Max(0, _unread - count);
        return Window - _unread - _told >= Window / 4;
    }

    private void Append(ulong offset, ReadOnlyMemory<byte> bytes, bool isLast, Queue<ReadOnlyMemory<byte>> ready)
    {
        var known = (int)Math.Min(_next - offset, (ulong)bytes.Length);
        var fresh = bytes[known..];
        if (fresh.Length > 0)
        {
            ready.Enqueue(fresh);
        }

        _next += (ulong)fresh.Length;
        _unread += fresh.Length;
        IsEnded = isLast;
    }
}
