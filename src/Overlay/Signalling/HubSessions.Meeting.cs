using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Signalling;

// Rings that remember each other's introducing members only (mechanisms §3, §10): no hub sees both.
//   member → Attach(no slots) → a member that introduces;   back: OtherGateway(itself): the session stays open for their signals
// Whether it is on this ring is the ring's question (ChordRing.Compare).
public sealed partial class HubSessions
{
    /// <summary>
    /// Somebody of the network sees one of the introducing members so often, however many there are: each member waits for so long times their number, within bounds.
    /// </summary>
    private static readonly TimeSpan MeetingGap = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestMeetingPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestMeetingPeriod = TimeSpan.FromHours(1);

    /// <summary>The introducing member that was seen is on this ring, or nobody whom a link is wanted to: its session is not needed any more.</summary>
    public void EndMeeting(Instant now)
    {
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is { Errand: HubErrand.Meeting, State: HubState.Ready } && hub.Id == _otherBy)
            {
                hub.ContestedUntil = now;
                EndErrand(hub);
            }
        }
    }

    /// <summary>Places remembered or listed at which members introduce, as far as is known.</summary>
    private bool RemembersIntroducers => _introductions is { } known && (known.Start.Seeds > 0 || known.HasIntroducer);

    private TimeSpan MeetingPeriod
    {
        get
        {
            var period = MeetingGap * Math.Clamp(_context.RoughSize, 1, 10_000);
            return period < ShortestMeetingPeriod ? ShortestMeetingPeriod : period > LongestMeetingPeriod ? LongestMeetingPeriod : period;
        }
    }

    /// <summary>At any moment of the first period: networks do not begin their rounds together.</summary>
    private void PlanToMeet(Instant now)
    {
        if (!_isGuest && _context.Tree is null && RemembersIntroducers && _introductions!.MeetAt == Instant.Never)
        {
            _introductions.MeetAt = now + _context.Prng.Between(TimeSpan.Zero, MeetingPeriod);
        }
    }

    private void Meet(Instant now)
    {
        var introductions = _introductions!;
        var period = MeetingPeriod;
        introductions.MeetAt = now + _context.Prng.Between(period / 2, period * 1.5);
        if (_isNewcomer || _context.Phase is not (NodePhase.Member or NodePhase.Founding) || _context.OwnsNothingYet)
        {
            return;
        }

        var first = _context.Prng.Next(_hubCount);
        for (var at = 0; at < _hubCount; at++)
        {
            var number = (first + at) % _hubCount;
            if ((number >= introductions.Hubs || introductions.IsIntroducer(number)) && SessionAt(number) is null or { State: HubState.Closed, Errand: HubErrand.None })
            {
                BeginErrand(now, number, HubErrand.Meeting);
                return;
            }
        }
    }

    private void AskWhoIntroduces(Instant now, HubSession hub)
    {
        hub.ContestedUntil = now + ContestTime;
        _courier.SendToHub(now, hub.Id, HubProofs.SignAttach(_context.Signing, hub.Hello!, _context.Self.Certificate, _context.Self.Instance, []));
    }

    private void LeaveMeetings()
    {
        foreach (var hub in _sessions.AsSpan())
        {
            if (hub is { Errand: HubErrand.Meeting })
            {
                hub.Errand = HubErrand.None;
                Close(hub);
            }
        }
    }
}
