using Overlay.Effects;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Routing;

/// <summary>Which guest came over which hub session: its gateway is its anchor, and delivers only there (mechanisms §1).</summary>
/// <remarks>Bounded: the guest that was silent longest is forgotten first. Pages are not noted one by one: all pages of a hub are reached over the session with it.</remarks>
public sealed class GuestTable
{
    private const int MaxGuests = 512;

    private RareList<(RingId Guest, LinkId Session)> _guests;
    private RareList<(byte Hub, LinkId Session)> _hubs;

    /// <summary>This node is a gateway of hub number <paramref name="hub"/> over <paramref name="session"/>.</summary>
    public void Attached(byte hub, LinkId session)
    {
        _hubs.RemoveAll(entry => entry.Hub == hub || entry.Session == session);
        _hubs.Add((hub, session));
    }

    /// <summary>No longer.</summary>
    public void Detached(LinkId session) => _hubs.RemoveAll(entry => entry.Session == session);

    /// <summary>Notes that <paramref name="guest"/> spoke over <paramref name="session"/>.</summary>
    public void Heard(RingId guest, LinkId session)
    {
        for (var i = _guests.Count - 1; i >= 0; i--)
        {
            if (_guests[i].Guest == guest)
            {
                if (i == _guests.Count - 1 && _guests[i].Session == session)
                {
                    return;
                }

                _guests.RemoveAt(i);
                break;
            }
        }

        if (_guests.Count == MaxGuests)
        {
            _guests.RemoveAt(0);
        }

        _guests.Add((guest, session));
    }

    /// <summary>The session of <paramref name="guest"/>.</summary>
    public bool TryFind(RingId guest, out LinkId session)
    {
        if (GuestIds.IsGuest(guest))
        {
            return TryFindHub(GuestIds.HubOf(guest), out session);
        }

        foreach (var entry in _guests)
        {
            if (entry.Guest == guest)
            {
                session = entry.Session;
                return true;
            }
        }

        session = default;
        return false;
    }

    /// <summary>The session is gone, and its guests with it.</summary>
    public void SessionEnded(LinkId session)
    {
        _guests.RemoveAll(entry => entry.Session == session);
        Detached(session);
    }

    private bool TryFindHub(byte hub, out LinkId session)
    {
        foreach (var entry in _hubs)
        {
            if (entry.Hub == hub)
            {
                session = entry.Session;
                return true;
            }
        }

        session = default;
        return false;
    }
}
