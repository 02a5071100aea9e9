using System.Diagnostics;
using System.Text.Json;

namespace Overlay.Interop.Tests.Smoke;

/// <summary>samples/SmokeCompat, as its user runs it, and a page with an unmodified smoke-node 0.8.8.</summary>
[Collection(nameof(SmokePlace))] // One browser at a time.
public sealed class SmokeCompatTests(SmokePlace place) : IClassFixture<SmokePlace>
{
    [Fact]
    public async Task A_page_finds_everything_at_a_SmokeCompat_that_serves()
    {
        await place.ServingNodeAsync(); // A member among others.
        await using var page = await place.OpenPageAsync();
        using var serving = Start("serve", "--hub", place.HubUri.ToString());
        try
        {
            var line = await serving.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            var address = JsonDocument.Parse(line!).RootElement.GetProperty("address").GetString();

            Assert.Equal("ok", await page.AskAsync<string>("host => probeCompat(host)", address));
        }
        finally
        {
            serving.Kill();
        }
    }

    [Fact]
    public async Task A_probe_finds_everything_at_a_page_that_serves()
    {
        await place.ServingNodeAsync(); // A member among others.
        await using var page = await place.OpenPageAsync();
        await page.AskAsync<object?>("serveCompat()");
        using var probing = Start("probe", "--hub", place.HubUri.ToString(), page.Address);

        var results = JsonDocument.Parse((await probing.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!).RootElement;
        await probing.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(9, results.EnumerateObject().Count());
        Assert.All(results.EnumerateObject(), result => Assert.True(result.Value.GetProperty("ok").GetBoolean(), result.ToString()));
        Assert.Equal(0, probing.ExitCode);
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "SmokeCompat.dll"), .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true })!;
}
