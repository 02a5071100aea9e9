using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Signalling;

// Hubs that are not in the host's list:  hub → KnownHubs → node;  member → KnownHubs → neighbour.   Who is responsible for a slot of one dials it like any other.
public sealed partial class HubSessions
{
    /// <summary>A listed hub that was met is dialled so often in vain before somebody's word of it is believed as well: it may have moved.</summary>
    private const int VainDials = 3;

    private LearnedHubs? _learned;

    /// <summary>Where hubs of the network can be dialled, as far as this node has heard: to be kept by the host.</summary>
    public IReadOnlyList<HubPlace> Places => _learned?.Places ?? [];

    /// <summary>Learned hubs are numbered after the list, the seeds and the node's own endpoint.</summary>
    private int FirstLearned => _hubCount + 1;

    /// <summary>What neighbours should be told, and over which session or link it came; null: nothing.</summary>
    public KnownHubs? TakeNews(out LinkId from)
    {
        from = _learned?.NewsFrom ?? default;
        return _learned?.TakeNews();
    }

    /// <summary>Somebody says where hubs are. What is not true, or not new, is left out.</summary>
    public void Learn(Instant now, IReadOnlyList<HubPlace> places, LinkId from)
    {
        ArgumentNullException.ThrowIfNull(places);
        var hasLearned = false;
        foreach (var place in places)
        {
            if (_rememberedKey is not null
                && _learned?.IsNews(place) != false
                && place.IsValid(_context.Signing, _rememberedKey, now.UnixMilliseconds / 1000))
            {
                (_learned ??= MakeLearned()).Learn(place, from);
                _context.Outbox.Observe(new Effect { Observation = Observation.HubLearned, Number = place.Number, Link = from, Detail = place });
                hasLearned = true;
            }
        }

        if (hasLearned && _context.IsMember)
        {
            JudgeSlots(now);
        }
    }

    private LearnedHubs MakeLearned()
    {
        var learned = new LearnedHubs(HubsWithSlots);
        foreach (var session in _sessions.AsSpan())
        {
            if (session is { State: HubState.Ready } && session.Hub < HubsWithSlots && session.Hello is { Delegation: null })
            {
                learned.Heard(session.Hub);
            }
        }

        return learned;
    }

    private bool IsLearned(HubSession session) => session.Hub >= FirstLearned;

    private HubPlace PlaceOf(HubSession session) => _learned!.Places[session.Hub - FirstLearned];

    private HubSession? SessionAt(int index) => _sessions is { } sessions && index < sessions.Length ? sessions[index] : null;

    /// <summary>Whether the hub is who it is said to be: a hub of that number, not a member that introduces.</summary>
    private bool IsWhoWasMeant(HubSession session, HubHello hello) =>
        !IsLearned(session) || (hello.Delegation is null && hello.HubNumber == PlaceOf(session).Number);

    /// <summary>Slots of a listed hub that this node is to hold.</summary>
    private int WantedOfListed(int index)
    {
        if (IsIntroducer(index))
        {
            return 0;
        }

        var number = NumberOf(index);
        return _learned is not null && SessionAt(index) is not { State: HubState.Ready } && IsMetElsewhere(index, number) ? 0 : SlotsOf(number);
    }

    /// <summary>The learned hubs: those that the list does not lead to.</summary>
    private void JudgeLearned(Instant now)
    {
        for (var at = 0; at < (_learned?.Places.Count ?? 0); at++)
        {
            var index = FirstLearned + at;
            var number = _learned!.Places[at].Number;
            JudgeSlots(now, index, IsListed(number) || IsMetElsewhere(index, number) ? 0 : SlotsOf(number));
        }
    }

    private bool IsListed(int number)
    {
        for (var index = 0; index < HubsWithSlots; index++)
        {
            if (!IsIntroducer(index) && _learned!.WasHeard(index) && NumberOf(index) == number && (SessionAt(index)?.Failures ?? 0) <= VainDials)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether another session leads to the hub of this number: a second one would push out the first.</summary>
    private bool IsMetElsewhere(int index, int number)
    {
        foreach (var session in _sessions.AsSpan())
        {
            if (session is { State: HubState.Ready, Hello: { Delegation: null } hello } && session.Hub != index && hello.HubNumber == number
                && (session.Hub < HubsWithSlots || IsLearned(session)))
            {
                return true;
            }
        }

        return false;
    }
}
