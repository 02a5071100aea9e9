using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Overlay.Status.Tests;

public sealed class StatusServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly StatusOptions Quick = new() { Pause = TimeSpan.FromMilliseconds(100), MaxPause = TimeSpan.FromMilliseconds(200), Linger = TimeSpan.Zero };

    private readonly FixtureNetwork _network = new(24);

    [Fact]
    public async Task The_page_and_its_files_come_with_a_policy_that_allows_nothing_from_elsewhere()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);

        foreach (var file in PageFiles.All)
        {
            using var response = await http.GetAsync(file.Name == PageFiles.Start ? "" : file.Name);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var policy = string.Join(' ', response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        }
    }

    [Fact]
    public void No_file_of_the_page_names_another_place()
    {
        foreach (var file in PageFiles.All)
        {
            var text = System.Text.Encoding.UTF8.GetString(file.Bytes).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);

            Assert.DoesNotContain("://", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);
        using var first = await http.GetAsync("main.js");

        http.DefaultRequestHeaders.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await http.GetAsync("main.js");

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task Only_GET_is_answered()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);

        foreach (var path in new[] { "", "feed", "status.json", "members/000000000001" })
        {
            using var response = await http.PostAsync(path, null);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:8090", HttpStatusCode.OK)]
    [InlineData("[::1]:8090", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1", HttpStatusCode.MisdirectedRequest)]
    public async Task On_loopback_a_request_must_name_this_machine(string host, HttpStatusCode expected)
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);
        http.DefaultRequestHeaders.Host = host;

        using var response = await http.GetAsync("");

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task The_feed_begins_with_the_whole_and_goes_on_with_changes()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);
        using var feed = await SseReader.OpenAsync(http);
        var seen = await GatherAsync(feed, 24);

        var joined = _network.Add().ToString();
        var delta = await feed.NextAsync(next => next.Data["events"]!.AsArray().Count > 0);

        Assert.Equal("delta", delta.Kind);
        Assert.Contains(_network.Members[0].ToString(), seen);
        Assert.Equal(joined, delta.Data["events"]![0]![3]!.GetValue<string>());
        Assert.Equal("joined", delta.Data["events"]![0]![2]!.GetValue<string>());
    }

    [Fact]
    public async Task A_member_that_does_not_answer_any_more_goes()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);
        using var feed = await SseReader.OpenAsync(http);
        await GatherAsync(feed, 24);
        var victim = _network.Members[7];

        _network.Kill(victim);
        var delta = await feed.NextAsync(next => next.Kind == "delta" && next.Data["gone"]!.AsArray().Count > 0);

        Assert.Equal(victim.ToString(), delta.Data["gone"]![0]!.GetValue<string>());
        Assert.NotEmpty(delta.Data["cut"]!.AsArray());
    }

    [Fact]
    public async Task What_happens_near_the_server_is_told_without_waiting_for_a_round()
    {
        await using var server = await StartAsync(Quick with { Pause = TimeSpan.FromSeconds(50), MaxPause = TimeSpan.FromSeconds(50) });
        using var http = ClientOf(server);
        using var feed = await SseReader.OpenAsync(http);
        await GatherAsync(feed, 24);
        await UntilAsync(() => _network.Rounds == 1);
        var victim = _network.Members[3];

        _network.Kill(victim);
        _network.Tell(new(NearChangeKind.Died, victim));
        var delta = await feed.NextAsync(next => next.Kind == "delta" && next.Data["gone"]!.AsArray().Count > 0);

        Assert.Equal(victim.ToString(), delta.Data["gone"]![0]!.GetValue<string>());
        Assert.Equal("died", delta.Data["events"]![0]![2]!.GetValue<string>());
    }

    [Fact]
    public async Task Who_comes_back_is_told_what_it_missed_and_no_more()
    {
        await using var server = await StartAsync(Quick with { Linger = TimeSpan.FromSeconds(30) });
        using var http = ClientOf(server);
        string last;
        using (var feed = await SseReader.OpenAsync(http))
        {
            await GatherAsync(feed, 24);
            _network.Add();
            last = (await feed.NextAsync(next => next.Data["events"]!.AsArray().Count > 0)).Id;
        }

        var joined = _network.Add().ToString();
        using var again = await SseReader.OpenAsync(http, last);
        var next = await again.NextAsync(next => next.Kind == "snapshot" || next.Data["events"]!.AsArray().Count > 0);

        Assert.Equal("delta", next.Kind);
        Assert.Equal(joined, next.Data["events"]![0]![3]!.GetValue<string>());
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("1-1")]
    public async Task Who_saw_another_run_of_the_server_is_told_everything(string lastEventId)
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);
        using var feed = await SseReader.OpenAsync(http, lastEventId);

        Assert.Equal("snapshot", (await feed.NextAsync()).Kind);
    }

    [Fact]
    public async Task One_viewer_too_many_is_told_so_and_finds_a_place_later()
    {
        await using var server = await StartAsync(Quick with { MaxViewers = 2 });
        using var http = ClientOf(server);
        using var first = await SseReader.OpenAsync(http);
        using (await SseReader.OpenAsync(http))
        {
            using var refused = await http.GetAsync("feed");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Contains("2 viewers look at this status page already", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await UntilAsync(async () =>
        {
            using var response = await http.GetAsync("feed", HttpCompletionOption.ResponseHeadersRead);
            return response.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task Another_origin_s_page_takes_no_place()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);
        http.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");

        using var response = await http.GetAsync("feed");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Nobody_is_asked_while_nobody_looks()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);
        using (await http.GetAsync(""))
        {
            Assert.Equal(0, _network.Rounds);
        }

        using (var feed = await SseReader.OpenAsync(http))
        {
            await GatherAsync(feed, 24);
            Assert.False(_network.IsResting);
        }

        await UntilAsync(() => _network.IsResting);
    }

    [Fact]
    public async Task The_same_stands_in_JSON_once_everybody_was_asked()
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);

        var all = JsonNode.Parse(await http.GetStringAsync("status.json"))!;

        Assert.Equal(24, all["memberCount"]!.GetValue<int>());
        Assert.True(all["complete"]!.GetValue<bool>());
        Assert.Equal("ring", all["topology"]!.GetValue<string>());
        Assert.Equal(8, all["members"]![0]!["below"]!.AsArray().Count);
        Assert.Equal("direct", all["members"]![0]!["links"]![0]!["kind"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_member_is_told_of_with_its_tables_and_traces()
    {
        _network.Spans = [new(DateTimeOffset.UnixEpoch, "forward data", new string('a', 32), TimeSpan.FromMilliseconds(1.5), "sent", "0123456789ab")];
        await using var server = await StartAsync(Quick with { Linger = TimeSpan.FromSeconds(30) });
        using var http = ClientOf(server);
        using var all = await http.GetAsync("status.json");

        var member = JsonNode.Parse(await http.GetStringAsync($"members/{_network.Members[5]}"))!;

        Assert.Equal(_network.Members[5].ToString(), member["id"]!.GetValue<string>());
        Assert.Equal(_network.Members[4].ToString(), member["above"]!.GetValue<string>());
        Assert.Equal("forward data", member["traces"]![0]!["name"]!.GetValue<string>());
        Assert.Equal(1.5, member["traces"]![0]!["ms"]!.GetValue<double>());
    }

    [Theory]
    [InlineData("members/000000000001", HttpStatusCode.NoContent)]
    [InlineData("members/xyz", HttpStatusCode.BadRequest)]
    [InlineData("members/..%2f..%2fetc", HttpStatusCode.BadRequest)]
    [InlineData("nothing", HttpStatusCode.NotFound)]
    public async Task What_is_not_there_is_said_to_be_nothing(string path, HttpStatusCode expected)
    {
        await using var server = await StartAsync();
        using var http = ClientOf(server);

        using var response = await http.GetAsync(path);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_typed_error_with_its_cure()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var failed = await Assert.ThrowsAsync<StatusException>(() => StatusServer.StartAsync(new(null, port), _network));

        Assert.Equal(StatusError.AddressInUse, failed.Reason);
        Assert.Contains($"localhost:{port} is in use", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_a_typed_error()
    {
        var failed = await Assert.ThrowsAsync<StatusException>(() => StatusServer.StartAsync(new(IPAddress.Parse("192.0.2.1"), 0), _network));

        Assert.Equal(StatusError.AddressNotAvailable, failed.Reason);
    }

    [Fact]
    public async Task Options_out_of_range_are_named() =>
        Assert.Contains("MaxViewers: 0", (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(new() { MaxViewers = 0 }))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_stop_ends_the_feeds()
    {
        var server = await StartAsync();
        using var http = ClientOf(server);
        using var feed = await SseReader.OpenAsync(http);
        await GatherAsync(feed, 24);

        await server.DisposeAsync().AsTask().WaitAsync(Patience);

        await Assert.ThrowsAnyAsync<Exception>(() => feed.NextAsync(static _ => false));
    }

    private static HttpClient ClientOf(StatusServer server) => new() { BaseAddress = server.Uri };

    private Task<StatusServer> StartAsync(StatusOptions? options = null) => StatusServer.StartAsync(new(IPAddress.Loopback, 0), _network, options ?? Quick);

    /// <summary>Reads until so many members were told of.</summary>
    private static async Task<HashSet<string>> GatherAsync(SseReader feed, int count)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var isComplete = false;
        while (seen.Count < count || !isComplete)
        {
            var next = await feed.NextAsync();
            seen.UnionWith(next.Data["members"]!.AsArray().Select(static row => row![0]!.GetValue<string>()));
            isComplete = next.Data["complete"]!.GetValue<bool>();
        }

        return seen;
    }

    private static Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await isSo())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
