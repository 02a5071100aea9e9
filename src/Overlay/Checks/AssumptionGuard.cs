using Overlay.Ring;

namespace Overlay.Checks;

/// <summary>Answers whether a node may die now under the assumptions of the proof. Schedules ask it; the protocol never does.</summary>
/// <remarks>
/// Zave's model has no messages: a query and its effect are one step. Here an answer may be on its way, and the list in it counts as if it were adopted already:
/// a death must leave it a living entry, and whoever it skips is no principal that may be counted on.
/// </remarks>
public sealed class AssumptionGuard
{
    private readonly MemberRanks _ranks = new();
    private readonly List<int> _principals = [];

    /// <summary>Whether the death of <paramref name="victim"/> leaves every list, adopted or pending, a living entry, and r + 1 principals.</summary>
    public bool AllowsDeathOf(RingId victim, RingSnapshot snapshot, IReadOnlyList<PendingList> pending)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(pending);
        _ranks.Load(snapshot.Nodes, NodePhase.Member, without: victim);
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            var member = _ranks[rank];
            if (!HasLivingEntry(member.Successors))
            {
                return false;
            }

            _ranks.SkipPairsOf(member.Id, member.Successors);
        }

        for (var index = 0; index < pending.Count; index++)
        {
            if (pending[index].Owner != victim)
            {
                if (!HasLivingEntry(pending[index].Entries))
                {
                    return false;
                }

                _ranks.SkipPairsOf(pending[index].Owner, pending[index].Entries);
            }
        }

        _ranks.CollectPrincipals(_principals);
        return _principals.Count > snapshot.SuccessorListLength;
    }

    private bool HasLivingEntry(IReadOnlyList<RingId> list)
    {
        for (var index = 0; index < list.Count; index++)
        {
            if (_ranks.RankOf(list[index]) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
