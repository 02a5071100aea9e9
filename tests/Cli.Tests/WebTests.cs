using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Overlay.Cli.Tests;

/// <summary>Services of one machine for others: expose, forward and proxy, each in a process of its own.</summary>
public sealed class WebTests : CommandTest
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // service ← expose (alice) ← overlay ← proxy ← browser;  service ← expose tcp (bob) ← overlay ← forward ← client
    [Fact]
    public async Task A_service_is_published_and_reached_by_name_and_by_port_with_the_hub_gone_too()
    {
        using var service = new HttpListener(); // It refuses every Host but its own, as development servers do.
        var port = FreePort();
        service.Prefixes.Add($"http://localhost:{port}/");
        service.Start();
        var serving = ServeAsync(service);
        var (hubProcess, hub) = await StartHubAsync();
        var expose = Start("expose", $"http://localhost:{port}", "--rewrite-host", "--name", "alice", "--json", "--hub", hub, "--listen", "127.0.0.1");
        var exposing = await expose.NextAsync("exposing");
        var exposeTcp = Start("expose", $"tcp://localhost:{port}", "--port", "22", "--name", "bob", "--json", "--hub", hub, "--listen", "127.0.0.1");
        var exposingTcp = await exposeTcp.NextAsync("exposing");
        var proxy = Start("proxy", "--port", "0", "--json", "--hub", hub, "--listen", "127.0.0.1");
        var id = (await proxy.NextAsync("joined")).GetProperty("id").GetString()!;
        var proxying = new Uri((await proxy.NextAsync("proxying")).GetProperty("uri").GetString()!);
        var forward = Start("forward", "0", "bob:22", "--json", "--hub", hub, "--listen", "127.0.0.1");
        var local = (await forward.NextAsync("forwarding")).GetProperty("local").GetString()!;

        hubProcess.Signal(OverlayProcess.Terminate);
        await hubProcess.EndAsync();
        using var browser = new HttpClient(new SocketsHttpHandler { Proxy = new WebProxy(new UriBuilder(proxying) { Host = "127.0.0.1" }.Uri) });
        using var plain = new HttpClient();

        Assert.Equal(("http://alice.overlay/", "bob:22"), (exposing.GetProperty("address").GetString(), exposingTcp.GetProperty("address").GetString()));
        Assert.Equal($"hello {id}", await browser.GetStringAsync("http://alice.overlay/", Cancelled));
        using var refused = await browser.GetAsync("http://alice.overlay:81/", Cancelled);
        Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        Assert.Equal("ConnectionRefused", (await proxy.NextAsync("failed")).GetProperty("reason").GetString());
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{local}/") { Headers = { Host = $"localhost:{port}", ConnectionClose = true } };
        using var response = await plain.SendAsync(request, Cancelled);
        Assert.Equal("hello ", await response.Content.ReadAsStringAsync(Cancelled));
        Assert.True((await forward.NextAsync("closed")).GetProperty("bytesBack").GetInt64() > 0);

        service.Stop();
        await serving;
        foreach (var process in (OverlayProcess[])[forward, proxy, exposeTcp, expose])
        {
            process.Signal(OverlayProcess.Terminate);
            var ended = await process.EndAsync();
            Assert.True(ended.ExitCode == 0, ended.Errors + ended.Output);
            Assert.Contains("\"left\"", ended.Lines[^1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_local_port_that_is_taken_and_a_hub_that_is_not_there_are_named()
    {
        var (_, hub) = await StartHubAsync();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var forward = await RunAsync("forward", $"{port}", "alice:22", "--json", "--hub", hub, "--listen", "127.0.0.1");
        var proxy = await RunAsync("proxy", "--port", $"{port}", "--json", "--hub", hub, "--listen", "127.0.0.1");
        var noHub = await RunAsync("proxy", "--json", "--hub", $"ws://127.0.0.1:{FreePort()}", "--timeout", "2s");

        AssertFailed(forward, 2, $"{port}", "another port");
        AssertFailed(proxy, 2, $"{port}", "another port");
        AssertFailed(noHub, 1, "overlay hub");
    }

    private static async Task ServeAsync(HttpListener service)
    {
        try
        {
            while (true)
            {
                var context = await service.GetContextAsync();
                context.Response.OutputStream.Write(Encoding.UTF8.GetBytes($"hello {context.Request.Headers["X-Overlay-Peer"]}"));
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }
}
