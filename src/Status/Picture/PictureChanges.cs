using Overlay.Ring;

namespace Overlay.Status.Picture;

/// <summary>What changed in a picture: whom to look up anew.</summary>
internal sealed class PictureChanges
{
    /// <summary>Members that came, changed or went.</summary>
    public HashSet<RingId> Members { get; private init; } = [];

    /// <summary>Links that came, changed or went.</summary>
    public HashSet<LinkEnds> Links { get; private init; } = [];

    /// <summary>What happened, the oldest first; bounded like the picture's own list.</summary>
    public List<PictureEvent> Events { get; private init; } = [];

    /// <summary>Whether a number about the whole changed.</summary>
    public bool Totals { get; set; }

    public void Add(PictureEvent happened)
    {
        if (Events.Count == NetworkPicture.MaxEvents)
        {
            Events.RemoveAt(0);
        }

        Events.Add(happened);
    }

    /// <summary>The changes so far, and begins anew; null where there are none.</summary>
    public PictureChanges? Take()
    {
        if (Members.Count == 0 && Links.Count == 0 && Events.Count == 0 && !Totals)
        {
            return null;
        }

        var taken = new PictureChanges { Members = [.. Members], Links = [.. Links], Events = [.. Events] };
        Members.Clear();
        Links.Clear();
        Events.Clear();
        Totals = false;
        return taken;
    }
}
