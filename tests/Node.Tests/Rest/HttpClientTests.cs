using System.Net;
using System.Net.Http.Json;
using Overlay.Nodes.Rest;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>An ordinary <see cref="HttpClient"/> on REST.</summary>
public sealed class HttpClientTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("rest://{0}/json/7?q=x")]
    [InlineData("http://{0}.smoke/json/7?q=x")]
    [InlineData("http://{0}.smoke:80/json/7?q=x")]
    public async Task It_gets_JSON_and_streams(string url)
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/json/:id", context => RestResult.Json(new Answer(context.Request.Params["id"], context.Request.Query["q"]!)));
        using var client = new HttpClient(rest.ClientNode.Rest.CreateHandler());
        var uri = new Uri(string.Format(url, rest.Host));

        Assert.Equal(new Answer("7", "x"), await client.GetFromJsonAsync<Answer>(uri, Cancelled));
        await using var stream = await client.GetStreamAsync(uri, Cancelled);
        Assert.Equal("""{"id":"7","q":"x"}""", await new StreamReader(stream).ReadToEndAsync(Cancelled));
    }

    [Fact]
    public async Task It_posts_headers_and_JSON_and_sees_the_status()
    {
        await using var rest = new RestPair();
        rest.Server.MapPost("/", async context =>
        {
            var answer = await context.Request.Body.ReadJsonAsync<Answer>();
            return RestResult.Json(answer! with { Q = context.Request.Headers["x-q"] }, 418) with { Headers = new Dictionary<string, string> { ["x-more"] = "1, 2" } };
        });
        using var client = new HttpClient(rest.ClientNode.Rest.CreateHandler()) { BaseAddress = new Uri($"rest://{rest.Host}/") };
        client.DefaultRequestHeaders.Add("X-Q", "why");

        using var response = await client.PostAsJsonAsync("", new Answer("7", ""), Cancelled);

        Assert.Equal((HttpStatusCode)418, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["1, 2"], response.Headers.GetValues("x-more"));
        Assert.Equal(new Answer("7", "why"), await response.Content.ReadFromJsonAsync<Answer>(Cancelled));
    }

    [Fact]
    public async Task Names_keep_their_case()
    {
        await using var rest = new RestPair();
        rest.Net.Names["Alice"] = rest.ServerNode.Address;
        rest.Server.MapGet("/", _ => "hello");
        using var client = new HttpClient(rest.ClientNode.Rest.CreateHandler());

        Assert.Equal("hello", await client.GetStringAsync(new Uri("rest://Alice/"), Cancelled));
    }

    [Fact]
    public async Task Giving_up_frees_both_ends()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var client = new HttpClient(rest.ClientNode.Rest.CreateHandler());
        using var impatience = new CancellationTokenSource();
        var getting = client.GetStringAsync(new Uri($"rest://{rest.Host}/"), impatience.Token);
        await Soon.UntilAsync(() => rest.Server.Serving == 1);

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon.Async(getting));
        await Soon.UntilAsync(() => rest.Server.Serving == 0 && rest.ClientNode.Network.Peers.All(peer => peer.OpenChannels == 0));
    }

    [Fact]
    public async Task A_stream_that_is_disposed_of_half_read_stops_the_server()
    {
        await using var rest = new RestPair();
        rest.Server.MapGet("/", context => context.Response.SendAsync(RestContent.Write(async (stream, token) =>
        {
            while (true)
            {
                await stream.WriteAsync(new byte[65_535], token);
            }
        })));
        using var client = new HttpClient(rest.ClientNode.Rest.CreateHandler());

        await using (var stream = await client.GetStreamAsync(new Uri($"rest://{rest.Host}/"), Cancelled))
        {
            await stream.ReadExactlyAsync(new byte[200_000], Cancelled);
        }

        await Soon.UntilAsync(() => rest.Server.Serving == 0);
    }

    [Fact]
    public async Task What_goes_wrong_has_a_kind_and_a_cause()
    {
        await using var rest = new RestPair();
        using var client = new HttpClient(rest.ClientNode.Rest.CreateHandler());

        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri($"rest://{rest.Host}:81/"), Cancelled));
        var unknown = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("rest://nobody/"), Cancelled));

        Assert.Equal((HttpRequestError.ConnectionError, OverlayError.ConnectionRefused), (refused.HttpRequestError, Assert.IsType<OverlayException>(refused.InnerException).Reason));
        Assert.Equal(HttpRequestError.NameResolutionError, unknown.HttpRequestError);
        await Assert.ThrowsAsync<ArgumentException>(() => client.GetStringAsync(new Uri("http://example.org/"), Cancelled));
    }

    private sealed record Answer(string Id, string Q);
}
