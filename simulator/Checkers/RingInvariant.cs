using Overlay.Effects;
using Overlay.Identity;
using Overlay.Ring;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Checkers;

/// <summary>The inductive invariant of the corrected Chord (Zave 2017, §5), kept up to date from change to change.</summary>
/// <remarks>
/// <para>A member is skipped by each adjacent pair of an extended list (owner first) that it lies strictly between; a principal is a member that nobody skips.
/// A changed list takes away the skips of its old pairs and adds those of the new: one look at the directory for each entry. Whoever joins or ends is looked for
/// in all lists, once. I1: every member has a living member in its list; I2: there are at least r + 1 principals.</para>
/// <para>The cycle needs no look of its own. Lists in order make every step from a member to its best successor go clockwise, and no such step passes a principal:
/// what stands before the best successor is dead, so the principal would lie between two neighbours of the list, which skip it. So with I1 and one principal
/// every walk meets every principal and comes home after one turn: one cycle, ordered, with all principals on it.</para>
/// <para>24 bytes and the list (8 bytes an entry) a node. Members that still found the network are outside of the proof.</para>
/// </remarks>
public sealed partial class RingInvariant
{
    private readonly World _world;
    private readonly int _length;
    private readonly Flags[] _flags;
    private readonly ulong[] _lists;
    private readonly byte[] _counts;
    private readonly int[] _skips;
    private readonly long[] _principalSince;
    private readonly Func<int, bool> _isMember;
    private readonly Func<int, bool> _isOwner;
    private readonly List<(int Node, TimeSpan After)> _demoted = [];
    private int _founding;

    /// <param name="world">What is looked at.</param>
    /// <param name="successorListLength">r, 1 … 255.</param>
    public RingInvariant(World world, int successorListLength)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successorListLength, byte.MaxValue);
        (_world, _length) = (world, successorListLength);
        var capacity = world.Capacity;
        _flags = new Flags[capacity];
        _lists = new ulong[capacity * successorListLength];
        _counts = new byte[capacity];
        _skips = new int[capacity];
        _principalSince = new long[capacity];
        _isMember = node => (_flags[node] & Flags.Member) != 0;
        _isOwner = node => (_flags[node] & Flags.Owner) != 0;
    }

    [Flags]
    private enum Flags : byte
    {
        None = 0,

        /// <summary>A member of the running ring.</summary>
        Member = 1,

        /// <summary>A member that still founds.</summary>
        Founding = 2,

        /// <summary>Answers for an arc.</summary>
        Owner = 4,

        /// <summary>Its arc reaches over the owner before it.</summary>
        Overlaps = 8,

        /// <summary>A member without a living member in its list.</summary>
        Cut = 16,

        /// <summary>Its list is out of order, or too long.</summary>
        Disordered = 32,
    }

    /// <summary>Members of the running ring.</summary>
    public int Members { get; private set; }

    /// <summary>Members that no extended list skips.</summary>
    public int Principals { get; private set; }

    /// <summary>Members with no living member in their lists: I1 is broken.</summary>
    public int CutMembers { get; private set; }

    /// <summary>Lists that are out of order, name a member twice or their owner, or are longer than r.</summary>
    public int DisorderedLists { get; private set; }

    /// <summary>Owners whose arc holds the owner before them: keys with two owners.</summary>
    public int Overlaps { get; private set; }

    /// <summary>Members that ceased to be principals by the last change though they live, and how long they were.</summary>
    public IReadOnlyList<(int Node, TimeSpan After)> Demoted => _demoted;

    /// <summary>Whether the proof applies: there are members, and none lists somebody alive who still founds.</summary>
    public bool RunsChord => Members > 0 && (_founding == 0 || !ListsFounders());

    /// <summary>Whether no two are at odds: every member is a principal, and no key has two owners.</summary>
    public bool IsSettled => Principals == Members && CutMembers == 0 && Overlaps == 0 && DisorderedLists == 0;

    /// <summary>Whether <paramref name="node"/> is a member of the running ring.</summary>
    public bool IsMember(int node) => _isMember(node);

    /// <summary>Whether <paramref name="node"/> has no living member in its list.</summary>
    public bool IsCut(int node) => (_flags[node] & Flags.Cut) != 0;

    /// <summary>Whether the list of <paramref name="node"/> is out of order.</summary>
    public bool IsDisordered(int node) => (_flags[node] & Flags.Disordered) != 0;

    /// <summary>Whether the arc of <paramref name="node"/> holds the owner before it.</summary>
    public bool IsOverlapping(int node) => (_flags[node] & Flags.Overlaps) != 0;

    /// <summary>The owner just before <paramref name="node"/>, or −1.</summary>
    public int OwnerBefore(int node) => _world.Directory.LastBefore(_world[node]!.Self.Id, _isOwner);

    /// <summary>The owner just after <paramref name="node"/>, or −1.</summary>
    public int OwnerAfter(int node) => _world.Directory.FirstFrom(_world[node]!.Self.Id.Plus(1), _isOwner);

    /// <summary>Takes all nodes as they are: for the beginning.</summary>
    public void Load()
    {
        for (var node = 0; node < _world.Numbers; node++)
        {
            var phase = PhaseOf(node);
            SetMember(node, phase == NodePhase.Member);
            SetFounding(node, phase == NodePhase.Founding);
            Store(node, phase == NodePhase.Member ? _world[node]!.Successors : []);
            JudgeOrder(node, phase);
        }

        for (var node = 0; node < _world.Numbers; node++)
        {
            Skip(node, 1);
            JudgeLife(node);
            JudgeArc(node);
        }
    }

    /// <summary>Something about <paramref name="node"/>, which lives, may have changed.</summary>
    public void Update(int node)
    {
        _demoted.Clear();
        var phase = PhaseOf(node);
        var wasMember = _isMember(node);
        var isMember = phase == NodePhase.Member;
        SetFounding(node, phase == NodePhase.Founding);
        if (wasMember && !isMember)
        {
            Depart(node, _world[node]!.Self.Id);
        }
        else if (isMember && !(wasMember && HasStored(node, _world[node]!.Successors)))
        {
            Skip(node, -1);
            Store(node, _world[node]!.Successors);
            if (!wasMember)
            {
                Arrive(node);
            }

            Skip(node, 1);
            JudgeLife(node);
        }

        JudgeOrder(node, phase);
        JudgeArc(node);
    }

    /// <summary><paramref name="node"/>, which sat at <paramref name="id"/>, is no more.</summary>
    public void Ended(int node, RingId id)
    {
        _demoted.Clear();
        SetFounding(node, false);
        if (_isMember(node))
        {
            Depart(node, id);
        }

        DisorderedLists += Set(node, Flags.Disordered, false);
        Disown(node, id);
    }

    private NodePhase PhaseOf(int node) => _world.IsAlive(node) && _world[node]!.Self.Certificate is not null ? _world[node]!.Phase : NodePhase.Left;
}
