using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Overlay.Samples.Tests;

/// <summary>The lab, small: its processes, its faults, its collector and its page.</summary>
public sealed class LabTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nodes_come_die_and_come_back_and_their_messages_traces_are_there_to_look_at()
    {
        await using var lab = SampleProcess.Start("Lab", "--nodes", "3", "--faults", "0", "--port", "0");
        using var http = new HttpClient { BaseAddress = new Uri((await lab.HearAsync("page and OTLP collector at")).Split(' ')[^1]) };
        http.DefaultRequestHeaders.Add("X-Lab", "1");
        await lab.HearAsync("3 nodes");

        var sent = await UntilAsync(http, static state => state.GetProperty("traces").EnumerateArray().FirstOrDefault(IsSendOfTwo) is { ValueKind: JsonValueKind.Object } trace ? trace : null);
        var spans = await http.GetFromJsonAsync<JsonElement[]>($"/api/traces/{sent.GetProperty("id").GetString()}", Cancelled);
        Assert.Equal(["send data", "process data"], spans!.Select(span => span.GetProperty("name").GetString()).Where(name => name is "send data" or "process data"));
        Assert.Equal(spans![0].GetProperty("id").GetString(), spans.First(span => span.GetProperty("name").GetString() == "process data").GetProperty("parent").GetString());

        Assert.Equal(HttpStatusCode.NoContent, await ActAsync(http, "node02/kill"));
        await lab.HearAsync("node02   was killed");
        Assert.Equal(HttpStatusCode.Conflict, await ActAsync(http, "node02/thaw"));
        Assert.Equal(HttpStatusCode.NoContent, await ActAsync(http, "node02/start"));
        await lab.HearAsync("node02   is a member");
        Assert.Equal(HttpStatusCode.NoContent, await ActAsync(http, "node03/leave"));
        await lab.HearAsync("node03   left");
    }

    [Fact]
    public async Task What_is_no_telemetry_no_node_and_no_page_of_ours_is_refused()
    {
        await using var lab = SampleProcess.Start("Lab", "--nodes", "2", "--faults", "0", "--port", "0");
        var address = new Uri((await lab.HearAsync("page and OTLP collector at")).Split(' ')[^1]);
        using var http = new HttpClient { BaseAddress = address };

        var page = await http.GetAsync(new Uri("/", UriKind.Relative), Cancelled);
        var garbage = await http.PostAsync(new Uri("/v1/traces", UriKind.Relative), new ByteArrayContent([0xff]), Cancelled);
        var withoutHeader = await ActAsync(http, "node01/kill");
        http.DefaultRequestHeaders.Add("X-Lab", "1");
        var nobody = await ActAsync(http, "nobody/kill");
        http.DefaultRequestHeaders.Host = "somewhere.example";
        var rebound = await http.GetAsync(new Uri("/api/state", UriKind.Relative), Cancelled);

        Assert.Contains("default-src 'none'", string.Concat(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (garbage.StatusCode, withoutHeader, nobody, rebound.StatusCode));
    }

    [Fact]
    public async Task A_number_out_of_range_is_named_with_its_range()
    {
        var (exitCode, lines) = await SampleProcess.RunAsync("Lab", "--nodes", "1");

        Assert.NotEqual(0, exitCode);
        Assert.Contains(lines, line => line.Contains("--nodes: '1' is not in 2 … 64", StringComparison.Ordinal));
    }

    private static bool IsSendOfTwo(JsonElement trace) => trace.GetProperty("name").GetString() == "send data" && trace.GetProperty("nodes").GetInt32() > 1;

    private static async Task<HttpStatusCode> ActAsync(HttpClient http, string action) =>
        (await http.PostAsync(new Uri($"/api/nodes/{action}", UriKind.Relative), null, Cancelled)).StatusCode;

    /// <summary>Looks at the lab again and again until it is as wanted.</summary>
    private static async Task<JsonElement> UntilAsync(HttpClient http, Func<JsonElement, JsonElement?> wanted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (wanted(await http.GetFromJsonAsync<JsonElement>("/api/state", patience.Token)) is { } found)
            {
                return found;
            }

            await Task.Delay(50, patience.Token);
        }
    }
}
