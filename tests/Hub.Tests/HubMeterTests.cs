using Overlay.Messages;
using Overlay.Runtime.Tests.Telemetry;

namespace Overlay.Hub.Tests;

public sealed class HubMeterTests
{
    [Fact]
    public async Task A_hub_counts_sessions_admissions_and_what_it_passes_on_and_the_documentation_has_it()
    {
        await using var hub = await HubServer.StartAsync(new HubOptions { Port = 0 }, default);
        using var instruments = new Instruments("hub.network", hub.Status.Network);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);
        await page.SendTextAsync("""{"type":"forward","to":"123456789abc","data":1}""");
        await gateway.ReceiveMessageAsync();
        await using var stranger = await Member.ConnectAsync(hub.Uri);
        await stranger.SendAsync(HubProofs.SignAdmit(HubKey.Create(), stranger.Hello, 1, isGuest: false, "") with { Instance = 2 }); // Not what was signed.
        await stranger.ReceiveAsync<AdmitRefused>();

        Assert.Equal((1, 1), (instruments.Last("hub.sessions", "state=gateway"), instruments.Last("hub.sessions", "state=page")));
        Assert.Equal((1, 1), (instruments.Last("overlay.admission.requests", "outcome=found"), instruments.Last("overlay.admission.requests", "outcome=refused")));
        Assert.Equal(1, instruments.Last("hub.signals", "of=pages"));
        Assert.InRange(instruments.Last("hub.join.duration", "outcome=found"), 0, 60);
        Assert.InRange(instruments.Last("hub.join.duration", "outcome=refused"), 0, 60);
        Assert.True(instruments.Last("hub.relayed.io", "") > 0);
        Assert.Equal(instruments.Rows(), Documentation.RowsOf("telemetry.md", "Instrument of a hub").Select(Instruments.BeginningOf).Order(StringComparer.Ordinal));
    }
}
