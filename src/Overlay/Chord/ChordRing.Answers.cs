using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// What this node tells others about the ring; answering changes nothing.
public sealed partial class ChordRing
{
    /// <summary>How long a newcomer is told to wait while the network crosses from founding to ring, or back.</summary>
    private static readonly TimeSpan CrossingPause = TimeSpan.FromMilliseconds(500);

    /// <summary>The answer to a look-up for a key that this node is responsible for.</summary>
    public Owner OnFindOwner(Instant now, in Contact from, FindOwner question, byte hops = 0)
    {
        ArgumentNullException.ThrowIfNull(question);
        Heard(now, from);
        var isCrossing = Phase == NodePhase.Founding && Founding.AliveCount > _options.SuccessorListLength;
        var wait = IsMember && !isCrossing ? TimeSpan.Zero : CrossingPause;
        return new(
            question.Nonce,
            Phase,
            _port.Self.Descriptor,
            Predecessor?.Descriptor,
            question.Purpose == LookupPurpose.Finger ? [] : _successors.Described, // A finger is one node; its list would be most of the answer's bytes.
            Phase == NodePhase.Founding ? Founding.ToLiving() : [],
            question.Purpose == LookupPurpose.Join ? (int)wait.TotalMilliseconds : 0)
        {
            Hops = hops,
            Certificate = question.Certificate is null ? null : _port.Self.Certificate,
        };
    }

    /// <summary>The answer to a query of Join or Stabilize: <see cref="Neighbours"/>, or <see cref="SameNeighbours"/> where the asker has it all.</summary>
    public Payload OnGetNeighbours(Instant now, in Contact from, GetNeighbours question)
    {
        ArgumentNullException.ThrowIfNull(question);
        Heard(now, from);
        if (Phase == NodePhase.Rejoin && from.Id != _self)
        {
            Join.Hint = from; // It counts on this node as its successor: a good place to join again.
        }

        return IsKnownTo(from, question.Expected) ? new SameNeighbours(question.Nonce, Epoch, _arcs.ArcAfter) : MyNeighbours(question.Nonce);
    }

    /// <summary>Whether the asker would learn nothing of a whole answer: it is the predecessor, and its list goes on as this node's begins.</summary>
    private bool IsKnownTo(in Contact asker, uint expected)
    {
        var known = _successors.Capacity - 1; // The asker's own list begins with this node.
        return expected != 0
            && Phase == NodePhase.Member
            && Predecessor is { } predecessor && predecessor.Id == asker.Id && predecessor.Instance == asker.Instance
            && _successors.Count >= known
            && SuccessorList.DigestOf(_successors.Entries[..known]) == expected;
    }

    private Neighbours MyNeighbours(ulong nonce) =>
        new(nonce, Phase, Epoch, _port.Self.Descriptor, Predecessor?.Descriptor, _successors.Described, _arcs.ArcAfter);
}
