using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Signalling;

// A member that introduces others:  member → AskDelegation → hub;  hub → Delegated → member.   Its own endpoint is a hub to it, all of whose slots it holds.
// Any member, when no hub renews its certificate:  member → Admit(certificate) → a member that introduces;  back: Admitted(another life, the same id).
public sealed partial class HubSessions
{
    /// <summary>A delegate shows itself to a hub so often: the hub tells newcomers of it, and may have lost its memory meanwhile.</summary>
    private static readonly TimeSpan AnnouncePeriod = TimeSpan.FromMinutes(10);

    /// <summary>No hub answered, or one refused: asked again after that.</summary>
    private static readonly TimeSpan AskRetry = TimeSpan.FromSeconds(30);

    private Introductions? _introductions;

    /// <summary>What a hub granted to this node: to be kept across restarts.</summary>
    public Delegation? Delegation => _introductions?.Delegation;

    /// <summary>Hubs whose slots belong to whoever the ring says: not those at which members introduce.</summary>
    private int HubsWithSlots => _introductions?.Hubs ?? _hubCount;

    private bool Introduces => _introductions is { Start.Introduces: true };

    /// <summary>The host has opened this node's own endpoint: it is a seed as soon as it is a member.</summary>
    public void EndpointOpened(Instant now)
    {
        if (Introduces && _introductions is { IsOpen: false } own)
        {
            own.IsOpen = true;
            JudgeSlots(now);
        }
    }

    private bool IsIntroducer(int number) => number < FirstLearned && _introductions is { } known && known.IsIntroducer(number);

    /// <summary>Whether the hub's word about its delegation can be believed; who is none of a hub's delegates introduces nobody.</summary>
    private bool IsCredible(Instant now, HubHello hello) =>
        hello.Delegation is not { } delegation
        || (now.UnixMilliseconds / 1000 <= delegation.NotAfter && delegation.IsValid(_context.Signing, hello.HubKey.Span));

    /// <summary>A member introduces here, or a hub stands here now: noted for the time when slots are judged.</summary>
    private void NoteSpeaker(HubSession hub, HubHello hello)
    {
        if (!IsLearned(hub) && (hello.Delegation is not null || _introductions is not null))
        {
            (_introductions ??= new(_hubCount, NodeIntroductions.None)).NoteIntroducer(hub.Hub, hello.Delegation is not null);
        }
    }

    /// <summary>The certificate to show, so that whoever admits this node leaves it its id: not needed where only a hub ever drew that.</summary>
    private NodeCertificate? CertificateToShow(HubHello hello) =>
        _introductions is null && hello.Delegation is null ? null : _context.Self.Certificate ?? _introductions?.Start.Certificate;

    /// <summary>The node's own endpoint: all of its slots, while there is a place on the ring to introduce to.</summary>
    private void JudgeOwnSlots(Instant now)
    {
        if (_introductions is { IsOpen: true } own)
        {
            JudgeSlots(now, own.OwnHub, _context.Phase is NodePhase.Member or NodePhase.Founding ? Attach.AllSlots : 0);
        }
    }

    private void LeaveOwnEndpoint()
    {
        if (_introductions is { IsOpen: true } own && _sessions?[own.OwnHub] is { } session)
        {
            session.Wanted = 0;
            Close(session); // Nobody is introduced by somebody without a place; whoever is there already tries the next.
        }
    }

    /// <summary>A member that introduces sees a hub about it; soon after it became one, and then now and again.</summary>
    private void PlanToAsk(Instant now)
    {
        if (Introduces && _introductions!.AskAt == Instant.Never)
        {
            _introductions.AskAt = now;
        }
    }

    private void AskDelegation(Instant now)
    {
        var introductions = _introductions!;
        introductions.AskAt = now + AskRetry;
        if (_isNewcomer || !_context.IsAdmitted)
        {
            return;
        }

        var all = introductions.Hubs + Places.Count;
        for (var tries = 0; tries < all; tries++)
        {
            var next = introductions.AskHub++ % all;
            var number = next < introductions.Hubs ? next : FirstLearned + next - introductions.Hubs;
            if (!IsIntroducer(number))
            {
                BeginErrand(now, number, HubErrand.Delegation);
                return;
            }
        }
    }

    private void BeginErrand(Instant now, int number, HubErrand errand)
    {
        var hub = SessionWith(number);
        hub.Errand = errand;
        if (hub.State == HubState.Ready)
        {
            RunErrand(now, hub);
        }
        else if (hub.State == HubState.Closed && hub.Due <= now)
        {
            Open(now, hub);
        }
    }

    /// <summary>The hub is there: what this node wanted of it is asked.</summary>
    private void RunErrand(Instant now, HubSession hub)
    {
        var hello = hub.Hello!;
        hub.SentAt = now;
        if (hub.Errand == HubErrand.Delegation && hello.Delegation is null)
        {
            var start = _introductions!.Start;
            _courier.SendToHub(
                now, hub.Id, HubProofs.SignAskDelegation(_context.Signing, hello, _context.Self.Certificate, _context.Self.Instance, _token, start.Address));
        }
        else if (hub.Errand == HubErrand.Renewal && hello.Delegation is not null)
        {
            _courier.SendToHub(
                now, hub.Id, HubProofs.SignAdmit(_context.Signing, hello, _context.Self.Instance, isGuest: true, _token, _context.Self.Certificate));
        }
        else if (hub.Errand == HubErrand.Meeting)
        {
            AskWhoIntroduces(now, hub);
        }
        else
        {
            EndErrand(hub);
        }
    }

    private void EndErrand(HubSession hub)
    {
        hub.Errand = HubErrand.None;
        if (hub.Wanted == 0 && !IsAdmitting(hub))
        {
            Close(hub);
        }
    }

    private void Delegated(Instant now, HubSession hub, Delegated delegated)
    {
        hub.Served();
        var delegation = delegated.Delegation;
        if (Introduces && delegation.Key.SequenceEqual(_context.Signing.PublicKey) && delegation.IsValid(_context.Signing, _rememberedKey))
        {
            _introductions!.AskAt = now + AnnouncePeriod;
            _introductions.Delegation = delegation;
            _context.Outbox.Observe(new Effect { Observation = Observation.Delegated, Link = hub.Id, Number = hub.Hello!.HubNumber, Detail = delegated });
        }

        EndErrand(hub); // After the host has heard, which knows the hub by its session.
    }

    /// <summary>The hub will not have this node introduce others: it says why, and asks again later.</summary>
    private void ErrandRefused(Instant now, HubSession hub, AdmitRefused refused)
    {
        if (hub.Errand == HubErrand.Delegation && _introductions is not null)
        {
            _introductions.AskAt = now + AnnouncePeriod;
        }

        if (hub.Errand != HubErrand.Meeting)
        {
            _context.Outbox.Observe(new Effect { Observation = Observation.DelegationRefused, Link = hub.Id, Detail = refused });
        }

        EndErrand(hub);
    }

    private void RenewedByIntroducer(Instant now, HubSession hub, NodeCertificate certificate)
    {
        ReceiveRenewed(now, new Renewed(certificate));
        hub.Served();
        EndErrand(hub);
    }

    /// <summary>No hub has renewed the certificate for a good part of its life: a member that introduces does it as well.</summary>
    private void RenewAtIntroducer(Instant now)
    {
        var own = _context.Self.Certificate;
        var isUrgent = now.UnixMilliseconds / 1000 > own.NotBefore + ((own.NotAfter - own.NotBefore) / 8 * 5);
        if (_introductions is not { } known || !isUrgent)
        {
            return;
        }

        var first = _context.Prng.Next(_hubCount);
        for (var at = 0; at < _hubCount; at++)
        {
            var number = (first + at) % _hubCount;
            if (known.IsIntroducer(number) || number >= known.Hubs)
            {
                BeginErrand(now, number, HubErrand.Renewal);
                return;
            }
        }
    }
}
