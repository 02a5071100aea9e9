using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Peers;

/// <summary>The sending half of a stream to a peer: pieces in order, sent again until acknowledged, no more at a time than the way and the receiver bear.</summary>
/// <remarks>
/// A window after RFC 5681 and 6582 (slow start, one more piece a round trip, half of it after a loss noticed by three equal acknowledgements, one piece after a
/// silence) and a timer after RFC 6298, counted in pieces of at most <see cref="PeerBytes.MaxBytes"/>. Where the receiver has no room, a piece goes out
/// with each expiry all the same: the word that there is room again may be lost.
/// </remarks>
internal sealed class PeerSender
{
    /// <summary>Bytes that wait for their acknowledgement, sent or not.</summary>
    public const int MaxBuffered = 256 * 1024;

    /// <summary>How long nothing may be acknowledged before the peer is given up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int FirstWindow = 4;
    private const int MaxWindow = 64;
    private const int EqualAnswersOfALoss = 3;
    private static readonly TimeSpan FirstTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan MostTimeout = TimeSpan.FromSeconds(3);

    private readonly LinkedList<Piece> _pieces = [];
    private readonly Queue<Write> _writes = new(0);
    private LinkedListNode<Piece>? _unsent;
    private ulong _written;
    private ulong _acknowledged;
    private int _buffered;
    private int _inFlight;
    private ulong _mayReach = PeerReceiver.Window;
    private double _window = FirstWindow;
    private double _threshold = MaxWindow;
    private TimeSpan _mean;
    private TimeSpan _deviation;
    private TimeSpan _timeout = FirstTimeout;
    private Instant _expiresAt = Instant.Never;
    private Instant _progressAt;
    private int _equalAnswers;
    private ulong _reached;
    private ulong _lostUntil;
    private bool _isEnded;

    /// <summary>Whether nothing was ever written.</summary>
    public bool IsUntouched => _written == 0 && _writes.Count == 0;

    /// <summary>When to call <see cref="Advance"/> next.</summary>
    public Instant NextDue => _expiresAt;

    /// <summary>Whether nothing was acknowledged for <see cref="Patience"/> though something waits.</summary>
    public bool IsStuck(Instant now) => _pieces.Count > 0 && now - _progressAt >= Patience;

    /// <summary>Writes; the command ends when all of it is in the buffer.</summary>
    public bool TryWrite(Instant now, RequestId request, ReadOnlyMemory<byte> bytes, bool isLast)
    {
        if (_isEnded)
        {
            return false;
        }

        _isEnded = isLast;
        _writes.Enqueue(new Write(request, bytes, isLast));
        TakeWrites(now);
        return true;
    }

    /// <summary>Takes the next command that has ended.</summary>
    public bool TryTakeDone(out RequestId request)
    {
        if (_writes.TryPeek(out var write) && write.IsTaken)
        {
            request = _writes.Dequeue().Request;
            return true;
        }

        request = default;
        return false;
    }

    /// <summary>Takes the next command, ended or not: the stream is over.</summary>
    public bool TryTakeWaiting(out RequestId request)
    {
        request = default;
        if (_writes.TryDequeue(out var write))
        {
            request = write.Request;
            return true;
        }

        return false;
    }

    /// <summary>The next piece to send now, if the windows allow one.</summary>
    public bool TryTakePiece(Instant now, ulong bond, out PeerBytes bytes)
    {
        bytes = null!;
        if (_unsent is not { } next || _inFlight >= (int)_window || next.Value.End > _mayReach)
        {
            return false;
        }

        bytes = Send(now, bond, next.Value);
        _inFlight++;
        _unsent = next.Next;
        return true;
    }

    /// <summary>The receiver has everything before <paramref name="received"/>.</summary>
    /// <returns>The first piece, where it was lost.</returns>
    public PeerBytes? OnReceived(Instant now, ulong bond, PeerReceived received)
    {
        if (received.Offset > _written || received.Offset < _acknowledged || received.Window is < 0 or > PeerReceiver.Window)
        {
            return null;
        }

        var isNews = received.Offset > _acknowledged || received.Offset + (ulong)received.Window > _mayReach;
        _mayReach = Math.Max(_mayReach, received.Offset + (ulong)received.Window);
        _progressAt = now; // It lives, though it may have no room.
        if (received.Offset == _acknowledged)
        {
            if (isNews || _inFlight == 0 || ++_equalAnswers != EqualAnswersOfALoss)
            {
                return null;
            }

            _threshold = Math.Max(2, _window / 2);
            _window = _threshold;
            _lostUntil = _reached;
            return _pieces.First is { } first ? Send(now, bond, first.Value) : null;
        }

        Acknowledge(now, received.Offset);
        TakeWrites(now);
        return received.Offset < _lostUntil && _pieces.First is { } next && next != _unsent ? Send(now, bond, next.Value) : null; // A part only: the next one is lost, too (RFC 6582).
    }

    /// <summary>Time passed: what nobody acknowledged goes out again, one piece of it.</summary>
    public PeerBytes? Advance(Instant now, ulong bond)
    {
        if (_expiresAt > now)
        {
            return null;
        }

        if (_pieces.First is not { } first)
        {
            _expiresAt = Instant.Never;
            return null;
        }

        _timeout = _timeout * 2 < MostTimeout ? _timeout * 2 : MostTimeout;
        _threshold = Math.Max(2, _window / 2);
        _window = 1;
        (_inFlight, _equalAnswers) = (1, 0);
        _unsent = first.Next; // Everything behind it is sent anew as the window opens.
        return Send(now, bond, first.Value);
    }

    private void Acknowledge(Instant now, ulong offset)
    {
        while (_pieces.First is { } first && first.Value.End <= offset)
        {
            var piece = first.Value;
            if (_unsent == first)
            {
                _unsent = first.Next; // It was sent before a silence, and arrived.
            }
            else
            {
                _inFlight = Math.Max(0, _inFlight - 1);
            }

            if (piece.Sends == 1)
            {
                Measure(now - piece.SentAt); // Karn: of a piece sent twice nobody knows which one was answered.
            }

            _window = Math.Min(MaxWindow, _window + (_window < _threshold ? 1 : 1 / _window));
            _buffered -= piece.Bytes.Length;
            _pieces.RemoveFirst();
        }

        (_acknowledged, _equalAnswers) = (offset, 0);
        _timeout = Estimate(); // What was doubled in a silence holds until the silence ends.
        _expiresAt = _inFlight > 0 || _pieces.Count > 0 ? now + _timeout : Instant.Never;
    }

    private void Measure(TimeSpan trip)
    {
        if (_mean == TimeSpan.Zero)
        {
            (_mean, _deviation) = (trip, trip / 2);
        }
        else
        {
            _deviation = (_deviation * 0.75) + ((_mean - trip).Duration() * 0.25);
            _mean = (_mean * 0.875) + (trip * 0.125);
        }

    }

    private TimeSpan Estimate()
    {
        var timeout = _mean == TimeSpan.Zero ? FirstTimeout : _mean + (4 * _deviation);
        return timeout < LeastTimeout ? LeastTimeout : timeout > MostTimeout ? MostTimeout : timeout;
    }

    private void TakeWrites(Instant now)
    {
        foreach (var write in _writes)
        {
            while (!write.IsTaken && _buffered < MaxBuffered)
            {
                var bytes = write.Rest[..Math.Min(write.Rest.Length, PeerBytes.MaxBytes)];
                write.Rest = write.Rest[bytes.Length..];
                write.IsTaken = write.Rest.IsEmpty;
                if (bytes.Length > 0 || write.IsLast)
                {
                    Append(now, bytes, write.IsLast && write.IsTaken);
                }
            }

            if (!write.IsTaken)
            {
                break;
            }
        }
    }

    private void Append(Instant now, ReadOnlyMemory<byte> bytes, bool isLast)
    {
        if (_pieces.Count == 0)
        {
            (_progressAt, _expiresAt) = (now, now + _timeout);
        }

        _written += (ulong)bytes.Length + (isLast ? 1UL : 0); // The end takes one place in the stream, so that it can be acknowledged like a byte.
        _buffered += bytes.Length;
        if (_pieces.Last?.Value is { Sends: 0 } last && last.Bytes.Length + bytes.Length <= PeerBytes.MaxBytes)
        {
            last.Grow(bytes, isLast, _written); // Many small writes become few messages.
            return;
        }

        var added = _pieces.AddLast(new Piece(_written, bytes, isLast));
        _unsent ??= added;
    }

    private PeerBytes Send(Instant now, ulong bond, Piece piece)
    {
        (piece.SentAt, piece.Sends) = (now, piece.Sends + 1);
        _expiresAt = now + _timeout;
        _reached = Math.Max(_reached, piece.End);
        return new PeerBytes(bond, piece.Offset, piece.IsLast, piece.Bytes);
    }

    private sealed class Write(RequestId request, ReadOnlyMemory<byte> rest, bool isLast)
    {
        public RequestId Request { get; } = request;

        public ReadOnlyMemory<byte> Rest { get; set; } = rest;

        public bool IsLast { get; } = isLast;

        public bool IsTaken { get; set; }
    }

    private sealed class Piece(ulong end, ReadOnlyMemory<byte> bytes, bool isLast)
    {
        private byte[]? _own;

        public ulong Offset => End - (ulong)Bytes.Length - (IsLast ? 1UL : 0);

        public ulong End { get; private set; } = end;

        public ReadOnlyMemory<byte> Bytes { get; private set; } = bytes;

        public bool IsLast { get; private set; } = isLast;

        public Instant SentAt { get; set; }

        public int Sends { get; set; }

        public void Grow(ReadOnlyMemory<byte> more, bool isLast, ulong end)
        {
            var length = Bytes.Length;
            if (_own is null)
            {
                _own = new byte[PeerBytes.MaxBytes];
                Bytes.CopyTo(_own);
            }

            more.CopyTo(_own.AsMemory(length));
            (Bytes, IsLast, End) = (_own.AsMemory(0, length + more.Length), isLast, end);
        }
    }
}
