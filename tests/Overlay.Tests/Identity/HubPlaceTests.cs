using Overlay.Identity;
using Overlay.Simulator.Ports;

namespace Overlay.Tests.Identity;

/// <summary>Where a hub is: whose word of it counts, and which of two.</summary>
public sealed class HubPlaceTests
{
    private const long Now = 1_800_000_000;
    private const long Day = 24 * 3600;

    private readonly KeyedSigning _hub = new(1, 0);
    private readonly KeyedSigning _delegate = new(1, 1);
    private readonly KeyedSigning _member = new(1, 2);

    [Fact]
    public void What_a_hub_says_of_itself_is_read_back_and_counts_in_its_own_network_only()
    {
        var place = Say("ws://192.0.2.1:5000/", number: 200);

        Assert.True(HubPlace.TryRead(place.Encoded, out var read));
        Assert.Equal(place, read);
        Assert.Equal((200, "ws://192.0.2.1:5000/", Now), (read.Number, read.Address, read.IssuedAt));
        Assert.Null(read.Delegation);
        Assert.True(read.IsValid(_member, _hub.PublicKey, Now));
        Assert.False(read.IsValid(_member, _delegate.PublicKey, Now));
    }

    [Fact]
    public void A_delegates_word_counts_as_long_as_its_delegation()
    {
        var place = Say("wss://hub.example/", right: Grant(Now + Day));

        Assert.True(HubPlace.TryRead(place.Encoded, out var read));
        Assert.True(read.IsValid(_member, _hub.PublicKey, Now + Day - 1));
        Assert.False(read.IsValid(_member, _hub.PublicKey, Now + Day));
    }

    [Fact]
    public void Who_is_not_delegated_to_says_nothing_that_counts()
    {
        var forged = Delegation.Issue(_member, _delegate.PublicKey, Now, Now + Day, 1, 1);
        var stolen = HubPlace.Issue(_member, _hub.PublicKey, 0, "ws://192.0.2.1/", Now, Grant(Now + Day));

        Assert.False(Say("ws://192.0.2.1/", right: forged).IsValid(_member, _hub.PublicKey, Now));
        Assert.False(stolen.IsValid(_member, _hub.PublicKey, Now));
        Assert.False(HubPlace.Issue(_member, _hub.PublicKey, 0, "ws://192.0.2.1/", Now).IsValid(_member, _hub.PublicKey, Now));
        Assert.False(Say("ws://192.0.2.1/", at: Now + 400).IsValid(_member, _hub.PublicKey, Now)); // Nobody speaks for the time to come.
    }

    [Fact]
    public void Whatever_is_changed_or_cut_off_is_refused()
    {
        var whole = Say("ws://192.0.2.1:5000/", right: Grant(Now + Day)).Encoded.ToArray();
        for (var at = 0; at < whole.Length; at++)
        {
            var edited = (byte[])whole.Clone();
            edited[at] ^= 1;

            Assert.False(HubPlace.TryRead(edited, out var read) && read.IsValid(_member, _hub.PublicKey, Now), $"byte {at}");
            Assert.False(HubPlace.TryRead(whole.AsSpan(0, at), out _));
        }
    }

    [Theory]
    [InlineData("http://192.0.2.1/")]
    [InlineData("ws://a b/")]
    [InlineData("ws://é/")]
    [InlineData("")]
    public void What_cannot_be_dialled_is_no_address(string address)
    {
        Assert.False(HubPlace.IsAddress(address));
        Assert.False(HubPlace.IsAddress("ws://" + new string('a', HubPlace.MaxAddressLength)));
        Assert.Throws<ArgumentException>(() => Say(address));
    }

    [Fact]
    public void The_hubs_own_word_stands_above_a_delegates_and_a_later_one_above_an_earlier()
    {
        var (own, moved) = (Say("ws://a/"), Say("ws://b/", at: Now + 1));
        var (told, retold) = (Say("ws://c/", right: Grant(Now + Day)), Say("ws://d/", at: Now + 3601, right: Grant(Now + Day)));

        Assert.True(moved.Supersedes(own));
        Assert.False(own.Supersedes(moved));
        Assert.True(own.Supersedes(retold));
        Assert.False(retold.Supersedes(own));
        Assert.True(retold.Supersedes(told));
    }

    [Fact]
    public void What_says_nothing_new_displaces_nothing()
    {
        var told = Say("ws://c/", right: Grant(Now + Day));

        Assert.False(Say("ws://a/", at: Now + 9).Supersedes(Say("ws://a/")));
        Assert.False(Say("ws://d/", at: Now + 60, right: Grant(Now + Day)).Supersedes(told)); // Two delegates that see it otherwise.
        Assert.False(Say("ws://c/", at: Now + 60, right: Grant(Now + Day)).Supersedes(told));
        Assert.True(Say("ws://c/", at: Now + 60, right: Grant(Now + (3 * Day))).Supersedes(told)); // It is good for longer.
    }

    private HubPlace Say(string address, int number = 0, long at = Now, Delegation? right = null) =>
        HubPlace.Issue(right is null ? _hub : _delegate, _hub.PublicKey, number, address, at, right);

    private Delegation Grant(long until) => Delegation.Issue(_hub, _delegate.PublicKey, Now, until, 1, 1);
}
