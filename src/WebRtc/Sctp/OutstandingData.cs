using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>One DATA chunk that has a TSN and is not covered by the peer's cumulative TSN.</summary>
internal struct OutstandingChunk
{
    public OutgoingMessage Message;
    public int Offset;
    public int Length;
    public DataFlags Flags;

    /// <summary>Counted as under way: sent, neither acknowledged nor found lost.</summary>
    public bool InFlight;

    /// <summary>Part of a message that was given up.</summary>
    public bool Abandoned;

    /// <summary>SACKs that acknowledged later chunks and not this one (RFC 9260 §7.2.4).</summary>
    public byte MissingReports;

    public int Transmissions;
    public Instant SentAt;

    /// <summary>The next fresh TSN when this chunk was last sent: only chunks from there on were sent after it.</summary>
    public Tsn NextTsnWhenSent;

    /// <summary>What it weighs in the congestion window.</summary>
    public readonly int WireLength => Tlv.Padded(DataChunk.HeaderLength + Length);

    /// <summary>Whether its message is finished with it: the last fragment, or what stands for it after an abandonment.</summary>
    public readonly bool IsLast => (Flags & DataFlags.Ending) != 0;
}

/// <summary>The chunks between the peer's cumulative TSN and our next one, in a ring indexed by TSN.</summary>
/// <remarks>
/// Invariant: a chunk is in exactly one of these conditions: in flight, acknowledged by a gap block, lost (waiting to be sent again),
/// or abandoned. The bitmaps let a SACK skip what earlier ones have said, so its cost is that of what is new in it.
/// </remarks>
internal sealed class OutstandingData(Tsn initialTsn)
{
    /// <summary>Chunks at most; a gap block could name four times as many.</summary>
    public const int MaxChunks = 16_384;
    private const int InitialCapacity = 64;

    private OutstandingChunk[] _ring = new OutstandingChunk[InitialCapacity];
    private TsnBitmap _acknowledged = new(InitialCapacity);
    private TsnBitmap _lost = new(InitialCapacity);
    private Tsn _lostFrom = initialTsn;

    /// <summary>The peer has everything up to and including this one.</summary>
    public Tsn CumulativeTsnAck { get; private set; } = initialTsn.Previous;

    /// <summary>The TSN of the next new chunk.</summary>
    public Tsn NextTsn { get; private set; } = initialTsn;

    public int Count => (int)CumulativeTsnAck.Next.DistanceTo(NextTsn);

    public bool IsEmpty => NextTsn == CumulativeTsnAck.Next;

    public bool IsFull => Count >= MaxChunks;

    /// <summary>Bytes of chunks in flight, as the congestion window counts them.</summary>
    public long FlightBytes { get; private set; }

    /// <summary>Bytes of payload in flight, as the peer's window counts them.</summary>
    public long FlightPayloadBytes { get; private set; }

    public int LostCount { get; private set; }

    public TsnBitmap Acknowledged => _acknowledged;

    public ref OutstandingChunk this[Tsn tsn] => ref _ring[tsn.Value & (uint)(_ring.Length - 1)];

    /// <summary>Gives the next TSN to a new chunk.</summary>
    public ref OutstandingChunk Append(OutgoingMessage message, int offset, int length, DataFlags flags, out Tsn tsn)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        tsn = NextTsn;
        NextTsn = tsn.Next;
        ref var chunk = ref this[tsn];
        chunk = new OutstandingChunk { Message = message, Offset = offset, Length = length, Flags = flags };
        return ref chunk;
    }

    public void EnterFlight(Tsn tsn, Instant now)
    {
        ref var chunk = ref this[tsn];
        chunk.InFlight = true;
        chunk.Transmissions++;
        chunk.MissingReports = 0;
        chunk.SentAt = now;
        chunk.NextTsnWhenSent = NextTsn;
        FlightBytes += chunk.WireLength;
        FlightPayloadBytes += chunk.Length;
    }

    public void LeaveFlight(Tsn tsn)
    {
        ref var chunk = ref this[tsn];
        if (chunk.InFlight)
        {
            chunk.InFlight = false;
            FlightBytes -= chunk.WireLength;
            FlightPayloadBytes -= chunk.Length;
        }
    }

    /// <summary>A gap block names the chunk: it has arrived, but may still be thrown away by the peer (§6.2.1).</summary>
    public void Acknowledge(Tsn tsn)
    {
        LeaveFlight(tsn);
        ForgetLoss(tsn);
        _acknowledged.Set(tsn);
    }

    /// <summary>The peer has thrown away what it had acknowledged.</summary>
    public void Renege(Tsn tsn) => _acknowledged.Clear(tsn);

    public void Lose(Tsn tsn)
    {
        LeaveFlight(tsn);
        if (_lost[tsn])
        {
            return;
        }

        _lost.Set(tsn);
        LostCount++;
        if (LostCount == 1 || tsn.IsBefore(_lostFrom))
        {
            _lostFrom = tsn;
        }
    }

    public void ForgetLoss(Tsn tsn)
    {
        if (_lost[tsn])
        {
            _lost.Clear(tsn);
            LostCount--;
        }
    }

    /// <summary>The lowest TSN that waits to be sent again.</summary>
    public bool TryFindLost(out Tsn tsn)
    {
        tsn = default;
        if (LostCount == 0)
        {
            return false;
        }

        var from = _lostFrom.IsBefore(CumulativeTsnAck.Next) ? CumulativeTsnAck.Next : _lostFrom;
        var found = _lost.TryFindSet(from, NextTsn, out tsn);
        _lostFrom = tsn;
        return found;
    }

    /// <summary>The peer's cumulative TSN has moved over the lowest chunk, which the caller has finished with.</summary>
    public void RemoveFirst()
    {
        var tsn = CumulativeTsnAck.Next;
        LeaveFlight(tsn);
        ForgetLoss(tsn);
        _acknowledged.Clear(tsn);
        this[tsn] = default;
        CumulativeTsnAck = tsn;
    }

    /// <summary>An idle sender keeps only the smallest ring.</summary>
    public void Trim()
    {
        if (IsEmpty && _ring.Length > InitialCapacity)
        {
            _ring = new OutstandingChunk[InitialCapacity];
            _acknowledged = new TsnBitmap(InitialCapacity);
            _lost = new TsnBitmap(InitialCapacity);
        }
    }

    private void Grow()
    {
        var grown = new OutstandingChunk[_ring.Length * 2];
        for (var tsn = CumulativeTsnAck.Next; tsn != NextTsn; tsn = tsn.Next)
        {
            grown[tsn.Value & (uint)(grown.Length - 1)] = this[tsn];
        }

        _ring = grown;
        _acknowledged.Grow(grown.Length, CumulativeTsnAck.Next, NextTsn);
        _lost.Grow(grown.Length, CumulativeTsnAck.Next, NextTsn);
    }
}
