using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Rings;

// What the world does for its hosts: carries messages, makes links, confirms deaths.
public sealed partial class RingWorld
{
    private static readonly TimeSpan IdleLinkTime = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan HubPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HubPatience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<(int, int), RingLink> _links = [];
    private readonly Dictionary<(int From, int To), long> _lastArrival = [];
    private long _memberSeenAt;

    internal bool IsLinked(RingHost host, RingId id) => _numbers.TryGetValue(id, out var peer) && LinkOf(host.Number, peer) is { IsOpen: true };

    internal void Send(RingHost from, RingId to, Payload payload)
    {
        if (!_numbers.TryGetValue(to, out var peer) || peer == from.Number)
        {
            return;
        }

        if (LinkOf(from.Number, peer) is { IsOpen: true })
        {
            // A link keeps the order of its messages.
            var at = _now + _network.Delay(from.Number, peer, ref _random).Ticks;
            at = Math.Max(at, _lastArrival.GetValueOrDefault((from.Number, peer)) + 1);
            _lastArrival[(from.Number, peer)] = at;
            _events.Add(at, (int)EventKind.Deliver, peer, from.Number, payload);
        }
        else if (!IsLostOnTheWay())
        {
            _events.Add(_now + RouteDelay(from.Number, peer), (int)EventKind.Deliver, peer, from.Number, payload);
        }
    }

    internal void SendToResponsible(RingHost from, RingId key, Payload payload)
    {
        if (!IsLostOnTheWay())
        {
            _events.Add(_now + RouteDelay(from.Number, from.Number + 1), (int)EventKind.Route, from.Number, -1, new Routed(key, payload));
        }
    }

    internal void WantLink(RingHost host, in Contact to, LinkPurpose purpose)
    {
        var peer = _numbers[to.Id];
        var link = LinkOf(host.Number, peer);
        if (link is null)
        {
            link = new(Math.Min(host.Number, peer), Math.Max(host.Number, peer));
            _links.Add((link.Low, link.High), link);
        }

        link.Want(host.Number, purpose);
        if (link.IsOpen || link.IsSettingUp)
        {
            return;
        }

        link.IsSettingUp = true;
        link.Life++;
        var fails = !_hosts[peer].IsAlive || _random.Chance(_network.SetUpFailurePerMille, 1000);
        var takes = fails
            ? _random.Between(TimeSpan.FromSeconds(1), _options.LinkSetUpTimeout).Ticks
            : (3 * _network.Delay(host.Number, peer, ref _random).Ticks) + _random.Between(_network.SetUpFrom, _network.SetUpTo).Ticks;
        _events.Add(_now + takes, (int)(fails ? EventKind.LinkSetUpFailed : EventKind.LinkSetUp), host.Number, peer, link.Life);
    }

    internal void UnwantLink(RingHost host, RingId to, LinkPurpose purpose)
    {
        if (_numbers.TryGetValue(to, out var peer) && LinkOf(host.Number, peer) is { } link)
        {
            link.Unwant(host.Number, purpose);
            if (!link.IsWanted && link.IsOpen)
            {
                _events.Add(_now + IdleLinkTime.Ticks, (int)EventKind.LinkIdle, host.Number, peer, link.Life);
            }
        }
    }

    internal void Fetch(RingHost host, RingId from, ReadOnlySpan<Descriptor> descriptors)
    {
        if (_numbers.TryGetValue(from, out var peer) && _hosts[peer].IsAlive && !IsLostOnTheWay())
        {
            var takes = 2 * _network.Delay(host.Number, peer, ref _random).Ticks;
            _events.Add(_now + takes, (int)EventKind.Certificates, host.Number, peer, descriptors.ToArray());
        }
    }

    internal void Suspect(RingHost host, RingId id)
    {
        if (_numbers.TryGetValue(id, out var peer))
        {
            _events.Add(_now + _options.LoneSuspicionTimeout.Ticks, (int)EventKind.SuspicionOver, host.Number, peer);
        }
    }

    private void Perform(in SimulatedEvent next)
    {
        var host = _hosts[next.Node];
        if (next.Kind == (int)EventKind.HubLooks)
        {
            LookForMembers();
            return;
        }

        if (!host.IsAlive)
        {
            if ((EventKind)next.Kind is EventKind.LinkSetUp or EventKind.LinkSetUpFailed)
            {
                EndSetUp(host, _hosts[next.Peer], (int)next.Detail!, succeeds: false); // Whoever was offered the link hears of it too.
            }

            return;
        }

        switch ((EventKind)next.Kind)
        {
            case EventKind.WakeUp when next.Ticks >= host.WakeAt.Ticks:
                host.WakeAt = Time.Instant.Never;
                host.Ring.Advance(Now);
                break;
            case EventKind.Deliver:
                Deliver(host, _hosts[next.Peer], (Payload)next.Detail!);
                break;
            case EventKind.Route:
                DeliverToOwner(host, (Routed)next.Detail!);
                break;
            case EventKind.LinkSetUp or EventKind.LinkSetUpFailed:
                EndSetUp(host, _hosts[next.Peer], (int)next.Detail!, (EventKind)next.Kind == EventKind.LinkSetUp);
                break;
            case EventKind.LinkIdle:
                CloseIdle(host, _hosts[next.Peer], (int)next.Detail!);
                break;
            case EventKind.Certificates:
                foreach (var descriptor in (Descriptor[])next.Detail!)
                {
                    host.Know(descriptor.Id);
                }

                host.Ring.CertificatesArrived(Now);
                break;
            case EventKind.Detect:
                Detect(host, _hosts[next.Peer], (long)next.Detail!);
                break;
            case EventKind.SuspicionOver when !_hosts[next.Peer].IsAlive:
                host.Ring.PeerDied(Now, _hosts[next.Peer].Self.Id);
                break;
        }

        AfterStep(host);
    }

    /// <summary>The hub founds the network again where it has seen no member for a while (mechanisms §4).</summary>
    private void LookForMembers()
    {
        _events.Add(_now + HubPeriod.Ticks, (int)EventKind.HubLooks, 0);
        foreach (var number in _living)
        {
            if (_hosts[number].Ring.IsMember)
            {
                _memberSeenAt = _now;
                return;
            }
        }

        if (_living.Count > 0 && _now - _memberSeenAt >= HubPatience.Ticks)
        {
            var host = _hosts[_living[0]];
            host.Ring.Found(Now);
            AfterStep(host);
        }
    }

    private void Deliver(RingHost to, RingHost from, Payload payload)
    {
        var (ring, contact) = (to.Ring, from.Self);
        to.Know(contact.Id);
        switch (payload)
        {
            case GetNeighbours question:
                Send(to, contact.Id, ring.OnGetNeighbours(Now, contact, question));
                break;
            case Neighbours answer:
                ring.OnNeighbours(Now, contact, answer);
                break;
            case SameNeighbours same:
                ring.OnSameNeighbours(Now, contact, same);
                break;
            case Notify notify:
                ring.OnNotify(Now, contact, notify);
                break;
            case Owner answer:
                ring.OnOwner(Now, contact, answer);
                break;
            case Leaving leaving:
                ring.OnLeaving(Now, contact, leaving);
                break;
            case Grant grant:
                ring.OnGrant(Now, contact, grant);
                break;
            case Granted granted:
                ring.OnGranted(Now, contact, granted);
                break;
            case FoundingState state:
                ring.OnFoundingState(Now, contact, state);
                break;
        }
    }

    /// <summary>To the owner of the key or, where nobody owns it, to the member that would: the first one clockwise, where routing ends.</summary>
    private void DeliverToOwner(RingHost asker, Routed routed)
    {
        RingHost? owner = null;
        foreach (var number in _living)
        {
            var host = _hosts[number];
            if (host.Ring.Owns(routed.Key))
            {
                owner = host;
                break;
            }

            if (host.Ring.IsMember && (owner is null || routed.Key.ClockwiseTo(host.Self.Id) < routed.Key.ClockwiseTo(owner.Self.Id)))
            {
                owner = host;
            }
        }

        if (owner is null || routed.Payload is not FindOwner question)
        {
            return;
        }

        owner.Know(asker.Self.Id);
        var answer = owner.Ring.OnFindOwner(Now, asker.Self, question);
        if (owner == asker)
        {
            asker.Ring.OnOwner(Now, asker.Self, answer);
        }
        else
        {
            Send(owner, asker.Self.Id, answer);
        }
    }

    private void EndSetUp(RingHost host, RingHost peer, int life, bool succeeds)
    {
        var link = LinkOf(host.Number, peer.Number);
        if (link is null || link.Life != life || !link.IsSettingUp)
        {
            return;
        }

        link.IsSettingUp = false;
        if (succeeds && peer.IsAlive)
        {
            link.IsOpen = true;
            host.Know(peer.Self.Id);
            peer.Know(host.Self.Id);
            host.Ring.LinkUp(Now, peer.Self);
            AfterStep(host);
            peer.Ring.LinkUp(Now, host.Self);
            AfterStep(peer);
            return;
        }

        foreach (var (side, other) in new[] { (host, peer), (peer, host) })
        {
            if (side.IsAlive && link.IsWantedBy(side.Number))
            {
                link.ForgetWishesOf(side.Number);
                side.Ring.LinkFailed(Now, other.Self, LinkFailure.PhaseTimeout, []);
                AfterStep(side);
            }
        }
    }

    private void CloseIdle(RingHost host, RingHost peer, int life)
    {
        if (LinkOf(host.Number, peer.Number) is { IsOpen: true } link && link.Life == life && !link.IsWanted)
        {
            link.IsOpen = false;
            host.Ring.LinkDown(Now, peer.Self.Id);
            AfterStep(host);
            if (peer.IsAlive)
            {
                peer.Ring.LinkDown(Now, host.Self.Id);
                AfterStep(peer);
            }
        }
    }

    /// <summary>A ring neighbour's death is confirmed after some 2.5 s, another linked peer's after 12 to 20 s.</summary>
    private void Detect(RingHost host, RingHost dead, long diedAt)
    {
        var link = LinkOf(host.Number, dead.Number);
        if (link is not { IsOpen: true })
        {
            return;
        }

        var (successor, predecessor) = host.Ring.RingNeighbours;
        var isNeighbour = successor == dead.Self.Id || predecessor == dead.Self.Id;
        if (isNeighbour || _now - diedAt > TimeSpan.FromSeconds(12).Ticks)
        {
            link.IsOpen = false;
            host.Ring.LinkDown(Now, dead.Self.Id);
            host.Ring.PeerDied(Now, dead.Self.Id);
        }
        else
        {
            _events.Add(_now + _random.Between(TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(4)).Ticks, (int)EventKind.Detect, host.Number, dead.Number, diedAt);
        }
    }

    private void CutLinks(RingHost host, bool silently)
    {
        foreach (var link in _links.Values.ToArray()) // A neighbour that hears of it wishes for links of its own.
        {
            if (link.Low != host.Number && link.High != host.Number)
            {
                continue;
            }

            var peer = _hosts[link.Low == host.Number ? link.High : link.Low];
            link.ForgetWishesOf(host.Number);
            if (!link.IsOpen || !peer.IsAlive)
            {
                continue;
            }

            if (silently)
            {
                _events.Add(_now + _random.Between(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)).Ticks, (int)EventKind.Detect, peer.Number, host.Number, _now);
            }
            else
            {
                link.IsOpen = false;
                peer.Ring.LinkDown(Now, host.Self.Id);
                AfterStep(peer);
            }
        }
    }

    private RingLink? LinkOf(int left, int right) => _links.GetValueOrDefault((Math.Min(left, right), Math.Max(left, right)));

    private bool IsLostOnTheWay() => _random.Chance(_network.RouteLossPerMille, 1000);

    private long RouteDelay(int from, int to)
    {
        var total = TimeSpan.Zero;
        for (var hop = 1 + _random.Next(_network.MaxHops); hop > 0; hop--)
        {
            total += _network.Delay(from, to + hop, ref _random);
        }

        return total.Ticks;
    }
}
