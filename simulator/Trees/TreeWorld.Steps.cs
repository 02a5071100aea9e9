using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Simulator.Trees;

// What happens to a host.
public sealed partial class TreeWorld
{
    private void Perform(in Engine.SimulatedEvent next)
    {
        var host = _hosts[next.Node];
        if (!host.IsAlive && (EventKind)next.Kind != EventKind.HubLooks)
        {
            if ((EventKind)next.Kind is EventKind.LinkSetUp or EventKind.LinkSetUpFailed)
            {
                EndSetUp(host, _hosts[next.Peer], (int)next.Detail!, (EventKind)next.Kind == EventKind.LinkSetUp); // Whoever was offered the link hears of it too.
            }

            return;
        }

        switch ((EventKind)next.Kind)
        {
            case EventKind.HubLooks:
                LookForRoot();
                return;
            case EventKind.WakeUp when next.Ticks >= host.WakeAt.Ticks:
                host.WakeAt = Time.Instant.Never;
                host.Tree.Advance(Now);
                break;
            case EventKind.Deliver:
                Deliver(host, _hosts[next.Peer], (Carried)next.Detail!);
                break;
            case EventKind.LinkSetUp or EventKind.LinkSetUpFailed:
                EndSetUp(host, _hosts[next.Peer], (int)next.Detail!, (EventKind)next.Kind == EventKind.LinkSetUp);
                break;
            case EventKind.LinkIdle:
                CloseIdle(host, _hosts[next.Peer], (int)next.Detail!);
                break;
            case EventKind.LinkClosed when !IsLinked(host, _hosts[next.Peer].Self.Id):
                host.Tree.LinkDown(Now, _hosts[next.Peer].Self.Id);
                break;
            case EventKind.Certificates:
                foreach (var descriptor in (Descriptor[])next.Detail!)
                {
                    host.Know(descriptor.Id);
                }

                host.Tree.CertificatesArrived(Now);
                break;
            case EventKind.Detect:
                Detect(host, _hosts[next.Peer]);
                break;
            case EventKind.SuspicionOver when !_hosts[next.Peer].IsAlive:
                host.Tree.PeerDied(Now, _hosts[next.Peer].Self.Id);
                break;
        }

        AfterStep(host);
    }

    /// <summary>The hub appoints another root where it has seen none for a while, and tells two roots of each other (mechanisms §4).</summary>
    private void LookForRoot()
    {
        _events.Add(_now + HubPeriod.Ticks, (int)EventKind.HubLooks, 0);
        var root = Root;
        _rootSeenAt = root >= 0 ? _now : _rootSeenAt;
        if (_living.Count > 0 && _now - _rootSeenAt >= HubPatience.Ticks)
        {
            var host = _hosts[_living[0]];
            Appointments++;
            host.Tree.BecomeRoot(Now, host.Tree.Clock.Epoch + 1);
            AfterStep(host);
        }

        for (var i = 0; root >= 0 && i < _living.Count; i++)
        {
            var other = _hosts[_living[i]];
            if (other.Tree.IsRoot && other.Number != root)
            {
                other.Know(_hosts[root].Self.Id);
                other.Tree.MeetRoot(Now, _hosts[root].Self);
                AfterStep(other);
            }
        }
    }

    private void Deliver(TreeHost to, TreeHost from, Carried carried)
    {
        var (tree, contact) = (to.Tree, from.Self);
        to.Know(contact.Id);
        switch (carried.Payload)
        {
            case TreeJoin join:
                tree.OnJoin(Now, contact, carried.Via, join);
                break;
            case FindOwner question when tree.IsMember:
                Send(to, contact.Id, carried.Via, new Owner(question.Nonce, NodePhase.Member, to.Self.Descriptor, null, [], [], 0));
                break;
            case Owner owner:
                tree.OnOwner(Now, contact, owner);
                break;
            case Leaving:
                tree.PeerDied(Now, contact.Id, hasLeft: true);
                break;
            case TreeAttached { Verdict: TreeVerdict.Accepted } when tree.IsMember:
                Reattachments++;
                tree.Receive(Now, contact, carried.Payload);
                break;
            default:
                tree.Receive(Now, contact, carried.Payload);
                break;
        }
    }

    private void EndSetUp(TreeHost host, TreeHost peer, int life, bool succeeds)
    {
        var link = LinkOf(host.Number, peer.Number);
        if (link is null || link.Life != life || !link.IsSettingUp)
        {
            return;
        }

        link.IsSettingUp = false;
        if (succeeds && peer.IsAlive && host.IsAlive)
        {
            link.IsOpen = true;
            host.Links.Add(peer.Number);
            peer.Links.Add(host.Number);
            host.Know(peer.Self.Id);
            peer.Know(host.Self.Id);
            host.Tree.LinkUp(Now, peer.Self);
            AfterStep(host);
            peer.Tree.LinkUp(Now, host.Self);
            AfterStep(peer);
            return;
        }

        if (succeeds)
        {
            CountLink(host, -1); // One side died meanwhile.
            CountLink(peer, -1);
        }

        foreach (var (side, other) in new[] { (host, peer), (peer, host) })
        {
            if (side.IsAlive && link.WishOf(side.Number) != LinkPurpose.None)
            {
                link.WishOf(side.Number) = LinkPurpose.None;
                side.Tree.LinkFailed(Now, other.Self, LinkFailure.PhaseTimeout);
                AfterStep(side);
            }
        }
    }

    private void CloseIdle(TreeHost host, TreeHost peer, int life)
    {
        if (LinkOf(host.Number, peer.Number) is { IsOpen: true, IsWanted: false } link && link.Life == life)
        {
            Close(link);
            host.Tree.LinkDown(Now, peer.Self.Id);
            peer.Tree.LinkDown(Now, host.Self.Id);
            AfterStep(peer);
        }
    }

    private void Close(TreeLink link)
    {
        link.IsOpen = false;
        link.Life++;
        _hosts[link.Low].Links.Remove(link.High);
        _hosts[link.High].Links.Remove(link.Low);
        CountLink(_hosts[link.Low], -1);
        CountLink(_hosts[link.High], -1);
    }

    private void Detect(TreeHost host, TreeHost dead)
    {
        if (LinkOf(host.Number, dead.Number) is { IsOpen: true } link)
        {
            Close(link);
            link.WishOf(host.Number) = LinkPurpose.None;
            host.Tree.LinkDown(Now, dead.Self.Id);
            host.Tree.PeerDied(Now, dead.Self.Id);
        }
    }

    private void CutLinks(TreeHost host)
    {
        foreach (var number in host.Links)
        {
            var link = LinkOf(host.Number, number)!;
            var peer = _hosts[link.Low == host.Number ? link.High : link.Low];
            link.WishOf(host.Number) = LinkPurpose.None;
            if (link.IsOpen && peer.IsAlive)
            {
                _events.Add(_now + _random.Between(TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(4)).Ticks, (int)EventKind.Detect, peer.Number, host.Number);
            }
        }
    }
}
