using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Signalling;

/// <summary>How far the session with a hub is.</summary>
internal enum HubState : byte
{
    Closed,

    /// <summary>The host dials.</summary>
    Dialling,

    /// <summary>The WebSocket is open, the hub has not said hello.</summary>
    Greeting,

    /// <summary>The hub's hello is here and its key is the right one.</summary>
    Ready,
}

/// <summary>What else than slots a member wants of a hub.</summary>
internal enum HubErrand : byte
{
    None,

    /// <summary>The right to introduce others.</summary>
    Delegation,

    /// <summary>Another life for its certificate, of a member that introduces.</summary>
    Renewal,

    /// <summary>Who the member is that introduces here: it may be on another ring.</summary>
    Meeting,
}

/// <summary>One hub of the list, and the session with it.</summary>
internal sealed class HubSession(int hub)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);

    private Backoff _backoff = new(FirstRetry, LongestRetry);

    /// <summary>Its place in the host's list.</summary>
    public int Hub { get; } = hub;

    /// <summary>The session's name, default while closed.</summary>
    public LinkId Id { get; private set; }

    public HubState State { get; private set; }

    /// <summary>Closed, not wanted, and nothing that went wrong is remembered: as good as new.</summary>
    public bool IsFresh => State == HubState.Closed && Wanted == 0 && Errand == HubErrand.None && Due == default && _backoff.Failures == 0;

    /// <summary>Times that it could not be reached or held since it served last.</summary>
    public int Failures => _backoff.Failures;

    /// <summary>The hub's hello of this session.</summary>
    public HubHello? Hello { get; private set; }

    /// <summary>While closed: not to be dialled before. While dialling or greeting: given up then.</summary>
    public Instant Due { get; private set; }

    /// <summary>Slots asked for in this session, as a bit for each; null: none yet.</summary>
    public int? Asked { get; set; }

    /// <summary>Slots that this node is responsible for, as a bit for each.</summary>
    public int Wanted { get; set; }

    /// <summary>What is to be asked of it besides.</summary>
    public HubErrand Errand { get; set; }

    /// <summary>Asked again not before this: another gateway was preferred.</summary>
    public Instant AskAfter { get; set; }

    /// <summary>Until then another member is known to claim the same slots, and is spoken with over this session, whoever holds them.</summary>
    public Instant ContestedUntil { get; set; }

    /// <summary>When something was sent last: a silent session is closed by the hub after 60 s.</summary>
    public Instant SentAt { get; set; }

    public void BecomeDialling(Instant now, LinkId id)
    {
        (Id, State, Hello, Asked, Due) = (id, HubState.Dialling, null, null, now + TimeSpan.FromSeconds(15));
    }

    public void BecomeGreeting(Instant now) => (State, Due) = (HubState.Greeting, now + TimeSpan.FromSeconds(5));

    public void BecomeReady(Instant now, HubHello hello)
    {
        (State, Hello, Due, SentAt) = (HubState.Ready, hello, Instant.Never, now);
    }

    /// <summary>It served: the next loss begins with a short delay again.</summary>
    public void Served() => _backoff.Reset();

    public void BecomeClosed(Instant now, ref Prng prng)
    {
        (Id, State, Hello, Asked) = (default, HubState.Closed, null, null);
        Due = now + _backoff.Next(ref prng);
    }

    /// <summary>Closed on purpose: may be opened again at once.</summary>
    public void BecomeIdle()
    {
        (Id, State, Hello, Asked, Due) = (default, HubState.Closed, null, null, default);
        _backoff.Reset();
    }
}
