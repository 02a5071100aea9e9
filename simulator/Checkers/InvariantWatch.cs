using Overlay.Effects;
using Overlay.Ring;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Checkers;

/// <summary>Tells faults of the protocol from broken assumptions, change by change.</summary>
/// <remarks>
/// <para>A death may cut a member off or leave too few principals; a node may be taken for dead that lives. The proof assumes that neither happens. Once it did, whatever
/// follows is counted as its consequence, until no member is wrong, skipped or at odds with another over a key.</para>
/// <para>What a node does itself must not break anything: it may not give up its last living entry, skip a principal, or claim keys of another. Zave's steps take no
/// time; here an answer travels, and who becomes a principal or dies meanwhile is unknown to it. So only what is older than an answer may be counts.</para>
/// </remarks>
public sealed class InvariantWatch
{
    /// <summary>More nodes than this are too many to be looked at one by one.</summary>
    public const int MaxNodes = 20_000;

    /// <summary>How long an answer may be on its way, with all its repetitions.</summary>
    private static readonly TimeSpan AnswerLife = TimeSpan.FromSeconds(30);

    private readonly World _world;
    private readonly RingHealth _health;
    private readonly RingInvariant _invariant;
    private readonly int _length;
    private readonly Dictionary<RingId, long> _deaths = [];
    private readonly Queue<(long At, RingId Id)> _deathsInOrder = new();
    private int _pauses;
    private bool _isLoaded;
    private bool _hadEnoughPrincipals;

    /// <param name="world">What is looked at.</param>
    /// <param name="health">Who knows its neighbours; updated before this.</param>
    /// <param name="successorListLength">r.</param>
    public InvariantWatch(World world, RingHealth health, int successorListLength)
    {
        ArgumentNullException.ThrowIfNull(world);
        (_world, _health, _length) = (world, health, successorListLength);
        _invariant = new RingInvariant(world, successorListLength);
    }

    /// <summary>The invariant as it stands.</summary>
    public RingInvariant Invariant => _invariant;

    /// <summary>Whether an assumption of the proof broke, and the ring was not whole since.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>Changes that were judged.</summary>
    public long Changes { get; private set; }

    /// <summary>Those of them that were judged while the ring was torn: nothing they do is a violation, but for a list out of order.</summary>
    public long TornChanges { get; private set; }

    /// <summary>Times that an assumption broke.</summary>
    public long BrokenAssumptions { get; private set; }

    /// <summary>Takes the world as it is: for the beginning.</summary>
    public void Load()
    {
        _isLoaded = true;
        _invariant.Load();
        _hadEnoughPrincipals = HasEnoughPrincipals;
    }

    /// <summary>The nodes concerned by the last fault, beside the one whose step it was.</summary>
    public IReadOnlyList<int> Concerned { get; private set; } = [];

    /// <summary>Nodes froze or the network parted, and whoever is suspected now may live; or all that is over, but for what it left.</summary>
    public void Paused(bool begins)
    {
        _pauses += begins ? 1 : -1;
        if (begins)
        {
            Break();
        }
    }

    /// <summary>Somebody took <paramref name="peer"/> for dead.</summary>
    public void Evicted(RingId peer)
    {
        if (_world.Directory.Find(peer) is >= 0 and var node && _world.IsMember(node))
        {
            Break();
        }
    }

    /// <summary>The tables of <paramref name="node"/> changed. What is wrong with that, or null.</summary>
    public string? Changed(int node)
    {
        if (!_isLoaded)
        {
            return null;
        }

        Concerned = [];
        var (wasCut, wasOverlapping) = (_invariant.IsCut(node), _invariant.Overlaps);
        var (wasMember, othersCut) = (_invariant.IsMember(node), _invariant.CutMembers);
        _invariant.Update(node);
        var isMember = _invariant.IsMember(node);
        string? fault = null;
        if (_invariant.IsDisordered(node))
        {
            fault = $"{_world.NameOf(node)} lists members out of order: {ListOf(node)}";
        }
        else if (wasMember && !isMember)
        {
            fault = _world[node]!.Phase == NodePhase.Rejoin && !wasCut && !IsTorn ? $"{_world.NameOf(node)} gave up all members that it listed" : null;
            NoteLosses(othersCut);
        }
        else if (isMember && !IsTorn && _invariant.RunsChord)
        {
            fault = FaultOfStep(node, wasCut, wasOverlapping);
        }

        return End(fault);
    }

    /// <summary><paramref name="node"/>, which sat at <paramref name="id"/>, is no more.</summary>
    public void Ended(int node, RingId id)
    {
        if (!_isLoaded)
        {
            return;
        }

        _deaths[id] = _world.Ticks;
        _deathsInOrder.Enqueue((_world.Ticks, id));
        while (_deathsInOrder.TryPeek(out var oldest) && oldest.At + AnswerLife.Ticks < _world.Ticks)
        {
            _deathsInOrder.Dequeue();
            if (_deaths.TryGetValue(oldest.Id, out var last) && last == oldest.At)
            {
                _deaths.Remove(oldest.Id);
            }
        }

        var cut = _invariant.CutMembers;
        _invariant.Ended(node, id);
        NoteLosses(cut);
        End(null);
    }

    private bool HasEnoughPrincipals => _invariant.Principals > _length;

    private string? End(string? fault)
    {
        Changes++;
        if (_hadEnoughPrincipals && !HasEnoughPrincipals)
        {
            Break(); // By deaths: whoever loses an old principal by a step was told above.
        }

        _hadEnoughPrincipals = HasEnoughPrincipals;
        if (IsTorn)
        {
            TornChanges++;
            IsTorn = _pauses > 0 || !_health.IsCorrect || !_invariant.IsSettled || !HasEnoughPrincipals;
        }

        return fault;
    }

    private void Break()
    {
        BrokenAssumptions++;
        IsTorn = true;
    }

    /// <summary>A death that cuts somebody off is one that the proof does not allow.</summary>
    private void NoteLosses(int cutBefore)
    {
        if (_invariant.CutMembers > cutBefore)
        {
            Break();
        }
    }

    private string? FaultOfStep(int node, bool wasCut, int overlapsBefore)
    {
        if (_invariant.IsCut(node) && !wasCut)
        {
            if (!ListsSomebodyJustDead(node))
            {
                return $"{_world.NameOf(node)} took a list without a living member: {ListOf(node)}";
            }

            Break(); // Whoever was alive when the answer left died meanwhile.
        }

        foreach (var (skipped, after) in _invariant.Demoted)
        {
            if (after > AnswerLife)
            {
                Concerned = [skipped];
                return $"{_world.NameOf(node)} skips {_world.NameOf(skipped)}, a principal for {after.TotalSeconds:F0} s: {ListOf(node)}";
            }
        }

        if (_invariant.Overlaps <= overlapsBefore)
        {
            return null;
        }

        var (last, next) = (_invariant.OwnerBefore(node), _invariant.OwnerAfter(node));
        Concerned = [last, next];
        return $"{_world.NameOf(node)} owns {_world[node]!.OwnedArc}, between {_world.NameOf(last)} with {_world[last]!.OwnedArc} and {_world.NameOf(next)} with {_world[next]!.OwnedArc}";
    }

    private bool ListsSomebodyJustDead(int node)
    {
        foreach (ref readonly var entry in _world[node]!.Successors)
        {
            if (_deaths.TryGetValue(entry.Id, out var at) && at + AnswerLife.Ticks >= _world.Ticks)
            {
                return true;
            }
        }

        return false;
    }

    private string ListOf(int node)
    {
        var ids = new List<RingId>();
        foreach (ref readonly var entry in _world[node]!.Successors)
        {
            ids.Add(entry.Id);
        }

        return "[" + string.Join(' ', ids) + "]";
    }
}
