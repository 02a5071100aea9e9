using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Checkers;

/// <summary>How many members know their true neighbours, kept up to date at every change: the share of the ring that is right, and for how long it was not.</summary>
/// <remarks>On a tree a member is right when it is the root, or its parent lives and has it as its child. On a ring a member is right when its first successor and its predecessor are the next and the last member of the ring as it is. 1 byte a node.</remarks>
public sealed class RingHealth
{
    private const byte NoMember = 0;
    private const byte Wrong = 1;
    private const byte Right = 2;

    private readonly World _world;
    private readonly byte[] _states;
    private readonly Func<int, bool> _isMember;
    private readonly bool _isTree;
    private int _root = -1;
    private long _wrongSince;

    /// <param name="world">The world that is looked at.</param>
    /// <param name="capacity">Numbers that nodes may have.</param>
    /// <param name="topology">What the nodes build.</param>
    public RingHealth(World world, int capacity, Topology topology = Topology.Chord)
    {
        ArgumentNullException.ThrowIfNull(world);
        (_world, _states, _isTree) = (world, new byte[capacity], topology == Topology.Tree);
        _isMember = node => _states[node] != NoMember;
    }

    /// <summary>Nodes with a place on the ring.</summary>
    public int Members { get; private set; }

    /// <summary>Members with a wrong neighbour.</summary>
    public int WrongMembers { get; private set; }

    /// <summary>Whether all members stand in one correct ring.</summary>
    public bool IsCorrect => WrongMembers == 0;

    /// <summary>The share of members that are right, 0 … 1.</summary>
    public double Share => Members == 0 ? 1 : 1 - ((double)WrongMembers / Members);

    /// <summary>The next member at or after a key: who owns it, if all are right. −1 where there is none.</summary>
    public int OwnerOf(Ring.RingId key) => _isTree ? EndOfWalk(key) : _world.Directory.FirstFrom(key, _isMember);

    /// <summary>Where the walk from the root of the latest reign ends, by what the nodes hold now; −1 where there is no root.</summary>
    private int EndOfWalk(Ring.RingId key)
    {
        if (_root < 0 || _world[_root]?.Tree is not { IsRoot: true })
        {
            _root = -1;
            for (var node = 0; node < _states.Length; node++)
            {
                if (_states[node] != NoMember && _world[node]?.Tree is { IsRoot: true } tree && (_root < 0 || tree.Clock > _world[_root]!.Tree!.Clock))
                {
                    _root = node;
                }
            }
        }

        var at = _root;
        while (at >= 0 && _world[at]?.Tree is { } tree && tree.TryWalk(key, out var next))
        {
            at = _world.Directory.Find(next);
        }

        return at >= 0 && _world[at]?.Tree is { IsGathering: true } ? -1 : at;
    }

    private void JudgeInTree(int node)
    {
        var isRight = _world[node]!.Tree is { } tree && (tree.IsRoot
            || (tree.Parent is { } parent && _world.Directory.Find(parent.Id) is >= 0 and var above && _world[above]?.Tree?.IsNeighbour(_world[node]!.Self.Id) == true));
        Set(node, isRight ? Right : Wrong);
    }

    /// <summary>Something about <paramref name="node"/> may have changed. Returns for how long the ring was wrong, in ticks, where it is right again now; else −1.</summary>
    public long Update(int node)
    {
        var wasCorrect = IsCorrect;
        var isMember = _world.IsMember(node) && _world[node]!.Self.Certificate is not null;
        if (isMember != (_states[node] != NoMember))
        {
            Set(node, isMember ? Wrong : NoMember);
            JudgeAround(_world[node]!.Self.Id);
        }

        if (isMember)
        {
            Judge(node);
        }

        return Note(wasCorrect);
    }

    /// <summary><paramref name="node"/>, which sat at <paramref name="id"/>, is no more.</summary>
    /// <inheritdoc cref="Update"/>
    public long Ended(int node, Ring.RingId id)
    {
        var wasCorrect = IsCorrect;
        if (_states[node] != NoMember)
        {
            Set(node, NoMember);
            JudgeAround(id);
        }

        return Note(wasCorrect);
    }

    private long Note(bool wasCorrect)
    {
        if (wasCorrect && !IsCorrect)
        {
            _wrongSince = _world.Ticks;
        }

        return !wasCorrect && IsCorrect ? _world.Ticks - _wrongSince : -1;
    }

    private void JudgeAround(Ring.RingId id)
    {
        if (Members > 0 && !_isTree)
        {
            Judge(_world.Directory.FirstFrom(id.Plus(1), _isMember));
            Judge(_world.Directory.LastBefore(id, _isMember));
        }
    }

    private void Judge(int node)
    {
        if (_isTree)
        {
            JudgeInTree(node);
            return;
        }

        var tables = _world[node]!;
        var id = tables.Self.Id;
        var next = _world.Directory.FirstFrom(id.Plus(1), _isMember);
        var last = _world.Directory.LastBefore(id, _isMember);
        var isRight = Members == 1
            ? tables.Successors.Length == 0 || tables.Successors[0].Id == id
            : tables.Successors.Length > 0 && tables.Successors[0].Id == _world[next]!.Self.Id && tables.Predecessor?.Id == _world[last]!.Self.Id;
        Set(node, isRight ? Right : Wrong);
    }

    private void Set(int node, byte state)
    {
        Members += (state != NoMember ? 1 : 0) - (_states[node] != NoMember ? 1 : 0);
        WrongMembers += (state == Wrong ? 1 : 0) - (_states[node] == Wrong ? 1 : 0);
        _states[node] = state;
    }
}
