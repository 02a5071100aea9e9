using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Health;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>What those hear who watch over a process with a node.</summary>
[Collection(nameof(Alone))]
public sealed class HealthTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_member_is_live_and_ready_when_a_probe_is_routed_to_another_and_back()
    {
        await using var hub = await TestHub.StartAsync();
        var others = new List<Node> { await hub.StartNodeAsync(), await hub.StartNodeAsync() };
        await using var web = await Web.StartAsync(hub.Uri);
        var node = await web.NodeAsync();

        var live = await web.GetAsync("live");
        var ready = await web.GetAsync("ready");

        Assert.Equal((HttpStatusCode.OK, "healthy"), (live.Code, live.Status));
        Assert.Equal((HttpStatusCode.OK, "healthy"), (ready.Code, ready.Status));
        Assert.Equal("overlay-ready", ready.Check.GetProperty("name").GetString());
        Assert.Equal(node.Id.ToString(), ready.Check.GetProperty("id").GetString());
        Assert.Contains(ready.Check.GetProperty("reached").GetString(), others.Select(other => other.Id.ToString()));
    }

    [Fact]
    public async Task A_guest_is_ready_when_its_probe_goes_through_its_gateway()
    {
        await using var hub = await TestHub.StartAsync();
        await hub.StartNodeAsync();
        await using var web = await Web.StartAsync(hub.Uri, isGuest: true);
        await web.NodeAsync();

        var ready = await web.GetAsync("ready");

        Assert.Equal((HttpStatusCode.OK, "healthy", "guest"), (ready.Code, ready.Status, ready.Check.GetProperty("phase").GetString()));
    }

    [Fact]
    public async Task However_many_ask_the_node_probes_once_in_a_while()
    {
        await using var hub = await TestHub.StartAsync();
        await hub.StartNodeAsync();
        await using var web = await Web.StartAsync(hub.Uri, static options => (options.MaxAge, options.Probes) = (TimeSpan.FromSeconds(4), 1));
        await web.NodeAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => web.GetAsync("ready")));

        Assert.Single(answers.Select(answer => answer.Check.GetProperty("milliseconds").GetDouble()).Distinct());
    }

    // Founding a network is no fault: who founds it serves it. There is only nobody yet to whom a probe could go.
    [Fact]
    public async Task A_founder_whom_nobody_has_joined_yet_is_degraded_and_gets_work()
    {
        await using var hub = await TestHub.StartAsync();
        await using var web = await Web.StartAsync(hub.Uri);
        await web.NodeAsync();

        var ready = await web.GetAsync("ready");

        Assert.Equal((HttpStatusCode.OK, "degraded"), (ready.Code, ready.Status));
        Assert.True(ready.Check.GetProperty("alone").GetBoolean());
        Assert.Contains("founded", ready.Check.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Topology.Chord)]
    [InlineData(Topology.Tree)]
    public async Task The_last_one_of_a_network_whose_others_said_good_bye_is_degraded(Topology topology)
    {
        await using var hub = await TestHub.StartAsync();
        await using var web = await Web.StartAsync(hub.Uri, topology: topology);
        await web.NodeAsync();
        var other = await hub.StartNodeAsync(topology: topology);
        await web.UntilAsync("ready", "healthy");

        await other.LeaveAsync(Cancelled);
        var ready = await web.UntilAsync("ready", "degraded");

        Assert.Equal(HttpStatusCode.OK, ready.Code);
        Assert.Contains("all others have left", ready.Check.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    // The three at once: each is all waiting.
    [Fact]
    public Task A_node_that_is_cut_off_is_not_ready_within_ten_seconds_and_still_live() =>
        Task.WhenAll(IsCutOffAsync(Topology.Chord, 2), IsCutOffAsync(Topology.Chord, 5), IsCutOffAsync(Topology.Tree, 5));

    private static async Task IsCutOffAsync(Topology topology, int others)
    {
        await using var hub = await TestHub.StartAsync();
        await using var web = await Web.StartAsync(hub.Uri, topology: topology);
        await web.NodeAsync();
        var nodes = new List<Node>();
        for (var i = 0; i < others; i++)
        {
            nodes.Add(await hub.StartNodeAsync(topology: topology));
        }

        await web.UntilAsync("ready", "healthy");
        await hub.StopHubAsync();
        await Task.WhenAll(nodes.Select(node => node.KillAsync()));
        var cut = Stopwatch.StartNew();
        var ready = await web.UntilAsync("ready", "unhealthy");
        var took = cut.Elapsed;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Code);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.OK, (await web.GetAsync("live")).Code);

        // Later, too: when the dead are forgotten, it is alone, which is not the same as having founded.
        for (var i = 0; i < 4; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(4), Cancelled);
            var later = await web.GetAsync("ready");
            Assert.True(later.Code == HttpStatusCode.ServiceUnavailable, later.Check.ToString());
        }
    }

    [Fact]
    public async Task A_node_that_joins_is_live_and_not_ready()
    {
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var web = await Web.StartAsync(new Uri($"ws://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"));

        var live = await web.GetAsync("live");
        var ready = await web.GetAsync("ready");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (live.Code, ready.Code));
        Assert.Contains("joining", ready.Check.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_has_ended_by_itself_is_not_live()
    {
        await using var hub = await TestHub.StartAsync();
        await using var web = await Web.StartAsync(hub.Uri);
        await (await web.NodeAsync()).KillAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await web.GetAsync("live")).Code);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await web.GetAsync("ready")).Code);
    }

    /// <summary>A web application with a node, on a free port.</summary>
    private sealed class Web(WebApplication application) : IAsyncDisposable
    {
        private readonly HttpClient _client = new() { BaseAddress = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };

        public static async Task<Web> StartAsync(Uri hub, Action<OverlayHealthOptions>? configure = null, Topology topology = Topology.Chord, bool isGuest = false)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Services.AddOverlayNode(options =>
            {
                options.Hubs.Add(hub);
                (options.Listen, options.IsGuest) = ("127.0.0.1", isGuest);
                options.Protocol = options.Protocol with { Topology = topology };
            });
            builder.Services.AddHealthChecks().AddOverlayNode(configure: configure);
            var application = builder.Build();
            application.MapOverlayHealth();
            await application.StartAsync(Cancelled);
            return new Web(application);
        }

        public Task<Node> NodeAsync() => application.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled);

        public async Task<Answer> GetAsync(string what)
        {
            using var response = await _client.GetAsync(new Uri($"/health/{what}", UriKind.Relative), Cancelled);
            var json = await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
            return new Answer(response.StatusCode, json.GetProperty("status").GetString()!, json.GetProperty("checks")[0]);
        }

        public async Task<Answer> UntilAsync(string what, string status)
        {
            while (true)
            {
                var answer = await GetAsync(what);
                if (answer.Status == status)
                {
                    return answer;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(200), Cancelled);
            }
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await application.StopAsync(CancellationToken.None);
            await application.DisposeAsync();
        }
    }

    private sealed record Answer(HttpStatusCode Code, string Status, JsonElement Check);
}
