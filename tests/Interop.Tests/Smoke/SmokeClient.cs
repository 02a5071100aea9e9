using System.Globalization;
using Overlay.Nodes;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Sockets;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Interop.Tests.Smoke;

/// <summary>The rows of lists C.1 and C.2 with a node as the client, as smoke-page.js has them for a page.</summary>
internal sealed class SmokeClient(Node node, string host, CancellationToken cancellationToken)
{
    private static readonly string[] Verbs = ["get", "post", "put", "patch", "delete", "foo"];

    public static IEnumerable<string> Rows =>
    [
        "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S9", "S10", "S11", "S12", "S13",
        "R1", "R2", "R3", "R4", "R5", "R6", .. Verbs.Select((_, i) => $"R{8 + i}"), "R14", "R15", "R16", "R17", "R18", "R19", "R20", "R21", "R22", "R23",
        "query", "missing", "throws",
    ];

    public Task RunAsync(string row) => row switch
    {
        "S1" => HearsAsync(101, "hello"u8.ToArray()),
        "S2" => RefusedAsync(),
        "S3" => TellsAsync(103, ["bye"u8.ToArray()]),
        "S4" => HearsAsync(104, SmokeBytes.Pattern(1024, 4)),
        "S5" => TellsAsync(105, [SmokeBytes.Pattern(1024, 5)]),
        "S6" => EchoedAsync(106, SmokeBytes.Pattern(1024, 6)),
        "S7" => EchoesAsync(),
        "S9" => HearsAsync(109, [.. Enumerable.Range(0, 128).Select(i => SmokeBytes.Pattern(1024, i))]),
        "S10" => TellsAsync(110, [.. Enumerable.Range(0, 128).Select(i => SmokeBytes.Pattern(1024, i))]),
        "S11" => EchoedAsync(111, SmokeBytes.Pattern(1_000_000, 11)),
        "S12" => TooLargeAsync(),
        "S13" => Task.WhenAll(Enumerable.Range(0, 128).Select(_ => HearsAsync(113, "one"u8.ToArray()))),
        "R1" => TextIsAsync("hello world", "/text"),
        "R2" => TextIsAsync("""{"a":1,"b":[true,null,"ä"]}""", "/json"),
        "R3" => BytesAreAsync(SmokeBytes.Pattern(128, 3), "/buffer"),
        "R4" => BytesAreAsync(SmokeBytes.Pattern(1_000_000, 4), "/readable"),
        "R5" => TextIsAsync("hello", "/echo", new() { Body = RestContent.Text("hello") }),
        "R6" => BytesAreAsync(SmokeBytes.Pattern(1024, 6), "/echo", new() { Body = RestContent.Bytes(SmokeBytes.Pattern(1024, 6)) }),
        "R14" => TextIsAsync("in", "/header", new() { Headers = [new("x-in", "in")] }),
        "R15" => HeaderAsync(),
        "R16" => TextIsAsync("ab", "/added"),
        "R17" => TextIsAsync("no", "/blocked", status: 403),
        "R18" => TextIsAsync("""{"id":"u-1","order":"o2","a":"","b":""}""", "/users/u-1/orders/o2"),
        "R19" => TextIsAsync("""{"id":"1","order":"2","a":"10","b":"20"}""", "/users/1/orders/2?a=10&b=20"),
        "R20" => TextIsAsync("""{"id":"1","order":"2","a":"x","b":"y"}""", "/users/1/orders/2?a=x&b=y"),
        "R21" => BytesAreAsync(SmokeBytes.Pattern(1_000_000, 21), "/stream", Post(21)),
        "R22" => TextIsAsync("unread", "/unread", Post(22)),
        "R23" => TextIsAsync("three", "/three", Post(23)),
        "query" => QueryAsync(),
        "missing" => TextIsAsync("not found", "/missing", status: 404),
        "throws" => TextIsAsync("internal server error", "/throws", status: 500),
        _ when row[0] == 'R' && Verbs[int.Parse(row[1..], CultureInfo.InvariantCulture) - 8] is { } verb => TextIsAsync(verb, "/verb", new() { Method = verb }),
        _ => throw new ArgumentOutOfRangeException(nameof(row), row, "no such row"),
    };

    private static FetchOptions Post(int seed) => new() { Method = "post", Body = RestContent.Stream(new MemoryStream(SmokeBytes.Pattern(1_000_000, seed))) };

    private async Task HearsAsync(int port, params byte[][] expected)
    {
        await using var socket = await ConnectAsync(port);
        foreach (var message in expected)
        {
            Assert.Equal(SmokeBytes.Describe(message), SmokeBytes.Describe((await socket.ReceiveAsync(cancellationToken))!.Value.Span));
        }

        Assert.Null(await socket.ReceiveAsync(cancellationToken));
    }

    private async Task TellsAsync(int port, byte[][] messages)
    {
        await using (var socket = await ConnectAsync(port))
        {
            foreach (var message in messages)
            {
                await socket.SendAsync(message, cancellationToken);
            }
        }

        var heard = await HeardAsync(port);
        Assert.Equal([.. messages.Select(_ => "message"), "close"], heard.Events);
        Assert.Equal(messages.Select(message => SmokeBytes.Describe(message)), heard.Messages);
    }

    private async Task EchoedAsync(int port, byte[] message)
    {
        await using var socket = await ConnectAsync(port);
        await socket.SendAsync(message, cancellationToken);
        Assert.Equal(SmokeBytes.Describe(message), SmokeBytes.Describe((await socket.ReceiveAsync(cancellationToken))!.Value.Span));
    }

    private async Task EchoesAsync()
    {
        await using (var socket = await ConnectAsync(107))
        {
            await socket.SendAsync((await socket.ReceiveAsync(cancellationToken))!.Value, cancellationToken);
            Assert.Null(await socket.ReceiveAsync(cancellationToken));
        }

        Assert.Equal([SmokeBytes.Describe(SmokeBytes.Pattern(1024, 7))], (await HeardAsync(107)).Messages);
    }

    private async Task TooLargeAsync()
    {
        await using var socket = await ConnectAsync(111);
        var error = await Assert.ThrowsAsync<OverlayException>(async () => await socket.SendAsync(new byte[1_000_001], cancellationToken));
        await socket.SendAsync("still there"u8.ToArray(), cancellationToken);

        Assert.Equal(OverlayError.MessageTooLarge, error.Reason);
        Assert.Equal("still there", SmokeBytes.Text((await socket.ReceiveAsync(cancellationToken))!.Value.Span));
    }

    private async Task RefusedAsync()
    {
        await TextIsAsync("hello world", "/text"); // The connection is there: what is measured is the refusal.
        var begun = TimeProvider.System.GetTimestamp();
        var error = await Assert.ThrowsAsync<OverlayException>(async () => await ConnectAsync(9));

        Assert.Equal(OverlayError.ConnectionRefused, error.Reason);
        Assert.InRange(TimeProvider.System.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    private async Task<Heard> HeardAsync(int port)
    {
        while (true)
        {
            await using var response = await FetchAsync($"/heard/{port}");
            var heard = await response.ReadJsonAsync<Heard>(null, cancellationToken);
            if (heard!.Events.Contains("close"))
            {
                return heard;
            }
        }
    }

    private async Task TextIsAsync(string expected, string path, FetchOptions? options = null, int status = 200)
    {
        await using var response = await FetchAsync(path, options);
        Assert.Equal((status, expected), (response.Status, await response.ReadTextAsync(cancellationToken)));
    }

    private async Task BytesAreAsync(byte[] expected, string path, FetchOptions? options = null)
    {
        await using var response = await FetchAsync(path, options);
        Assert.Equal(SmokeBytes.Describe(expected), SmokeBytes.Describe(await response.ReadBytesAsync(cancellationToken)));
    }

    private async Task HeaderAsync()
    {
        await using var response = await FetchAsync("/header", new() { Headers = [new("x-in", "in")] });
        Assert.Equal("out", response.Headers["x-out"]);
    }

    private async Task QueryAsync()
    {
        await using var response = await FetchAsync("/rows");
        var rows = new List<int>();
        await foreach (var row in response.ReadQueryAsync<Dictionary<string, int>>(null, cancellationToken))
        {
            rows.Add(row!["i"]);
        }

        Assert.Equal([0, 1, 2, 3, 4], rows);
    }

    private async Task<MessageSocket> ConnectAsync(int port)
    {
        var socket = await HeardOfAsync(() => node.Sockets.ConnectAsync(host, port, cancellationToken).AsTask());
        Assert.Equal((host, PeerProof.Vouched), (socket.Remote.Text, socket.Remote.Proof));
        return socket;
    }

    private Task<FetchResponse> FetchAsync(string path, FetchOptions? options = null) =>
        HeardOfAsync(() => node.Rest.FetchAsync($"rest://{host}{path}", options, cancellationToken));

    /// <summary>
    /// Dials again, as users do, where an original gives a channel up after 2 s of its own event loop and tells nobody, and where its browser lost the accepting byte and all behind it: without
    /// a trace among the TSNs.
    /// </summary>
    private static async Task<T> HeardOfAsync<T>(Func<Task<T>> dial)
    {
        for (var left = 3; ; left--)
        {
            try
            {
                return await dial();
            }
            catch (OverlayException e) when (left > 1 && (e.Reason == OverlayError.TimedOut || e.Message.Contains("without a word", StringComparison.Ordinal)))
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"dialled again: {e.Message}");
            }
        }
    }
}
