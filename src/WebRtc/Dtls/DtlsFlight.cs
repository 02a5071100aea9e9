namespace Overlay.WebRtc.Dtls;

/// <summary>The last flight of handshake messages we sent: cut into datagrams, kept until the peer has answered it.</summary>
/// <remarks>
/// A flight comes in one or more copies that libssl made in advance, equal but for their record numbers. A peer drops a record number it has
/// seen (RFC 6347 §4.1.2.6), and a server that has finished answers only a Finished that is new to it, so sending the same bytes again would
/// never bring its lost last flight back. After the last copy the same bytes are all there is, which still cures a loss on the way there.
/// </remarks>
internal sealed class DtlsFlight
{
    /// <summary>Far more than a certificate of any sensible size with all its copies.</summary>
    public const int MaxBytes = 64 * 1024;

    private readonly List<int> _copyStarts = [];
    private byte[] _bytes = [];
    private int _copy;
    private int _cursor;
    private int _end;

    /// <summary>Whether there is anything to send again.</summary>
    public bool IsEmpty => _bytes.Length == 0;

    /// <summary>Whether datagrams wait to be taken.</summary>
    public bool IsPending => _cursor < _end;

    /// <summary>Replaces the flight by libssl's newest output and makes its first copy pending.</summary>
    public void Replace(ReadOnlySpan<byte> records)
    {
        _bytes = records.ToArray();
        _copyStarts.Clear();
        _copyStarts.Add(0);
        FindCopies();
        _copy = 0;
        MakePending();
    }

    /// <summary>Adds output that is not part of a flight (an alert) behind what is pending.</summary>
    public void Append(ReadOnlySpan<byte> records)
    {
        var pending = _bytes.AsSpan(_cursor.._end);
        var joined = new byte[pending.Length + records.Length];
        pending.CopyTo(joined);
        records.CopyTo(joined.AsSpan(pending.Length));
        Clear();
        (_bytes, _end) = (joined, joined.Length);
        _copyStarts.Add(0);
    }

    /// <summary>Makes the next copy pending.</summary>
    public void SendAgain()
    {
        _copy = Math.Min(_copy + 1, _copyStarts.Count - 1);
        MakePending();
    }

    /// <summary>The peer has answered: nothing is to be sent again.</summary>
    public void Clear()
    {
        _bytes = [];
        _copyStarts.Clear();
        _copy = _cursor = _end = 0;
    }

    /// <summary>Takes as many whole records as fit into one datagram, at least one.</summary>
    public bool TryTake(Span<byte> buffer, int packetSize, out int length)
    {
        length = 0;
        var limit = Math.Min(buffer.Length, packetSize);
        var records = new DtlsRecords(_bytes.AsSpan(_cursor.._end));
        while (records.MoveNext() && (length == 0 || length + records.Length <= limit))
        {
            length += records.Length;
        }

        if (length == 0 || length > buffer.Length)
        {
            _cursor = _end; // A record longer than the caller's buffer cannot leave; the peer will ask again.
            return false;
        }

        _bytes.AsSpan(_cursor, length).CopyTo(buffer);
        _cursor += length;
        return true;
    }

    /// <summary>A copy begins wherever the first message of the first one begins again.</summary>
    private void FindCopies()
    {
        var records = new DtlsRecords(_bytes);
        var offset = 0;
        var first = -1;
        while (records.MoveNext())
        {
            if (records.TryGetMessage(out var sequence, out var fragmentOffset) && fragmentOffset == 0)
            {
                if (first < 0)
                {
                    first = sequence;
                }
                else if (sequence == first)
                {
                    _copyStarts.Add(offset);
                }
            }

            offset += records.Length;
        }
    }

    private void MakePending()
    {
        if (_copyStarts.Count > 0)
        {
            _cursor = _copyStarts[_copy];
            _end = _copy + 1 < _copyStarts.Count ? _copyStarts[_copy + 1] : _bytes.Length;
        }
    }
}
