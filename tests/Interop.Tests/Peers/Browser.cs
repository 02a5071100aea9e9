using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Playwright;

namespace Overlay.Interop.Tests.Peers;

/// <summary>One headless Chromium for a class of tests, with an empty profile of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Address = "https://peer.test/";

    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ];

    private readonly string _profile = Path.Combine(AppContext.BaseDirectory, $"chromium-{Guid.NewGuid():N}");
    private readonly SemaphoreSlim _starting = new(1, 1);
    private IPlaywright? _playwright;
    private IBrowserContext? _context;

    internal NetworkRoom? Room { get; private set; }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A new page with the peer's script; starts the browser the first time. Skips the test where there is none.</summary>
    internal async Task<LinePeer> OpenPageAsync() => await ChromiumPeer.OpenAsync(await OpenBlankAsync(), Address);

    /// <summary>A new page with nothing in it; starts the browser the first time. Skips the test where there is none.</summary>
    internal async Task<IPage> OpenBlankAsync()
    {
        await _starting.WaitAsync();
        try
        {
            _context ??= await StartAsync();
        }
        finally
        {
            _starting.Release();
        }

        return await _context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_context is not null)
        {
            await _context.CloseAsync();
        }

        _playwright?.Dispose();
        Room?.Dispose();
        _starting.Dispose();
        if (Directory.Exists(_profile))
        {
            Directory.Delete(_profile, recursive: true);
        }
    }

    private async Task<IBrowserContext> StartAsync()
    {
        var chromium = Tool.RequireChromium();
        Tool.RequireNode(); // Playwright's driver is a Node.js program, and the package's own copy is not for every system.
        Room = NetworkRoom.Enter();
        Directory.CreateDirectory(_profile);
        _playwright = await Playwright.CreateAsync();
        var context = await _playwright.Chromium.LaunchPersistentContextAsync(_profile, new BrowserTypeLaunchPersistentContextOptions
        {
            ExecutablePath = Room.Prefix.Count == 0 ? chromium : WriteStarter(chromium),
            Args = Flags,
            Headless = true,
        });

        // A page of a secure origin, so that crypto.subtle is there; nothing leaves the machine for it.
        await context.RouteAsync(Address, route => route.FulfillAsync(new RouteFulfillOptions
        {
            ContentType = "text/html",
            Body = "<!doctype html><title>peer</title>",
        }));
        return context;
    }

    /// <summary>Playwright starts one file: this one starts the browser inside the network namespace.</summary>
    private string WriteStarter(string chromium)
    {
        var path = Path.Combine(_profile, "start.sh");
        File.WriteAllText(path, $"#!/bin/sh\nexec {string.Join(' ', Room!.Prefix)} {chromium} \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>A page that runs chromium-peer.js.</summary>
    private sealed class ChromiumPeer : LinePeer
    {
        private readonly IPage _page;
        private readonly Channel<string> _toSay = Channel.CreateUnbounded<string>();
        private Task _saying = Task.CompletedTask;

        private ChromiumPeer(IPage page) => _page = page;

        public static async Task<LinePeer> OpenAsync(IPage page, string address)
        {
            var peer = new ChromiumPeer(page);
            await page.ExposeFunctionAsync<string>("emitLine", peer.Hear);
            await page.GotoAsync(address);
            using var script = new StreamReader(typeof(Browser).Assembly.GetManifestResourceStream("chromium-peer.js")!);
            await page.EvaluateAsync(await script.ReadToEndAsync());
            peer._saying = peer.SayAllAsync();
            return peer;
        }

        public override void Say(JsonObject line) => _toSay.Writer.TryWrite(line.ToJsonString());

        public override async ValueTask DisposeAsync()
        {
            _toSay.Writer.Complete();
            await _page.CloseAsync();
            await _saying;
        }

        /// <summary>Lines are heard one after the other; a command is only begun, so that a long one does not hold up the next.</summary>
        private async Task SayAllAsync()
        {
            try
            {
                await foreach (var text in _toSay.Reader.ReadAllAsync())
                {
                    // Descriptions and candidates are applied in order: the page's own promise is awaited.
                    var isCommand = text.Contains("\"command\"", StringComparison.Ordinal);
                    await _page.EvaluateAsync(isCommand ? "text => { window.handleLine(text); }" : "text => window.handleLine(text)", text);
                }
            }
            catch (PlaywrightException closed)
            {
                TestContext.Current.TestOutputHelper?.WriteLine(closed.Message);
            }
        }
    }
}
