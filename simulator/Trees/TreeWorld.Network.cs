using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Simulator.Trees;

// What the world does for its hosts: carries messages, makes links, confirms deaths.
public sealed partial class TreeWorld
{
    private const int MaxHops = 64;
    private static readonly TimeSpan IdleLinkTime = TimeSpan.FromSeconds(30);

    private readonly Dictionary<(int, int), TreeLink> _links = [];
    private readonly Dictionary<(int From, int To), long> _lastArrival = [];

    internal bool IsLinked(TreeHost host, RingId id) => _numbers.TryGetValue(id, out var peer) && LinkOf(host.Number, peer) is { IsOpen: true };

    internal void Send(TreeHost from, RingId to, RingId? via, Payload payload)
    {
        if (!_numbers.TryGetValue(to, out var peer) || peer == from.Number || !from.IsAlive)
        {
            return;
        }

        if (LinkOf(from.Number, peer) is { IsOpen: true })
        {
            var at = _now + _network.Delay(from.Number, peer, ref _random).Ticks;
            at = Math.Max(at, _lastArrival.GetValueOrDefault((from.Number, peer)) + 1);
            _lastArrival[(from.Number, peer)] = at;
            _events.Add(at, (int)EventKind.Deliver, peer, from.Number, new Carried(payload, null));
        }
        else if (via is { } anchor)
        {
            SendByAnchor(from, _hosts[peer], _hosts[_numbers[anchor]], payload);
        }
        else if (TryFindWay(from, to, out var delay, out var end) && end.Number == peer)
        {
            Carry(peer, from.Number, delay, payload, null);
        }
    }

    internal void SendToResponsible(TreeHost from, RingId key, Payload payload)
    {
        var start = from;
        RingId? via = null;
        if (!from.Tree.IsMember)
        {
            if (Gateway() is not { } gateway)
            {
                return;
            }

            (start, via) = (gateway, gateway.Self.Id);
        }

        if (TryClimb(start, payload is TreeJoin ? null : key, out var delay, out var end))
        {
            Carry(end.Number, from.Number, delay + _network.Delay(from.Number, start.Number, ref _random).Ticks, payload, via);
        }
    }

    internal void WantLink(TreeHost host, RingId to, LinkPurpose purpose)
    {
        var peer = _numbers[to];
        var link = LinkOf(host.Number, peer);
        if (link is null)
        {
            link = new(Math.Min(host.Number, peer), Math.Max(host.Number, peer));
            _links.Add((link.Low, link.High), link);
        }

        link.WishOf(host.Number) |= purpose;
        BeginSetUp(host, _hosts[peer], link);
    }

    internal void UnwantLink(TreeHost host, RingId to, LinkPurpose purpose)
    {
        if (_numbers.TryGetValue(to, out var peer) && LinkOf(host.Number, peer) is { } link)
        {
            link.WishOf(host.Number) &= ~purpose;
            if (!link.IsWanted && link.IsOpen)
            {
                _events.Add(_now + IdleLinkTime.Ticks, (int)EventKind.LinkIdle, host.Number, peer, link.Life);
            }
        }
    }

    internal void Fetch(TreeHost host, RingId from, ReadOnlySpan<Descriptor> descriptors)
    {
        if (_numbers.TryGetValue(from, out var peer) && _hosts[peer].IsAlive && !IsLostOnTheWay())
        {
            var takes = 2 * _network.Delay(host.Number, peer, ref _random).Ticks;
            _events.Add(_now + takes, (int)EventKind.Certificates, host.Number, peer, descriptors.ToArray());
        }
    }

    internal void Suspect(TreeHost host, RingId id)
    {
        if (_numbers.TryGetValue(id, out var peer))
        {
            _events.Add(_now + _options.LoneSuspicionTimeout.Ticks, (int)EventKind.SuspicionOver, host.Number, peer);
        }
    }

    private void BeginSetUp(TreeHost host, TreeHost peer, TreeLink link)
    {
        if (link.IsOpen || link.IsSettingUp)
        {
            return;
        }

        link.IsSettingUp = true;
        link.Life++;

        // Without a way for the signals there is no link; a newcomer's go by the hub and its gateway, two roots' by the hub.
        var isSignalled = !host.Tree.IsMember || (host.Tree.IsRoot && peer.Tree.IsRoot) || TryFindWay(host, peer.Self.Id, out _, out _);
        var purpose = link.WishOf(host.Number);
        var fails = !peer.IsAlive || !isSignalled || !MakeRoom(host, purpose) || !MakeRoom(peer, purpose) || _random.Chance(_network.SetUpFailurePerMille, 1000);
        var takes = fails
            ? _random.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)).Ticks
            : (3 * _network.Delay(host.Number, peer.Number, ref _random).Ticks) + _random.Between(_network.SetUpFrom, _network.SetUpTo).Ticks;
        if (!fails)
        {
            CountLink(host, 1); // The others are over before they cost anything.
            CountLink(peer, 1);
        }

        _events.Add(_now + takes, (int)(fails ? EventKind.LinkSetUpFailed : EventKind.LinkSetUp), host.Number, peer.Number, link.Life);
    }

    /// <summary>A full node gives up a link that nobody needs, else a far one, and a spare for one of parent and child; else it refuses. As the nodes' own link tables do.</summary>
    private bool MakeRoom(TreeHost host, LinkPurpose purpose)
    {
        if (!host.IsAlive || host.LinkCount < (2 * _options.MaxDegree) + 5)
        {
            return true;
        }

        TreeLink? least = null;
        var lowest = UseOf(purpose);
        foreach (var number in host.Links)
        {
            var link = LinkOf(host.Number, number)!;
            var use = UseOf(link.WishOf(link.Low) | link.WishOf(link.High));
            if (link.IsOpen && use < lowest)
            {
                (least, lowest) = (link, use);
            }
        }

        if (least is null)
        {
            return false;
        }

        least.WishOf(least.Low) = least.WishOf(least.High) = LinkPurpose.None;
        Close(least);
        _events.Add(_now, (int)EventKind.LinkClosed, least.Low, least.High);
        _events.Add(_now, (int)EventKind.LinkClosed, least.High, least.Low);
        return true;
    }

    private static int UseOf(LinkPurpose wants) =>
        (wants & LinkPurpose.Ring) != 0 ? 3 : (wants & LinkPurpose.Join) != 0 ? 2 : wants == LinkPurpose.None ? 0 : 1;

    internal int RoomForNeighbours(TreeHost host)
    {
        var needed = 0;
        foreach (var number in host.Links)
        {
            var link = LinkOf(host.Number, number)!;
            needed += link.IsOpen && UseOf(link.WishOf(link.Low) | link.WishOf(link.High)) == 3 ? 1 : 0;
        }

        return (2 * _options.MaxDegree) + 5 - needed;
    }

    private void CountLink(TreeHost host, int by)
    {
        host.LinkCount += by;
        MostLinks = Math.Max(MostLinks, host.IsAlive ? host.LinkCount : 0);
    }

    private void Carry(int to, int from, long delay, Payload payload, RingId? via)
    {
        if (!IsLostOnTheWay())
        {
            _events.Add(_now + Math.Max(1, delay), (int)EventKind.Deliver, to, from, new Carried(payload, via));
        }
    }

    private void SendByAnchor(TreeHost from, TreeHost to, TreeHost anchor, Payload payload)
    {
        long delay = 0;
        var isThere = from == anchor || (TryFindWay(from, anchor.Self.Id, out delay, out var end) && end == anchor);
        if (anchor.IsAlive && isThere && (!to.Tree.IsMember || LinkOf(anchor.Number, to.Number) is { IsOpen: true }))
        {
            Carry(to.Number, from.Number, delay + _network.Delay(anchor.Number, to.Number, ref _random).Ticks, payload, null);
        }
    }

    /// <summary>A living member that has a hub session; the hub chose the one that has been there longest.</summary>
    private TreeHost? Gateway()
    {
        foreach (var number in _living)
        {
            if (_hosts[number].Tree is { IsMember: true, IsOrphan: false })
            {
                return _hosts[number];
            }
        }

        return null;
    }

    /// <summary>By the tables: a direct link, down, up, and once aside where there is no parent.</summary>
    private bool TryFindWay(TreeHost from, RingId to, out long delay, out TreeHost end)
    {
        (delay, end) = (0, from);
        var (isDown, isAside) = (false, false);
        for (var hop = 0; hop < MaxHops; hop++)
        {
            if (end.Self.Id == to)
            {
                return true;
            }

            RingId next;
            if (IsLinked(end, to))
            {
                next = to;
            }
            else if (end.Tree.TryFindBelow(to, out next))
            {
                isDown = true;
            }
            else if (isDown)
            {
                return false;
            }
            else if (end.Tree.Parent is { } parent)
            {
                next = parent.Id;
            }
            else if (isAside || end.Tree.IsRoot || !end.Tree.TryFindAside(out next))
            {
                return false;
            }
            else
            {
                isAside = true;
            }

            if (!IsLinked(end, next) || !_hosts[_numbers[next]].IsAlive)
            {
                return false;
            }

            delay += _network.Delay(end.Number, _numbers[next], ref _random).Ticks;
            end = _hosts[_numbers[next]];
        }

        return false;
    }

    /// <summary>Up to the root, or to where the walk to <paramref name="key"/> passes, and down to its end.</summary>
    private bool TryClimb(TreeHost from, RingId? key, out long delay, out TreeHost end)
    {
        (delay, end) = (0, from);
        var isDown = false;
        for (var hop = 0; hop < MaxHops; hop++)
        {
            RingId next;
            if (key is { } wanted && (isDown || end.Tree.IsOnWalk(wanted)))
            {
                isDown = true;
                if (!end.Tree.TryWalk(wanted, out next))
                {
                    return true;
                }
            }
            else if (end.Tree.IsRoot)
            {
                return true;
            }
            else if (end.Tree.Parent is { } parent)
            {
                next = parent.Id;
            }
            else
            {
                return false;
            }

            if (!IsLinked(end, next) || !_hosts[_numbers[next]].IsAlive)
            {
                return false;
            }

            delay += _network.Delay(end.Number, _numbers[next], ref _random).Ticks;
            end = _hosts[_numbers[next]];
        }

        return false;
    }

    private TreeLink? LinkOf(int left, int right) => _links.GetValueOrDefault((Math.Min(left, right), Math.Max(left, right)));

    private bool IsLostOnTheWay() => _random.Chance(_network.RouteLossPerMille, 1000);

    private sealed record Carried(Payload Payload, RingId? Via);
}
