using Microsoft.Playwright;

namespace Overlay.Status.Tests;

/// <summary>A headless Chromium for a class of tests, with nothing kept from one page to the next.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens a page, which is watched for errors and for requests to elsewhere. Skips the test where there is no browser.</summary>
    internal async Task<WatchedPage> OpenAsync(Uri address, ColorScheme scheme = ColorScheme.Light, bool isStill = false)
    {
        var chromium = Tool.RequireChromium();
        Tool.RequireNode(); // Playwright's driver is a Node.js program, and the package's own copy is not for every system.
        _playwright ??= await Playwright.CreateAsync();
        _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
            Headless = true,
        });
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ReducedMotion = isStill ? ReducedMotion.Reduce : ReducedMotion.NoPreference,
            ViewportSize = new ViewportSize { Width = 1280, Height = 800 },
        });
        return await WatchedPage.OpenAsync(await context.NewPageAsync(), address);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>A page of which it is known what it complained of, and whom it asked.</summary>
internal sealed class WatchedPage : IAsyncDisposable
{
    private readonly List<string> _complaints = [];

    private WatchedPage(IPage page, Uri origin)
    {
        Page = page;
        page.Console += (_, message) => Note(message.Type is "error" or "warning", $"{message.Type}: {message.Text}");
        page.PageError += (_, error) => Note(true, error);
        page.Request += (_, request) => Note(!request.Url.StartsWith(origin.ToString(), StringComparison.Ordinal), $"outside: {request.Url}");
    }

    public IPage Page { get; }

    /// <summary>Errors, warnings, and requests to elsewhere.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (_complaints)
            {
                return [.. _complaints];
            }
        }
    }

    public static async Task<WatchedPage> OpenAsync(IPage page, Uri address)
    {
        var watched = new WatchedPage(page, address);
        await page.GotoAsync(address.ToString());
        return watched;
    }

    /// <summary>Waits until an element says something.</summary>
    public Task UntilTextAsync(string selector, string text, int seconds = 60) => Page.WaitForFunctionAsync(
        "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)",
        new[] { selector, text },
        new PageWaitForFunctionOptions { Timeout = seconds * 1000 });

    public Task<string> TextAsync(string selector) => Page.InnerTextAsync(selector);

    /// <summary>Puts a picture of the page beside the results of the tests, for who wants to see what they saw.</summary>
    public async Task KeepAsync(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "screenshots", $"status-{name}.png");
        var picture = await Page.ScreenshotAsync(new PageScreenshotOptions { Path = path });
        Assert.True(picture.Length > 20_000, $"{path} has {picture.Length} bytes only: is there anything on it?");
    }

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();

    private void Note(bool isComplaint, string what)
    {
        if (isComplaint)
        {
            lock (_complaints)
            {
                _complaints.Add(what);
            }
        }
    }
}
