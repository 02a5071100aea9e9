using Overlay.Effects;
using Overlay.Time;

namespace Overlay.Links;

/// <summary>What is noted about few links at a time.</summary>
internal enum LinkNoteKind : byte
{
    /// <summary>Messages go out since then and nothing comes back, not even an acknowledgement.</summary>
    Unheard,

    /// <summary>Neither side needs the link since then.</summary>
    Unneeded,

    /// <summary>The last answer came late, or has not come yet.</summary>
    Slow,
}

// Times of links: the last sign of life of each, and what is noted about few.
public sealed partial class LinkTable
{
    /// <summary>Units of time, 2^4 × 100 ns.</summary>
    private const int StampShift = 4;

    /// <summary>The longest that a link may be silent before it is asked, whatever the options say: beyond, its age could not be told.</summary>
    internal static readonly TimeSpan LongestSilence = TimeSpan.FromHours(1);

    private Few<Note> _notes;
    private Few<Rate> _rates;

    /// <summary>The next link that neither side needs since <paramref name="before"/> or longer.</summary>
    internal bool TryFindUnneeded(Instant before, out Link link) => TryFindNote(LinkNoteKind.Unneeded, before, out link) >= 0;

    /// <summary>The next link over which nothing came back since <paramref name="before"/> or longer; its watch begins anew with its next use.</summary>
    internal bool TryTakeUnheard(Instant before, out Link link)
    {
        if (TryFindNote(LinkNoteKind.Unheard, before, out link) is not (>= 0 and var at))
        {
            return false;
        }

        _notes.RemoveAt(at);
        return true;
    }

    /// <summary>The earliest moment that <paramref name="kind"/> was noted of; <see cref="Instant.Never"/> where there is none.</summary>
    internal Instant FirstNote(LinkNoteKind kind)
    {
        Instant first = Moment.Never;
        for (var i = 0; i < _notes.Count; i++)
        {
            first = _notes[i].Kind == kind ? Instant.Min(first, _notes[i].Since) : first;
        }

        return first;
    }

    /// <summary>Notes since when <paramref name="kind"/> holds for a link. False where it was noted before.</summary>
    internal bool TryNote(Instant now, LinkId link, LinkNoteKind kind)
    {
        if (IndexOfNote(link, kind) >= 0)
        {
            return false;
        }

        _notes.Add(new(now, link.Value, kind));
        return true;
    }

    /// <summary>It holds no longer. Whether it did.</summary>
    internal bool TryForgetNote(LinkId link, LinkNoteKind kind)
    {
        if (IndexOfNote(link, kind) is not (>= 0 and var at))
        {
            return false;
        }

        _notes.RemoveAt(at);
        return true;
    }

    internal Instant HeardAt(Instant now, int at) => now + new TimeSpan(HeardTicksAt(now, at) - now.Ticks);

    /// <summary>When a link was heard last, in ticks of the monotonic clock.</summary>
    internal long HeardTicksAt(Instant now, int at)
    {
        var age = unchecked(StampOf(now) - _names[at].Heard);
        return ((now.Ticks >> StampShift) - age) << StampShift;
    }

    internal void RestartAt(Instant now, int at) => _names[at].Heard = StampOf(now);

    internal void HearAt(Instant now, int at)
    {
        RestartAt(now, at);
        if (_notes.Count > 0 && TryForgetNote(new(_names[at].Id), LinkNoteKind.Unheard))
        {
            TryForgetNote(new(_names[at].Id), LinkNoteKind.Slow); // It answered before anybody asked why it does not.
        }
    }

    internal bool TryBeginUseAt(Instant now, int at) =>
        _names[at].Heard != StampOf(now) && TryNote(now, new(_names[at].Id), LinkNoteKind.Unheard);

    internal bool TryTakeQuota(Instant now, LinkId link, int perSecond)
    {
        for (var i = _rates.Count - 1; i >= 0; i--)
        {
            if (_rates[i].Link == link.Value)
            {
                return _rates[i].Bucket.TryTake(now, perSecond);
            }

            if (_rates[i].Bucket.IsFull(now))
            {
                _rates.RemoveAt(i);
            }
        }

        var rate = new Rate { Link = link.Value };
        var isTaken = rate.Bucket.TryTake(now, perSecond);
        _rates.Add(rate);
        return isTaken;
    }

    private static uint StampOf(Instant now) => unchecked((uint)(now.Ticks >> StampShift));

    private int TryFindNote(LinkNoteKind kind, Instant before, out Link link)
    {
        link = default;
        for (var at = 0; at < _notes.Count; at++)
        {
            ref var note = ref _notes[at];
            if (note.Kind == kind && note.Since <= before)
            {
                link = new(this, new(note.Link), 0);
                return at;
            }
        }

        return -1;
    }

    private int IndexOfNote(LinkId link, LinkNoteKind kind)
    {
        for (var i = 0; i < _notes.Count; i++)
        {
            if (_notes[i].Link == link.Value && _notes[i].Kind == kind)
            {
                return i;
            }
        }

        return -1;
    }

    private void ForgetNotes(LinkId link)
    {
        TryForgetNote(link, LinkNoteKind.Unheard);
        TryForgetNote(link, LinkNoteKind.Unneeded);
        TryForgetNote(link, LinkNoteKind.Slow);
    }

    private readonly record struct Note(Moment Since, int Link, LinkNoteKind Kind);

    private struct Rate
    {
        public int Link;
        public TokenBucket Bucket;
    }
}
