using System.Diagnostics;
using Overlay.Nodes.Rest;
using Overlay.Runtime;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Telemetry;
using Overlay.Runtime.Tests.Telemetry;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>Spans and durations of fetches, of requests served, and of sockets dialled.</summary>
public sealed class RestTelemetryTests
{
    private const string Given = "00-11111111111111111111111111111111-2222222222222222-01";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fetch_is_one_trace_of_the_client_its_dial_and_the_server()
    {
        using var spans = new Spans();
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = await StartPairAsync(hub);
        ActivityTraceId? inHandler = null;
        await using var server = alice.Rest.CreateServer();
        server.MapGet("/json/:id", context =>
        {
            inHandler = Activity.Current?.TraceId;
            return "here";
        });
        server.Listen();

        await using (var answer = await bob.Rest.FetchAsync("rest://alice/json/42?token=secret", null, Cancelled))
        {
            await answer.ReadTextAsync(Cancelled);
        }

        var asked = await EndedAsync(spans, span => span.OperationName == "GET" && span.Kind == ActivityKind.Client && IsOf(span, bob));
        var served = await EndedAsync(spans, span => span.Kind == ActivityKind.Server && span.TraceId == asked.TraceId && IsOf(span, alice));
        var dialled = await EndedAsync(spans, span => span.OperationName == "socket connect" && span.TraceId == asked.TraceId);
        Assert.Equal((asked.SpanId, asked.SpanId), (served.ParentSpanId, dialled.ParentSpanId));
        Assert.Equal("GET /json/:id", served.DisplayName);
        Assert.Equal(asked.TraceId, inHandler);
        Assert.Equal(("200", "alice", "80", "rest://alice:80/json/42"), (Tag(asked, "http.response.status_code"), Tag(asked, "server.address"), Tag(asked, "server.port"), Tag(asked, "url.full")));
        Assert.Equal(("200", "/json/:id", "/json/42", bob.Id.ToString(), "key"), (Tag(served, "http.response.status_code"), Tag(served, "http.route"), Tag(served, "url.path"), Tag(served, "client.address"), Tag(served, "overlay.peer.proof")));
        Assert.Equal(("alice", "80", alice.Id.ToString()), (Tag(dialled, "server.address"), Tag(dialled, "overlay.port"), Tag(dialled, "overlay.target.id")));
        Assert.DoesNotContain(spans.Of(asked.TraceId).SelectMany(span => span.TagObjects), tag => tag.Value?.ToString()?.Contains("secret", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task What_failed_says_why()
    {
        using var spans = new Spans();
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = await StartPairAsync(hub);
        await using var server = alice.Rest.CreateServer();
        server.MapPost("/bad", new RestHandler(_ => throw new InvalidOperationException("not for others")));
        server.Listen();

        await using var missing = await bob.Rest.FetchAsync("rest://alice/missing", null, Cancelled);
        await using var bad = await bob.Rest.FetchAsync("rest://alice/bad", new FetchOptions { Method = "post" }, Cancelled);
        await Assert.ThrowsAsync<OverlayException>(() => bob.Rest.FetchAsync("rest://alice:9/", new FetchOptions { Method = "brew" }, Cancelled));

        var missed = await EndedAsync(spans, span => span.Kind == ActivityKind.Client && IsOf(span, bob) && Tag(span, "error.type") == "404");
        var unserved = await EndedAsync(spans, span => span.Kind == ActivityKind.Server && span.TraceId == missed.TraceId);
        var broken = await EndedAsync(spans, span => span.Kind == ActivityKind.Server && IsOf(span, alice) && Tag(span, "error.type") == "500");
        var refused = await EndedAsync(spans, span => span.OperationName == "HTTP" && IsOf(span, bob));
        var dial = await EndedAsync(spans, span => span.OperationName == "socket connect" && span.TraceId == refused.TraceId);
        Assert.Equal((ActivityStatusCode.Error, ActivityStatusCode.Unset), (missed.Status, unserved.Status)); // It is the client's mistake.
        Assert.Equal((ActivityStatusCode.Error, "POST /bad", ""), (broken.Status, broken.DisplayName, broken.StatusDescription ?? ""));
        Assert.Equal(("_OTHER", "brew", "connection_refused", "connection_refused"), (Tag(refused, "http.request.method"), Tag(refused, "http.request.method_original"), Tag(refused, "error.type"), Tag(dial, "error.type")));
    }

    [Fact]
    public async Task Who_proved_its_id_is_followed_and_a_page_is_only_linked_to()
    {
        using var spans = new Spans();
        await using var host = await OverlayHost.StartAsync(new RuntimeOptions { ListenAddresses = [System.Net.IPAddress.Loopback], Hubs = [Overlay.Runtime.Hubs.InProcessHub.Shared] }, Cancelled);
        using var telemetry = new RestTelemetry(host.Telemetry, host.Id, TimeProvider.System);

        var ofMember = Serve(telemetry, PeerProof.Key);
        var ofPage = Serve(telemetry, PeerProof.Vouched);

        Assert.Equal((new string('1', 32), new string('2', 16)), (ofMember.TraceId.ToHexString(), ofMember.ParentSpanId.ToHexString()));
        Assert.NotEqual(new string('1', 32), ofPage.TraceId.ToHexString());
        Assert.Equal(default, ofPage.ParentSpanId);
        Assert.Equal(new string('1', 32), Assert.Single(ofPage.Links).Context.TraceId.ToHexString());
    }

    [Fact]
    public async Task Others_have_no_more_spans_made_here_than_the_budget_allows()
    {
        using var spans = new Spans();
        await using var host = await OverlayHost.StartAsync(
            new RuntimeOptions
            {
                ListenAddresses = [System.Net.IPAddress.Loopback],
                Hubs = [Overlay.Runtime.Hubs.InProcessHub.Shared],
                Telemetry = new TelemetryOptions { RemoteSpansPerSecond = 3 },
            },
            Cancelled);
        using var telemetry = new RestTelemetry(host.Telemetry, host.Id, new ManualTime());

        var followed = Enumerable.Range(0, 10).Select(_ => Serve(telemetry, PeerProof.Key)).Count(span => span.TraceId.ToHexString() == new string('1', 32));

        Assert.Equal(3, followed);
    }

    [Fact]
    public async Task Durations_are_measured_by_method_route_and_outcome_and_the_documentation_has_them()
    {
        await using var hub = await TestHub.StartAsync();
        var (alice, bob) = await StartPairAsync(hub);
        using var asking = new Instruments(bob.Id);
        using var serving = new Instruments(alice.Id);
        await using var server = alice.Rest.CreateServer();
        server.MapGet("/json/:id", _ => "here");
        server.Listen();

        await (await bob.Rest.FetchAsync("rest://alice/json/1", null, Cancelled)).ReadTextAsync(Cancelled);
        await Assert.ThrowsAsync<OverlayException>(() => bob.Rest.FetchAsync("rest://alice:9/", null, Cancelled));
        await Soon.UntilAsync(() => serving.Collect().Any(one => one.Name == "http.server.request.duration"));

        Assert.InRange(asking.Last("http.client.request.duration", "http.request.method=GET url.scheme=rest http.response.status_code=200"), 0, 60);
        Assert.InRange(asking.Last("http.client.request.duration", "http.request.method=GET url.scheme=rest error.type=connection_refused"), 0, 60);
        Assert.InRange(serving.Last("http.server.request.duration", "http.request.method=GET url.scheme=rest http.route=/json/:id http.response.status_code=200"), 0, 60);
        Assert.Equal(asking.Rows("http."), Documentation.RowsOf("telemetry.md", "Instrument of REST").Select(Instruments.BeginningOf).Order(StringComparer.Ordinal));
    }

    private static Activity Serve(RestTelemetry telemetry, PeerProof proof)
    {
        var headers = new Dictionary<string, string> { ["traceparent"] = Given };
        var remote = new PeerAddress("somebody", Ring.RingId.From(5), proof);
        using var exchange = telemetry.Serve(new RestRequest("/", "get", headers, null!, remote, remote));
        return exchange!.Span!;
    }

    private static async Task<(Node Alice, Node Bob)> StartPairAsync(TestHub hub) => (await hub.StartNodeAsync("alice"), await hub.StartNodeAsync("bob"));

    private static async Task<Activity> EndedAsync(Spans spans, Func<Activity, bool> which)
    {
        await Soon.UntilAsync(() => spans.All.Any(which));
        return spans.All.First(which);
    }

    private static bool IsOf(Activity span, Node node) => Tag(span, OverlayTelemetry.NodeId) == node.Id.ToString();

    private static string Tag(Activity span, string name) => Spans.Tag(span, name);
}
