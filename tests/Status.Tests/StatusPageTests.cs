using System.Net;
using Microsoft.Playwright;

namespace Overlay.Status.Tests;

/// <summary>The page in a real browser, over networks that are made up.</summary>
public sealed class StatusPageTests(Chromium chromium) : IClassFixture<Chromium>
{
    private static readonly StatusOptions Quick = new() { Pause = TimeSpan.FromMilliseconds(200), MaxPause = TimeSpan.FromMilliseconds(400) };

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Two_thousand_members_are_drawn(ColorScheme scheme)
    {
        await using var server = await StartAsync(new FixtureNetwork(2000));
        await using var page = await chromium.OpenAsync(server.Uri, scheme, isStill: true);

        await page.UntilTextAsync("#total-members", "2,000");
        await page.Page.WaitForSelectorAsync("#picture[data-members='2000']");

        Assert.True(await ColoursOfThePictureAsync(page) > 20);
        await page.KeepAsync($"ring-2000-{scheme}");
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task Light_and_dark_are_two_pictures()
    {
        await using var server = await StartAsync(new FixtureNetwork(32));
        await using var page = await chromium.OpenAsync(server.Uri, ColorScheme.Light, isStill: true);
        await page.UntilTextAsync("#total-members", "32");
        var light = await PixelAsync(page);

        await page.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        var dark = await PixelAsync(page);

        Assert.True(light > 600, $"the light page is {light} bright");
        Assert.True(dark < 200, $"the dark page is {dark} bright");
        Assert.Empty(page.Complaints);
    }

    /// <summary>What the documentation says of the time that a frame takes is what this prints.</summary>
    [SlowFact]
    public async Task Two_thousand_members_and_their_messages_move()
    {
        await using var server = await StartAsync(new FixtureNetwork(2000), new StatusOptions());
        await using var page = await chromium.OpenAsync(server.Uri);
        await page.Page.WaitForFunctionAsync("() => parseFloat(document.querySelector('#total-rate').textContent) > 0");

        var times = await page.Page.EvaluateAsync<double[]>(
            """
            async () => {
              const at = [await new Promise(requestAnimationFrame)];
              while (at.at(-1) - at[0] < 10_000) at.push(await new Promise(requestAnimationFrame));
              const steps = at.slice(1).map((time, i) => time - at[i]).sort((one, other) => one - other);
              return [steps.length, steps[steps.length >> 1], steps[Math.floor(steps.length * 0.95)], steps.at(-1)];
            }
            """);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{times[0]} frames in 10 s, from one to the next {times[1]:F1} ms in the median, {times[2]:F1} ms p95, {times[3]:F1} ms at most; {await page.TextAsync("#frame")}");

        Assert.True(times[0] > 0);
        Assert.Empty(page.Complaints);
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Messages_move_along_their_links(ColorScheme scheme)
    {
        await using var server = await StartAsync(new FixtureNetwork(64));
        await using var page = await chromium.OpenAsync(server.Uri, scheme);
        await page.Page.WaitForFunctionAsync("() => parseFloat(document.querySelector('#total-rate').textContent) > 0");

        var picture = page.Page.Locator("#picture");
        var before = await picture.ScreenshotAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while ((await picture.ScreenshotAsync()).AsSpan().SequenceEqual(before))
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        await page.KeepAsync($"ring-64-{scheme}");
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_member_is_chosen_by_keyboard_and_its_tables_are_shown_and_said()
    {
        var network = new FixtureNetwork(32);
        await using var server = await StartAsync(network);
        await using var page = await chromium.OpenAsync(server.Uri, isStill: true);
        await page.UntilTextAsync("#total-members", "32");

        await page.Page.FocusAsync("#picture");
        await page.Page.Keyboard.PressAsync("Home");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.Page.Keyboard.PressAsync("ArrowRight");

        await page.UntilTextAsync("#member", network.Members[2].ToString());
        await page.UntilTextAsync("#member", "Successors");
        await page.UntilTextAsync("#announce", $"{network.Members[2]}: member, ");
        await page.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("member", await page.Page.EvaluateAsync<string>("document.activeElement.id"));
        await page.Page.Keyboard.PressAsync("Escape");
        Assert.Equal("picture", await page.Page.EvaluateAsync<string>("document.activeElement.id"));
        Assert.True(await page.Page.IsHiddenAsync("#member"));
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_member_is_chosen_by_a_click_in_the_picture_and_in_the_table()
    {
        var network = new FixtureNetwork(16);
        await using var server = await StartAsync(network);
        await using var page = await chromium.OpenAsync(server.Uri, isStill: true);
        await page.UntilTextAsync("#total-members", "16");

        var top = network.Members.MinBy(static id => Math.Min(id.Value, (1UL << 48) - id.Value));
        var box = (await page.Page.Locator("#picture").BoundingBoxAsync())!;
        var angle = (top.Value / Math.Pow(2, 48) * 2 * Math.PI) - (Math.PI / 2);
        var radius = (Math.Min(box.Width, box.Height - 34) / 2) - 52;
        await page.Page.Mouse.ClickAsync(
            box.X + (box.Width / 2) + (float)(radius * Math.Cos(angle)), box.Y + ((box.Height - 34) / 2) + (float)(radius * Math.Sin(angle)));
        await page.UntilTextAsync("#member", top.ToString());

        await page.Page.ClickAsync($"#rows button:text('{network.Members[9]}')");
        await page.UntilTextAsync("#member-id", network.Members[9].ToString());
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task Who_comes_and_who_dies_is_told_to_those_who_hear_the_page_too()
    {
        var network = new FixtureNetwork(24);
        await using var server = await StartAsync(network);
        await using var page = await chromium.OpenAsync(server.Uri);
        await page.UntilTextAsync("#total-members", "24");
        await page.Page.WaitForFunctionAsync("() => document.querySelector('#note-members').textContent === ''");

        var joined = network.Add();
        await page.UntilTextAsync("#events", $"{joined} joined");
        network.Kill(network.Members[3]);
        await page.UntilTextAsync("#events", " died");

        await page.UntilTextAsync("#total-members", "24");
        Assert.Equal("polite", await page.Page.GetAttributeAsync("#events", "aria-live"));
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_tree_stands_around_its_root_and_is_walked_up_and_down()
    {
        var network = new FixtureNetwork(40, isTree: true);
        await using var server = await StartAsync(network);
        await using var page = await chromium.OpenAsync(server.Uri, isStill: true);
        await page.UntilTextAsync("#total-members", "40");

        await page.Page.FocusAsync("#picture");
        await page.Page.Keyboard.PressAsync("Home");
        await page.UntilTextAsync("#member", "none: it is the root");
        await page.Page.Keyboard.PressAsync("ArrowDown");
        await page.UntilTextAsync("#member", "Parent" + network.Members[0]);
        await page.KeepAsync("tree-40");

        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_page_whose_server_can_ask_nobody_says_so_until_it_can()
    {
        var network = new FixtureNetwork(16) { IsCutOff = true };
        await using var server = await StartAsync(network);
        await using var page = await chromium.OpenAsync(server.Uri);
        await page.UntilTextAsync("#empty", "No member can be asked just now");

        network.IsCutOff = false;

        await page.UntilTextAsync("#total-members", "16");
        Assert.True(await page.Page.IsHiddenAsync("#empty"));
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task A_page_that_finds_no_place_says_why()
    {
        await using var server = await StartAsync(new FixtureNetwork(16), Quick with { MaxViewers = 1 });
        await using var first = await chromium.OpenAsync(server.Uri);
        await first.UntilTextAsync("#total-members", "16");

        await using var second = await chromium.OpenAsync(server.Uri);

        await second.UntilTextAsync("#connection", "1 viewers look at this status page already");
    }

    private static Task<StatusServer> StartAsync(FixtureNetwork network, StatusOptions? options = null) => StatusServer.StartAsync(new(IPAddress.Loopback, 0), network, options ?? Quick);

    /// <summary>How many colours are in the picture: one, where nothing is drawn.</summary>
    private static Task<int> ColoursOfThePictureAsync(WatchedPage page) => page.Page.EvaluateAsync<int>(
        """
        async () => {
          await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          const canvas = document.getElementById("picture");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
          return seen.size;
        }
        """);

    /// <summary>How bright the page behind the picture is, 0 … 765.</summary>
    private static Task<int> PixelAsync(WatchedPage page) => page.Page.EvaluateAsync<int>(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)");
}
