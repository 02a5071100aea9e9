using System.Globalization;
using Overlay.Ring;

namespace Overlay.Checks;

/// <summary>Judges a ring by a snapshot of it, apart from the code that made it.</summary>
/// <remarks>
/// <para><see cref="CheckInvariant"/> is the inductive invariant of the corrected Chord (Zave 2017, §5) with what it implies; it must hold after every change.
/// <see cref="CheckIdeal"/> is where the ring must arrive in quiet times. O(N r log N); buffers are reused, so keep one for each thread.</para>
/// <para>I1 and I2 can only break when more nodes die than the proof allows: those findings are marked as assumptions, and so is whatever follows from
/// them. What breaks while both hold is a bug.</para>
/// </remarks>
public sealed class RingChecker
{
    private readonly MemberRanks _ranks = new();
    private readonly List<int> _principals = [];
    private readonly List<RingFinding> _findings = [];
    private int[] _bestSuccessor = [];
    private int[] _visit = [];

    /// <summary>The invariant: what must hold after every change of ring state, once a ring runs.</summary>
    public RingVerdict CheckInvariant(RingSnapshot snapshot)
    {
        Begin(snapshot);
        CheckLists(snapshot);
        var owned = CheckOwners();
        if (RunsChord())
        {
            _ranks.Load(snapshot.Nodes, NodePhase.Member); // Whoever still founds beside the ring is a newcomer to it.
            CheckInduction(snapshot);
        }

        CheckDegrees(snapshot);
        return End(owned);
    }

    /// <summary>The ideal ring: exact lists, predecessors their inverse, every key owned exactly once.</summary>
    public RingVerdict CheckIdeal(RingSnapshot snapshot)
    {
        Begin(snapshot);
        CheckLists(snapshot);
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            CheckExact(snapshot, rank);
        }

        var owned = CheckOwners();
        if (owned < RingId.RingSize && _ranks.Count > 0)
        {
            Find(RingRule.NoGap, string.Create(CultureInfo.InvariantCulture, $"{100.0 * (RingId.RingSize - owned) / RingId.RingSize:F3} % of the keys have no owner{FirstGap()}"));
        }

        CheckDegrees(snapshot);
        return End(owned);
    }

    private void Begin(RingSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        _findings.Clear();
        _principals.Clear();
        _ranks.Load(snapshot.Nodes);
    }

    private RingVerdict End(ulong owned) => new([.. _findings], _ranks.Count, _principals.Count, RingId.RingSize - Math.Min(owned, RingId.RingSize));

    /// <summary>Whether the proof applies: there are members, and everyone alive that they list is one of them. On the way from founding to ring it does not yet.</summary>
    private bool RunsChord()
    {
        var runs = false;
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            if (_ranks[rank].Phase == NodePhase.Member)
            {
                runs = true;
                foreach (var entry in _ranks[rank].Successors)
                {
                    if (_ranks.RankOf(entry) is >= 0 and var listed && _ranks[listed].Phase == NodePhase.Founding)
                    {
                        return false;
                    }
                }
            }
        }

        return runs;
    }

    private void CheckLists(RingSnapshot snapshot)
    {
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            var member = _ranks[rank];
            var reached = 0UL;
            foreach (var entry in member.Successors)
            {
                var distance = member.Id.ClockwiseTo(entry);
                if (distance <= reached)
                {
                    var what = distance == 0 ? "itself" : $"{entry} out of order or twice";
                    Find(RingRule.ListOrder, $"{member.Id} lists {what}: {Text(member.Successors)}");
                    break;
                }

                reached = distance;
            }

            if (member.Successors.Count > snapshot.SuccessorListLength)
            {
                Find(RingRule.ListOrder, $"{member.Id} lists {member.Successors.Count} of at most {snapshot.SuccessorListLength}");
            }
        }
    }

    private void CheckInduction(RingSnapshot snapshot)
    {
        Room(ref _bestSuccessor);
        Room(ref _visit);
        var holds = true;
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            var member = _ranks[rank];
            _ranks.SkipPairsOf(member.Id, member.Successors);
            _bestSuccessor[rank] = BestSuccessor(member.Successors);
            if (_bestSuccessor[rank] < 0)
            {
                holds = false;
                Find(RingRule.LivingEntry, $"{member.Id} has no living member in its list {Text(member.Successors)}", isAssumption: true);
            }
        }

        _ranks.CollectPrincipals(_principals);
        if (_principals.Count <= snapshot.SuccessorListLength)
        {
            holds = false;
            Find(RingRule.Principals, $"{_principals.Count} principals of {_ranks.Count} members, r + 1 = {snapshot.SuccessorListLength + 1} are needed", isAssumption: true);
        }

        CheckCycle(!holds);
    }

    private int BestSuccessor(IReadOnlyList<RingId> list)
    {
        foreach (var entry in list)
        {
            if (_ranks.RankOf(entry) is >= 0 and var rank)
            {
                return rank;
            }
        }

        return -1;
    }

    /// <summary>One pass over best successors: every walk must end in the same cycle, which goes round once and holds all principals.</summary>
    private void CheckCycle(bool isAssumption)
    {
        Array.Clear(_visit, 0, _ranks.Count);
        var cycleStart = -1;
        for (var start = 0; start < _ranks.Count; start++)
        {
            var walk = start + 1;
            var at = start;
            while (at >= 0 && _visit[at] == 0)
            {
                _visit[at] = walk;
                at = _bestSuccessor[at];
            }

            if (at < 0)
            {
                continue; // Said already: no living entry.
            }

            if (_visit[at] == walk)
            {
                if (cycleStart >= 0)
                {
                    Find(RingRule.OneCycle, $"a second cycle through {_ranks[at].Id}, beside the one through {_ranks[cycleStart].Id}", isAssumption);
                }
                else
                {
                    cycleStart = at;
                }
            }
        }

        if (cycleStart < 0)
        {
            Find(RingRule.OneCycle, "no cycle of best successors", isAssumption);
            return;
        }

        CheckOneTurn(cycleStart, isAssumption);
    }

    private void CheckOneTurn(int cycleStart, bool isAssumption)
    {
        Array.Clear(_visit, 0, _ranks.Count);
        var turn = 0UL;
        var at = cycleStart;
        do
        {
            _visit[at] = 1;
            var next = _bestSuccessor[at];
            turn += next == at ? RingId.RingSize : _ranks[at].Id.ClockwiseTo(_ranks[next].Id);
            at = next;
        }
        while (at != cycleStart);

        if (turn != RingId.RingSize)
        {
            Find(RingRule.OrderedCycle, $"the cycle through {_ranks[cycleStart].Id} goes round {turn / RingId.RingSize} times", isAssumption);
        }

        foreach (var principal in _principals)
        {
            if (_visit[principal] == 0)
            {
                Find(RingRule.PrincipalOnCycle, $"principal {_ranks[principal].Id} is not on the cycle through {_ranks[cycleStart].Id}", isAssumption);
            }
        }
    }

    private void CheckExact(RingSnapshot snapshot, int rank)
    {
        var member = _ranks[rank];
        var expected = Math.Min(snapshot.SuccessorListLength, _ranks.Count - 1);
        for (var step = 1; step <= Math.Max(expected, member.Successors.Count); step++)
        {
            var due = _ranks[(rank + step) % _ranks.Count].Id;
            if (step > expected || member.Successors.Count < step || member.Successors[step - 1] != due)
            {
                var there = member.Successors.Count < step ? "nothing" : member.Successors[step - 1].ToString();
                Find(RingRule.ExactList, $"{member.Id} ({member.Phase}) lists {there} at place {step}{(step > expected ? " of " + expected : ", not " + due)}");
                break;
            }
        }

        RingId? before = _ranks.Count == 1 ? null : _ranks[(rank + _ranks.Count - 1) % _ranks.Count].Id;
        if (member.Predecessor != before)
        {
            Find(RingRule.ExactPredecessor, $"{member.Id} ({member.Phase}) has predecessor {member.Predecessor?.ToString() ?? "none"}, not {before?.ToString() ?? "none"}");
        }
    }

    /// <summary>Arcs end at their owners, so in order of owners each must begin at or after the last one's end. Returns the keys owned.</summary>
    private ulong CheckOwners()
    {
        var owned = 0UL;
        RingNodeState? first = null;
        RingNodeState? last = null;
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            var member = _ranks[rank];
            if (member.Arc is not { } arc)
            {
                continue;
            }

            owned += arc.Length;
            first ??= member;
            CheckPair(last, member, arc);
            last = member;
        }

        if (first is not null && last != first)
        {
            CheckPair(last, first, first.Arc!.Value);
        }

        return owned;
    }

    private void CheckPair(RingNodeState? lower, RingNodeState owner, in RingArc arc)
    {
        if (lower is not null && lower != owner && arc.Contains(lower.Id))
        {
            Find(RingRule.OneOwner, $"{owner.Id} owns {arc} and {lower.Id} owns {lower.Arc}");
        }
    }

    private string FirstGap()
    {
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            var member = _ranks[rank];
            var below = _ranks[(rank + _ranks.Count - 1) % _ranks.Count];
            if (member.Arc is not { } arc)
            {
                return $"; {member.Id} owns nothing";
            }

            if (arc.After != below.Id)
            {
                return $"; {member.Id} owns {arc}, the member before it is {below.Id}";
            }
        }

        return "";
    }

    private void CheckDegrees(RingSnapshot snapshot)
    {
        if (snapshot.MaxLinks <= 0)
        {
            return;
        }

        foreach (var node in snapshot.Nodes)
        {
            if (node.LinkCount > snapshot.MaxLinks)
            {
                Find(RingRule.Degree, $"{node.Id} holds {node.LinkCount} links, at most {snapshot.MaxLinks} are allowed");
            }
        }
    }

    private void Find(RingRule rule, string message, bool isAssumption = false) => _findings.Add(new(rule, message, isAssumption));

    private void Room(ref int[] array)
    {
        if (array.Length < _ranks.Count)
        {
            array = new int[_ranks.Count * 2];
        }
    }

    private static string Text(IReadOnlyList<RingId> list) => list.Count == 0 ? "[]" : "[" + string.Join(' ', list) + "]";
}
