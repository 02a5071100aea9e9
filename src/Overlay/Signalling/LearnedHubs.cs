using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Signalling;

/// <summary>Hubs that a node heard of while it ran, and which of its listed ones it has met. Most members never make one of these.</summary>
/// <remarks>At most <see cref="KnownHubs.MaxPlaces"/> places, one for each hub number; where it is full, another hub is not remembered.</remarks>
/// <param name="listed">Hubs of the host's list.</param>
internal sealed class LearnedHubs(int listed)
{
    private readonly bool[] _isHeard = new bool[listed];
    private readonly List<HubPlace> _places = [];
    private readonly List<HubPlace> _news = [];

    /// <summary>What is known; a place keeps its index for good.</summary>
    public IReadOnlyList<HubPlace> Places => _places;

    /// <summary>The session over which the news came, so that it is not told what it said; default where none.</summary>
    public LinkId NewsFrom { get; private set; }

    /// <summary>Whether a word would change anything, were it true.</summary>
    public bool IsNews(HubPlace place)
    {
        var at = _places.FindIndex(known => known.Number == place.Number);
        return at < 0 ? _places.Count < KnownHubs.MaxPlaces : place.Supersedes(_places[at]);
    }

    /// <summary>Takes a word that was found true.</summary>
    public void Learn(HubPlace place, LinkId from)
    {
        var at = _places.FindIndex(known => known.Number == place.Number);
        if (at < 0)
        {
            _places.Add(place);
        }
        else
        {
            _places[at] = place;
        }

        _news.RemoveAll(older => older.Number == place.Number);
        _news.Add(place);
        NewsFrom = from;
    }

    /// <summary>What was learned since this was asked last; null: nothing.</summary>
    public KnownHubs? TakeNews()
    {
        if (_news.Count == 0)
        {
            return null;
        }

        var news = new KnownHubs([.. _news]);
        _news.Clear();
        return news;
    }

    /// <summary>A hub, not a member that introduces, was met at this index of the list.</summary>
    public void Heard(int index) => _isHeard[index] = true;

    /// <summary>Whether a hub was ever met at this index of the list.</summary>
    public bool WasHeard(int index) => _isHeard[index];
}
