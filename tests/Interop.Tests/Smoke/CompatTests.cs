using Microsoft.Playwright;

namespace Overlay.Interop.Tests.Smoke;

/// <summary>Pages with an unmodified smoke-node 0.8.8 and nodes of ours over our hub, each side in each role: the rows of lists C.1 and C.2.</summary>
[Collection(nameof(SmokePlace))] // One browser at a time.
public sealed class CompatTests(SmokePlace place) : IClassFixture<SmokePlace>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>S8 and R7 are a page's own affair and need no other side.</summary>
    public static TheoryData<string> RowsOfPages => new([.. SmokeClient.Rows, "S8", "R7", "F24"]);

    public static TheoryData<string> RowsOfNodes => new(SmokeClient.Rows);

    [Theory]
    [MemberData(nameof(RowsOfPages))]
    public async Task A_page_is_served_by_a_node(string row)
    {
        var node = await place.ServingNodeAsync();
        var page = await place.ClientPageAsync();

        await page.RunAsync(row, node.Id.ToString());
    }

    [Theory]
    [MemberData(nameof(RowsOfNodes))]
    public async Task A_node_is_served_by_a_page(string row)
    {
        var page = await place.ServingPageAsync();
        var node = await place.ServingNodeAsync();

        await new SmokeClient(node, page.Address, Cancelled).RunAsync(row);
    }

    [Theory]
    [MemberData(nameof(RowsOfPages))]
    public async Task A_page_is_served_by_another_page(string row)
    {
        var server = await place.ServingPageAsync();
        var client = await place.ClientPageAsync();

        // An original accepts as soon as a channel is open, and another one loses that byte now and then: today's browsers hand it out before they say "open". Both are as they are.
        // And between two of them on a loaded machine a connection may stay broken until somebody reloads.
        try
        {
            await client.RunAsync(row, server.Address, attempts: 8);
        }
        catch (PlaywrightException)
        {
            await (await place.ReloadedClientPageAsync()).RunAsync(row, server.Address, attempts: 8);
        }
    }
}
