using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Overlay.Interop.Tests.Smoke;

/// <summary>A page of the browser that runs smoke-node as npm has it; smoke-page.js says what can be asked of it.</summary>
internal sealed class SmokePage : IAsyncDisposable
{
    /// <summary>Generous, since a loaded machine is slow; a row normally takes a fraction of a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>For each attempt beyond the first; a page gives one up after 10 s.</summary>
    private static readonly TimeSpan MorePatience = TimeSpan.FromSeconds(10);

    private readonly IPage _page;
    private readonly ConcurrentQueue<string> _said = new();

    private SmokePage(IPage page)
    {
        _page = page;
        page.Console += (_, message) => _said.Enqueue(message.Text);
    }

    public string Address { get; private set; } = "";

    public static async Task<SmokePage> OpenAsync(IPage page, Uri address, Uri hub)
    {
        var smoke = new SmokePage(page);
        await page.GotoAsync(address.ToString());
        using var script = new StreamReader(typeof(SmokePage).Assembly.GetManifestResourceStream("smoke-page.js")!);
        await page.EvaluateAsync(await script.ReadToEndAsync(), new { files = ReadPackage(), hub = hub.ToString() });
        smoke.Address = await page.EvaluateAsync<string>("address()");
        return smoke;
    }

    /// <summary>Has the page listen on the ports and serve the routes that all rows use.</summary>
    public Task ServeAsync() => _page.EvaluateAsync("serve()");

    /// <summary>Runs a row of lists C.1 and C.2 with this page as the client; what is not as it should be fails the test.</summary>
    /// <param name="row">The row.</param>
    /// <param name="host">The other side.</param>
    /// <param name="attempts">How often a socket of the row may be dialled where the other side loses its first message.</param>
    public async Task RunAsync(string row, string host, int attempts = 1)
    {
        Assert.Equal("ok", await _page.EvaluateAsync<string>("({ row, host, attempts }) => run(row, host, attempts)", new { row, host, attempts }).WaitAsync(Patience + ((attempts - 1) * MorePatience)));
        Report();
    }

    public Task<T> AskAsync<T>(string expression, object? argument = null) => _page.EvaluateAsync<T>(expression, argument);

    /// <summary>As when somebody closes the tab.</summary>
    public ValueTask DisposeAsync() => new(_page.CloseAsync());

    /// <summary>Writes what the page said meanwhile into the test's output.</summary>
    private void Report()
    {
        while (_said.TryDequeue(out var text))
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"page: {text}");
        }
    }

    /// <summary>The package's own files, unmodified, by their paths in it.</summary>
    private static Dictionary<string, string> ReadPackage()
    {
        var folder = Path.Combine(Tool.RequireNpmFolder("tests/Interop.Tests/npm"), "node_modules", "smoke-node");
        if (!Directory.Exists(folder))
        {
            Tool.Missing("smoke-node is not installed (npm ci in tests/Interop.Tests/npm installs it)");
        }

        return Directory.EnumerateFiles(folder, "*.js", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllText);
    }
}
