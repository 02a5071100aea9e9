using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

/// <summary>What lies in an arc and moves with it: the records of the directory.</summary>
public interface IArcContents
{
    /// <summary>
    /// Copies records whose keys lie in <paramref name="arc"/> into <paramref name="into"/>, those nearest its upper end first, at most <paramref name="max"/>.
    /// </summary>
    /// <returns>Where the copied part begins; the arc's own beginning when all are in.</returns>
    RingId CopyUpper(in RingArc arc, int max, ICollection<NameEntry> into);

    /// <summary>Takes over records that came with a grant; each is verified, the newest of a name stays.</summary>
    void Adopt(Instant now, IReadOnlyList<NameEntry> records);

    /// <summary>The records in <paramref name="arc"/> have arrived at their new keeper.</summary>
    void Forget(in RingArc arc);
}

/// <summary>Nothing lies anywhere.</summary>
public sealed class EmptyArcs : IArcContents
{
    /// <summary>The one instance.</summary>
    public static readonly EmptyArcs Instance = new();

    private EmptyArcs()
    {
    }

    public RingId CopyUpper(in RingArc arc, int max, ICollection<NameEntry> into) => arc.After;

    public void Adopt(Instant now, IReadOnlyList<NameEntry> records)
    {
        // There is no place for them.
    }

    public void Forget(in RingArc arc)
    {
        // There was nothing.
    }
}
