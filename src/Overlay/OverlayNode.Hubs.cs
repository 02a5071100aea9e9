using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Where hubs can be dialled: told from neighbour to neighbour, so that a hub that comes back is called by members that never met it (mechanisms §4).</summary>
public sealed partial class OverlayNode
{
    /// <summary>Where hubs of the network can be dialled, as far as this node has heard, at most 8: to be kept across restarts.</summary>
    public IReadOnlyList<HubPlace> HubPlaces => _hubs.Places;

    /// <summary>The host remembers, or found out itself, where hubs are: what proves true is used and told to others.</summary>
    public void LearnHubs(Instant now, IReadOnlyList<HubPlace> places, Outbox outbox)
    {
        Begin(now, outbox);
        _hubs.Learn(now, places, from: default);
        Settle(now);
    }

    /// <summary>From a neighbour only: what everybody is to know goes from link to link, and is judged by each.</summary>
    private void HearOfHubs(Instant now, in Arrival arrival, KnownHubs known)
    {
        if (IsLinked(arrival.From.Id))
        {
            _hubs.Learn(now, known.Places, arrival.Link);
        }
        else
        {
            _context.Drop(DropReason.NotProved, arrival.Message, arrival.Link);
        }
    }

    /// <summary>News of hubs goes to every neighbour but the one who told it; each passes on only what is news to itself, so it ends.</summary>
    private bool SpreadHubs(Instant now)
    {
        if (!_context.IsMember || _hubs.TakeNews(out var from) is not { } news)
        {
            return false;
        }

        foreach (var link in _context.Links.Open)
        {
            if (link.Id != from && link.Forwards)
            {
                _courier.Send(now, new Letter(link.PeerId, news));
            }
        }

        return true;
    }

    /// <summary>A neighbour has become a member: it came by another hub, or by a member that does not know what is known here.</summary>
    private void TellHubs(Instant now, Link neighbour)
    {
        if (_context.IsMember && _hubs.Places.Count > 0)
        {
            _courier.Send(now, new Letter(neighbour.PeerId, new KnownHubs(_hubs.Places)));
        }
    }

    /// <summary>This node has become a member, and may know what is not known here.</summary>
    private void TellNeighbourOfHubs(Instant now)
    {
        RingId? neighbour = _tree is null ? _ring!.RingNeighbours.Successor : _tree.Parent?.Id;
        if (_hubs.Places.Count > 0 && neighbour is { } first && _context.Links.FindOpen(first) is { } link)
        {
            _courier.Send(now, new Letter(link.PeerId, new KnownHubs(_hubs.Places)));
        }
    }
}
