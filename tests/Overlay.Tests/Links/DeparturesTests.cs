using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Links;

public sealed class DeparturesTests
{
    private static readonly RingId Peer = RingId.From(7);

    private Departures _departures;

    [Fact]
    public void A_death_is_remembered_with_its_reason_for_ten_minutes()
    {
        _departures.Add(At(0), Peer, DepartureKind.Died, TimeSpan.FromSeconds(2.5), 3);

        Assert.Equal(new DepartureEntry(Peer, DepartureKind.Died, TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(2.5), 3, LinkFailure.None), _departures.Find(At(12), Peer));
        Assert.NotNull(_departures.Find(At(600), Peer));
        Assert.Null(_departures.Find(At(601), Peer));
    }

    [Theory]
    [InlineData(DepartureKind.Left, DepartureKind.Died, DepartureKind.Left)]
    [InlineData(DepartureKind.Left, DepartureKind.LinkLost, DepartureKind.Left)]
    [InlineData(DepartureKind.Died, DepartureKind.LinkLost, DepartureKind.Died)]
    [InlineData(DepartureKind.LinkLost, DepartureKind.Died, DepartureKind.Died)]
    [InlineData(DepartureKind.Died, DepartureKind.Left, DepartureKind.Left)]
    public void What_says_more_is_kept(DepartureKind first, DepartureKind second, DepartureKind kept)
    {
        _departures.Add(At(0), Peer, first);
        _departures.Add(At(1), Peer, second);

        Assert.Equal(kept, Assert.Single(_departures.ToEntries(At(1))).Kind);
    }

    [Fact]
    public void Who_comes_back_is_forgotten()
    {
        _departures.Add(At(0), Peer, DepartureKind.Died);

        _departures.Remove(Peer);

        Assert.Empty(_departures.ToEntries(At(1)));
    }

    [Fact]
    public void No_more_than_64_are_remembered_and_the_oldest_makes_room()
    {
        for (var i = 0; i < 100; i++)
        {
            _departures.Add(At(i), RingId.From((ulong)i), DepartureKind.Left);
        }

        var kept = _departures.ToEntries(At(100));

        Assert.Equal(Enumerable.Range(36, 64).Select(i => RingId.From((ulong)i)), kept.Select(entry => entry.Id));
    }

    private static Instant At(int seconds) => new(seconds * TimeSpan.TicksPerSecond, seconds * 1000L);
}
