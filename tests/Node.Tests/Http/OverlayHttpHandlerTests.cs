using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Nodes.Http;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Http;

/// <summary><see cref="HttpClient"/> over the overlay: what is dialled, what is refused, and what failures say.</summary>
public sealed class OverlayHttpHandlerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_ids_and_ports_are_dialled()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", () => "hello"));
        var client = pair.CreateClient();

        Assert.Equal("hello", await client.GetStringAsync("http://ALICE.Overlay/", Cancelled));
        Assert.Equal("hello", await client.GetStringAsync("http://alice.overlay:80/", Cancelled));
        Assert.Equal("hello", await client.GetStringAsync($"http://{pair.Server.Address}.overlay/", Cancelled));
    }

    [Theory]
    [InlineData("http://alice.overlay:81/", OverlayError.ConnectionRefused, HttpRequestError.ConnectionError, "http:81")]
    [InlineData("https://alice.overlay/", OverlayError.ConnectionRefused, HttpRequestError.ConnectionError, "http:443")]
    [InlineData("http://nobody.overlay/", OverlayError.HostUnreachable, HttpRequestError.NameResolutionError, "nobody")]
    [InlineData("http://0123456789ab.overlay/", OverlayError.HostUnreachable, HttpRequestError.NameResolutionError, "0123456789ab")]
    [InlineData("http://example.com/", OverlayError.NotAnOverlayHost, HttpRequestError.ConnectionError, "example.com")]
    [InlineData("http://alice/", OverlayError.NotAnOverlayHost, HttpRequestError.ConnectionError, "http://NAME.overlay/")]
    [InlineData("http://overlay/", OverlayError.NotAnOverlayHost, HttpRequestError.ConnectionError, "http://NAME.overlay/")]
    [InlineData("http://127.0.0.1/", OverlayError.NotAnOverlayHost, HttpRequestError.ConnectionError, "AllowOtherHosts")]
    public async Task What_cannot_be_dialled_is_a_typed_error(string url, OverlayError reason, HttpRequestError error, string mentions)
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", () => "hello"));

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => pair.CreateClient().GetStringAsync(url, Cancelled));

        Assert.Equal((error, reason), (failure.HttpRequestError, Assert.IsType<OverlayException>(failure.InnerException).Reason));
        Assert.Contains(mentions, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_never_answers_times_out_with_its_cause()
    {
        await using var pair = new WebPair(standsStill: true);
        var abyss = pair.Network.AddAbyss();

        var asking = pair.CreateClient().GetStringAsync($"http://{abyss}.overlay/", Cancelled);
        await pair.Network.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => asking.IsCompleted);

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => asking);
        Assert.Equal(OverlayError.TimedOut, Assert.IsType<OverlayException>(failure.InnerException).Reason);
    }

    [Fact]
    public async Task A_redirect_leads_nowhere_else_either()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app =>
        {
            app.MapGet("/away", () => Results.Redirect("http://127.0.0.1:1/"));
            app.MapGet("/here", () => Results.Redirect("http://alice.overlay/there"));
            app.MapGet("/there", () => "there");
        });

        Assert.Equal("there", await pair.CreateClient().GetStringAsync("/here", Cancelled));
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => pair.CreateClient().GetStringAsync("/away", Cancelled));
        Assert.Equal(OverlayError.NotAnOverlayHost, Assert.IsType<OverlayException>(failure.InnerException).Reason);
    }

    [Fact]
    public async Task Other_hosts_are_dialled_over_TCP_where_that_is_allowed()
    {
        await using var pair = new WebPair();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeOnceAsync(listener);

        var text = await pair.CreateClient(new() { AllowOtherHosts = true }).GetStringAsync($"http://{listener.LocalEndpoint}/", Cancelled);

        Assert.Equal("tcp", text);
        await serving;
    }

    [Fact]
    public async Task The_handler_inside_can_be_configured()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", () => Results.Redirect("http://alice.overlay/there")));

        using var response = await pair.CreateClient(new() { ConfigureHandler = handler => handler.AllowAutoRedirect = false }).GetAsync("/", Cancelled);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
    }

    [Fact]
    public async Task Requests_one_after_the_other_share_a_connection()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", (HttpContext context) => context.Connection.Id));
        var client = pair.CreateClient();

        var ids = new HashSet<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await client.GetStringAsync("/", Cancelled));
        }

        Assert.Single(ids);
    }

    [Fact]
    public async Task Sixty_four_requests_at_once_are_answered()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/{n}", (int n) => $"{n}"));
        var client = pair.CreateClient();

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(n => client.GetStringAsync($"/{n}", Cancelled)));

        Assert.Equal(Enumerable.Range(0, 64).Select(n => $"{n}"), answers);
    }

    [Fact]
    public void A_client_of_the_factory_brings_its_node_along()
    {
        var services = new ServiceCollection();
        services.AddOverlayHttpClient();
        services.AddHttpClient<TypedClient>().UseOverlay();

        Assert.Contains(services, service => service.ServiceType == typeof(Nodes.Hosting.INodeAccessor));
        Assert.Single(services, service => service.ServiceType == typeof(Microsoft.Extensions.Hosting.IHostedService));
    }

    private static async Task ServeOnceAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(Cancelled);
        var stream = client.GetStream();
        Assert.True(await stream.ReadAtLeastAsync(new byte[1_000], 16, cancellationToken: Cancelled) > 0);
        await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\ntcp"), Cancelled);
    }

    private sealed class TypedClient(HttpClient http)
    {
        public HttpClient Http { get; } = http;
    }
}
