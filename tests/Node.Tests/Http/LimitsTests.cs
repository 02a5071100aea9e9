using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Overlay.Nodes.Streams;

namespace Overlay.Nodes.Tests.Http;

/// <summary>Kestrel's limits, which hold over the overlay as they do over TCP.</summary>
public sealed class LimitsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_head_that_is_too_large_is_431()
    {
        await using var pair = new WebPair();
        pair.Builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestHeadersTotalSize = 4_096);
        await pair.StartAsync(app => app.MapGet("/", () => "hello"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Long", new string('x', 5_000) } } };

        using var response = await pair.CreateClient().SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
        Assert.Equal("hello", await pair.CreateClient().GetStringAsync("/", Cancelled));
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413()
    {
        await using var pair = new WebPair();
        pair.Builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 1_000);
        await pair.StartAsync(app => app.MapPost("/", context => context.Request.Body.CopyToAsync(Stream.Null, Cancelled)));

        using var response = await pair.CreateClient().PostAsync("/", new ByteArrayContent(new byte[1_001]), Cancelled);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_is_408()
    {
        await using var pair = new WebPair();
        pair.Builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinRequestBodyDataRate = new(100_000, TimeSpan.FromSeconds(1.1)));
        await pair.StartAsync(app => app.MapPost("/", context => context.Request.Body.CopyToAsync(Stream.Null, Cancelled)));
        await using var pipe = await SendAsync(pair, "POST / HTTP/1.1\r\nHost: alice\r\nContent-Length: 1000000\r\n\r\nsome");

        var answer = await ReadToEndAsync(pipe);

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001 a TLS hello \r\n\r\n")]
    public async Task What_is_no_request_is_400_and_closes_its_own_connection_only(string bytes)
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", () => "hello"));
        await using var pipe = await SendAsync(pair, bytes);

        var answer = await ReadToEndAsync(pipe);

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Equal("hello", await pair.CreateClient().GetStringAsync("/", Cancelled));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_request_that_its_client_gives_up_is_aborted(string version)
    {
        await using var pair = new WebPair();
        var (entered, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await pair.StartAsync(app => app.MapGet("/wait", async context =>
        {
            using var registration = context.RequestAborted.Register(aborted.SetResult);
            entered.SetResult();
            await aborted.Task;
        }));
        using var enough = new CancellationTokenSource();
        var asking = pair.CreateClient(version: Version.Parse(version)).GetAsync("/wait", enough.Token);
        await Soon.Async(entered.Task);

        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Soon.Async(aborted.Task);
    }

    [Fact]
    public async Task A_client_whose_connection_breaks_off_is_noticed()
    {
        await using var pair = new WebPair();
        var (entered, aborted) = (new TaskCompletionSource(), new TaskCompletionSource());
        await pair.StartAsync(app => app.MapGet("/wait", async context =>
        {
            using var registration = context.RequestAborted.Register(aborted.SetResult);
            entered.SetResult();
            await aborted.Task;
        }));
        await using var pipe = await SendAsync(pair, "GET /wait HTTP/1.1\r\nHost: alice\r\n\r\n");
        await Soon.Async(entered.Task);

        pipe.Abort();

        await Soon.Async(aborted.Task);
    }

    [Fact]
    public async Task A_server_that_aborts_is_noticed_by_its_client()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/break", async context =>
        {
            await context.Response.WriteAsync("half of ", Cancelled);
            await context.Response.Body.FlushAsync(Cancelled);
            context.Abort();
        }));

        await Assert.ThrowsAsync<HttpRequestException>(() => pair.CreateClient().GetStringAsync("/break", Cancelled));
    }

    // A client that has said all it has to say still wants to hear the answer: over TCP Kestrel takes this for the end, here it need not.
    [Fact]
    public async Task A_client_that_ends_its_direction_still_gets_its_answer()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", () => "hello"));
        await using var pipe = await SendAsync(pair, "GET / HTTP/1.0\r\nHost: alice\r\n\r\n");
        await pipe.Output.CompleteAsync();

        Assert.EndsWith("\r\n\r\nhello", await ReadToEndAsync(pipe), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_pauses_holds_the_response_back()
    {
        await using var pair = new WebPair();
        var written = 0L;
        await pair.StartAsync(app => app.MapGet("/endless", async context =>
        {
            context.Features.Get<IHttpMinResponseDataRateFeature>()!.MinDataRate = null;
            var piece = new byte[65_536];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                Interlocked.Add(ref written, piece.Length);
            }
        }));
        using var response = await pair.CreateClient().GetAsync("/endless", HttpCompletionOption.ResponseHeadersRead, Cancelled);
        await using var body = await response.Content.ReadAsStreamAsync(Cancelled);
        await body.ReadExactlyAsync(new byte[1_000_000], Cancelled);

        var before = -1L;
        await Soon.UntilAsync(() => before == (before = Interlocked.Read(ref written)) && before > 1_000_000);

        Assert.InRange(Interlocked.Read(ref written), 1_000_000, 40_000_000);
    }

    private static async Task<PipeConnection> SendAsync(WebPair pair, string bytes)
    {
        var pipe = await pair.Client.Sockets.ConnectPipeAsync("alice", "http:80", CreditStreamOptions.Pipe, Cancelled);
        await pipe.Output.WriteAsync(Encoding.Latin1.GetBytes(bytes), Cancelled);
        return pipe;
    }

    private static async Task<string> ReadToEndAsync(PipeConnection pipe)
    {
        using var answer = new MemoryStream();
        await Soon.Async(pipe.Input.CopyToAsync(answer, Cancelled));
        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
