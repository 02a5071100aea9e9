using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Admission;

// Where hubs can be dialled, told to everybody who comes:  hub → HubHello, KnownHubs → node.   So a hub that comes back is called also by those who never saw it.
public sealed partial class HubAdmission
{
    private KnownHubs? _places;

    /// <summary>This hub can be dialled there: signed once, and told in every session from now on.</summary>
    /// <exception cref="ArgumentException">The address is none (<see cref="HubPlace.IsAddress"/>).</exception>
    /// <exception cref="InvalidOperationException">This is a member that introduces: it tells of hubs, and is told of as a seed.</exception>
    public void Announce(Instant now, string address)
    {
        if (IsDelegate)
        {
            throw new InvalidOperationException("A member that introduces is no hub.");
        }

        _places = new([HubPlace.Issue(_identity.Signing, _hubKey, _options.HubNumber, address, now.UnixMilliseconds / 1000)]);
    }

    /// <summary>A member that introduces says where hubs are, as far as it has heard. At most <see cref="KnownHubs.MaxPlaces"/> are told on.</summary>
    public void TellOf(IReadOnlyList<HubPlace> places)
    {
        ArgumentNullException.ThrowIfNull(places);
        var told = new List<HubPlace>(Math.Min(places.Count, KnownHubs.MaxPlaces));
        for (var at = 0; at < places.Count && at < KnownHubs.MaxPlaces; at++)
        {
            told.Add(places[at]);
        }

        _places = told.Count == 0 ? null : new(told);
    }

    private void TellPlaces(Instant now, HubSession session, HubOutbox outbox)
    {
        if (_places is { } places)
        {
            Reply(now, session, places, outbox);
        }
    }
}
