using Overlay.Runtime.Diagnostics;

namespace Overlay.Runtime.Tests.Diagnostics;

/// <summary>Walks through real networks.</summary>
public sealed class CrawlTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_member_and_a_guest_find_all_members()
    {
        await using var network = new TestNetwork();
        var members = await network.StartAsync(4);
        var guest = await network.StartAsync(network.Options with { IsGuest = true });

        var fromMember = await WalkAsync(members[0]);
        var fromGuest = await WalkAsync(guest);

        var expected = members.Select(member => member.Id).ToHashSet();
        Assert.Superset(expected, fromMember.Where(member => member.State is not null).Select(member => member.Id).ToHashSet());
        Assert.Superset(expected, fromGuest.Where(member => member.State is not null).Select(member => member.Id).ToHashSet());
    }

    private static async Task<List<MemberState>> WalkAsync(OverlayHost from)
    {
        var found = new List<MemberState>();
        await foreach (var member in from.CrawlAsync(new CrawlOptions { MaxPerSecond = 200 }, Cancelled))
        {
            found.Add(member);
        }

        return found;
    }
}
