using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>What a received TSN is to us.</summary>
internal enum TsnKind : byte
{
    /// <summary>The one after the cumulative TSN.</summary>
    Next,

    /// <summary>Ahead of it, within the window.</summary>
    Ahead,

    /// <summary>Seen before.</summary>
    Duplicate,

    /// <summary>Beyond <see cref="DataTracker.MaxAhead"/>: dropped, not acknowledged.</summary>
    TooFar,
}

/// <summary>Which TSNs have arrived, for the SACKs (RFC 9260 §6.2).</summary>
/// <remarks>Invariant: bits are set only above the cumulative TSN and at most <see cref="MaxAhead"/> from it, and never at the one right after it.</remarks>
internal sealed class DataTracker(Tsn initialTsn)
{
    /// <summary>TSNs kept ahead of the cumulative one. At 1,100 bytes each this is 18 MB, far above any window announced.</summary>
    public const int MaxAhead = 16_384;

    /// <summary>Duplicates remembered for the next SACK; more are counted by the statistics alone.</summary>
    private const int MaxDuplicates = 16;

    private readonly Tsn[] _duplicates = new Tsn[MaxDuplicates];
    private TsnBitmap? _ahead;
    private int _duplicateCount;
    private Tsn _highest = initialTsn.Previous;

    /// <summary>Everything up to and including this one has arrived or been given up by the peer.</summary>
    public Tsn CumulativeTsn { get; private set; } = initialTsn.Previous;

    public bool HasGaps => _highest.IsAfter(CumulativeTsn);

    public bool HasDuplicates => _duplicateCount > 0;

    public ReadOnlySpan<Tsn> Duplicates => _duplicates.AsSpan(0, _duplicateCount);

    public TsnKind Classify(Tsn tsn)
    {
        if (!tsn.IsAfter(CumulativeTsn))
        {
            return TsnKind.Duplicate;
        }

        var ahead = CumulativeTsn.DistanceTo(tsn);
        return ahead == 1 ? TsnKind.Next
            : ahead > MaxAhead ? TsnKind.TooFar
            : _ahead is not null && _ahead[tsn] ? TsnKind.Duplicate
            : TsnKind.Ahead;
    }

    /// <summary>A chunk of kind <see cref="TsnKind.Ahead"/> has been taken in.</summary>
    public void TakeAhead(Tsn tsn)
    {
        (_ahead ??= new TsnBitmap(MaxAhead)).Set(tsn);
        if (tsn.IsAfter(_highest))
        {
            _highest = tsn;
        }
    }

    /// <summary>The cumulative TSN moves over the next one, which has been taken in.</summary>
    public void Advance()
    {
        CumulativeTsn = CumulativeTsn.Next;
        _ahead?.Clear(CumulativeTsn);
        if (_highest.IsBefore(CumulativeTsn))
        {
            _highest = CumulativeTsn;
        }
    }

    /// <summary>Whether the TSN after the cumulative one has arrived already.</summary>
    public bool IsNextTaken() => HasGaps && _ahead![CumulativeTsn.Next];

    /// <summary>The peer has given up everything to <paramref name="newCumulative"/>, which is ahead (RFC 3758 §3.6).</summary>
    public void Forward(Tsn newCumulative)
    {
        if (CumulativeTsn.DistanceTo(newCumulative) >= MaxAhead)
        {
            _ahead?.ClearAll();
            CumulativeTsn = newCumulative;
            _highest = newCumulative;
            return;
        }

        while (CumulativeTsn != newCumulative)
        {
            Advance();
        }
    }

    public void NoteDuplicate(Tsn tsn)
    {
        if (_duplicateCount < MaxDuplicates)
        {
            _duplicates[_duplicateCount++] = tsn;
        }
    }

    /// <summary>A duplicate is reported once.</summary>
    public void ForgetDuplicates() => _duplicateCount = 0;

    /// <summary>The runs of TSNs that have arrived above the cumulative one, lowest first, as many as fit.</summary>
    public int CollectGapBlocks(Span<GapBlock> blocks)
    {
        var count = 0;
        var end = _highest.Next;
        var from = CumulativeTsn.Next;
        while (HasGaps && count < blocks.Length && _ahead!.TryFindSet(from, end, out var start))
        {
            _ahead.TryFindClear(start, end, out var after);
            blocks[count++] = new GapBlock((ushort)CumulativeTsn.DistanceTo(start), (ushort)CumulativeTsn.DistanceTo(after.Previous));
            from = after;
        }

        return count;
    }
}
