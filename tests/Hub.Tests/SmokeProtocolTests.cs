using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Overlay.Admission;

namespace Overlay.Hub.Tests;

public sealed class SmokeProtocolTests
{
    private static readonly HubOptions FreePort = new() { Port = 0 };

    [Fact]
    public async Task The_binding_comes_first_with_address_and_ice_configuration()
    {
        var ice = new IceConfiguration { StunUrls = ["stun:s:3478"], TurnUrls = ["turn:t:3478"], TurnSecret = "x" };
        await using var hub = await HubServer.StartAsync(FreePort with { Ice = ice }, default);

        await using var page = await Page.ConnectAsync(hub.Uri);

        Assert.Equal("binding", page.Binding.GetProperty("type").GetString());
        Assert.Equal("0.0.0.1", page.Address);
        var servers = page.Binding.GetProperty("configuration").GetProperty("iceServers");
        Assert.Equal("stun:s:3478", servers[0].GetProperty("urls").GetString());
        Assert.EndsWith(":0.0.0.1", servers[1].GetProperty("username").GetString(), StringComparison.Ordinal);
        Assert.False(servers[0].TryGetProperty("credential", out _));
        Assert.True(servers[1].TryGetProperty("credential", out _));
    }

    [Fact]
    public async Task Without_servers_the_configuration_is_empty_but_there()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);

        await using var page = await Page.ConnectAsync(hub.Uri);

        Assert.Equal("""{"type":"binding","address":"0.0.0.1","configuration":{"iceServers":[]}}""", page.Binding.GetRawText());
    }

    [Fact]
    public async Task Two_pages_find_each_other_by_name_and_signal()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var alice = await Page.ConnectAsync(hub.Uri);
        await using var bob = await Page.ConnectAsync(hub.Uri);

        var registered = await alice.AskAsync("""{"type":"register","request_id":0,"hostname":"alice"}""");
        var found = await bob.AskAsync("""{"hostname":"alice","request_id":7,"type":"lookup"}""");
        var address = found.GetProperty("addresses")[0].GetString();
        await bob.SendTextAsync($$$"""{"data":{"type":"offer","sdp":{"type":"offer","sdp":"v=0\r\n"},"n":1e400},"from":"9.9.9.9","to":"{{{address}}}","type":"forward"}""");
        var offer = await alice.ReceiveJsonAsync();
        await alice.SendTextAsync($$"""{"type":"forward","to":"{{offer.GetProperty("from").GetString()}}","data":[null,"ä"]}""");
        var answer = await bob.ReceiveJsonAsync();

        Assert.Equal("""{"type":"register-ok","request_id":0,"hostname":"alice"}""", registered.GetRawText());
        Assert.Equal("""{"type":"lookup-ok","request_id":7,"addresses":["0.0.0.1"]}""", found.GetRawText());
        Assert.Equal(("0.0.0.2", "0.0.0.1"), (offer.GetProperty("from").GetString(), offer.GetProperty("to").GetString()));
        Assert.Equal("""{"type":"offer","sdp":{"type":"offer","sdp":"v=0\r\n"},"n":1e400}""", offer.GetProperty("data").GetRawText());
        Assert.Equal("""[null,"ä"]""", answer.GetProperty("data").GetRawText());
        Assert.Equal(2, hub.Status.PageSignals);
        Assert.Equal(2, hub.Status.Pages);
    }

    [Fact]
    public async Task A_name_belongs_to_one_page_and_is_free_when_it_goes_or_takes_another()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var alice = await Page.ConnectAsync(hub.Uri);
        await using var bob = await Page.ConnectAsync(hub.Uri);
        await alice.AskAsync("""{"type":"register","request_id":0,"hostname":"a"}""");

        var taken = await bob.AskAsync("""{"type":"register","request_id":1,"hostname":"a"}""");
        var again = await alice.AskAsync("""{"type":"register","request_id":2,"hostname":"a"}""");
        await alice.AskAsync("""{"type":"register","request_id":3,"hostname":"b"}""");
        var free = await bob.AskAsync("""{"type":"register","request_id":4,"hostname":"a"}""");
        await alice.CloseAsync();
        await Eventually.IsTrueAsync(() => hub.Status.Pages == 1, "the page that left is still there");
        var gone = await bob.AskAsync("""{"type":"lookup","request_id":5,"hostname":"b"}""");

        Assert.Equal("hostname 'a' already registered", taken.GetProperty("reason").GetString());
        Assert.Equal("register-fail", again.GetProperty("type").GetString());
        Assert.Equal("register-ok", free.GetProperty("type").GetString());
        Assert.Equal("""{"type":"lookup-ok","request_id":5,"addresses":[]}""", gone.GetRawText());
    }

    [Theory]
    [InlineData("0.0.0.2")]
    [InlineData("123456789abc")]
    [InlineData("ff0000000002")]
    [InlineData("localhost")]
    [InlineData("localhost:1")]
    public async Task An_address_cannot_be_taken_as_a_name(string address)
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        var answer = await page.AskAsync($$"""{"type":"register","request_id":0,"hostname":"{{address}}"}""");

        Assert.Equal(("register-fail", $"'{address}' is an address, no hostname"), (answer.GetProperty("type").GetString(), answer.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task A_lookup_is_always_answered()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        Assert.Equal("0.0.0.1", (await page.AskAsync("""{"type":"lookup","request_id":1,"hostname":"0.0.0.1"}""")).GetProperty("addresses")[0].GetString());
        foreach (var name in new[] { "\"localhost:1\"", "\"0.0.0.2\"", "\"256.0.0.1\"", "\"\"", "\"\\ud800\"", "7", "null" })
        {
            var answer = await page.AskAsync($$"""{"type":"lookup","request_id":2,"hostname":{{name}}}""");
            Assert.Equal(0, answer.GetProperty("addresses").GetArrayLength());
        }

        Assert.Equal(0, (await page.AskAsync("""{"type":"lookup"}""")).GetProperty("addresses").GetArrayLength());
    }

    [Fact]
    public async Task What_the_hub_does_not_know_is_ignored()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        foreach (var text in new[] { """{"type":"dance"}""", "{}", "[]", "5", "null", "\"x\"", """{"type":5}""", """{"type":"forward","to":"1.2.3.4","data":1}""", """{"type":"forward"}""", """{"\ud800":1}""" })
        {
            await page.SendTextAsync(text);
        }

        Assert.Equal("lookup-ok", (await page.AskAsync("""{"type":"lookup","request_id":1,"hostname":"x"}""")).GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("{\"type\":\"lookup\"")]
    public async Task Text_that_is_not_json_closes_with_1003_and_others_notice_nothing(string text)
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var good = await Page.ConnectAsync(hub.Uri);
        await using var bad = await Page.ConnectAsync(hub.Uri);

        await bad.SendTextAsync(text);

        Assert.Equal((1003, "protocol violation"), await bad.ReceiveCloseAsync());
        Assert.Equal("lookup-ok", (await good.AskAsync("""{"type":"lookup","request_id":1,"hostname":"x"}""")).GetProperty("type").GetString());
    }

    [Fact]
    public async Task Nesting_without_end_closes_with_1003()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await page.SendTextAsync(new string('[', 100_000));

        Assert.Equal(1003, (await page.ReceiveCloseAsync()).Code);
    }

    [Fact]
    public async Task Text_of_256_KiB_passes_and_one_byte_more_closes_with_1009()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);
        const string Frame = """{"type":"forward","to":"0.0.0.1","data":"@"}""";
        var fill = HubOptions.MaxFrameBytes - Frame.Length + 1;

        // The address of the sender is added on the way, so what arrives is longer than what was sent.
        await page.SendTextAsync(Frame.Replace("@", new string('x', fill), StringComparison.Ordinal));
        var back = await page.ReceiveJsonAsync();
        await page.SendTextAsync(Frame.Replace("@", new string('x', fill + 1), StringComparison.Ordinal));

        Assert.Equal(fill, back.GetProperty("data").GetString()!.Length);
        Assert.Equal(1009, (await page.ReceiveCloseAsync()).Code);
    }

    [Fact]
    public async Task Binary_from_a_page_closes_with_1003()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await page.SendAsync(Encoding.UTF8.GetBytes("{}"), WebSocketMessageType.Binary);

        Assert.Equal(1003, (await page.ReceiveCloseAsync()).Code);
    }

    [Fact]
    public async Task A_page_that_floods_is_closed()
    {
        await using var hub = await HubServer.StartAsync(FreePort with { MessagesPerPage = new(1, 10) }, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        for (var i = 0; i < 12; i++)
        {
            await page.SendTextAsync("{}");
        }

        Assert.Equal((1008, "too many messages"), await page.ReceiveCloseAsync());
    }

    [Fact]
    public async Task Only_so_many_pages_are_served()
    {
        await using var hub = await HubServer.StartAsync(FreePort with { MaxPages = 1 }, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await using var second = new Client(await Client.OpenAsync(hub.Uri));

        Assert.Equal((1013, "too many pages"), await second.ReceiveCloseAsync());
    }

    [Fact]
    public async Task A_hub_with_tokens_serves_pages_that_show_one()
    {
        await using var hub = await HubServer.StartAsync(FreePort with { Tokens = ["rose"] }, default);

        await using var page = await Page.ConnectAsync(new(hub.Uri, "/?token=rose"));
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => Client.OpenAsync(new(hub.Uri, "/?token=thorn")));

        Assert.Equal("0.0.0.1", page.Address);
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_count_up_and_come_again_only_after_all_others()
    {
        var directory = new SmokeDirectory();

        var addresses = Enumerable.Range(1, 300).Select(i => directory.Open(new(i))).ToArray();
        directory.Close(new(5));

        Assert.Equal("0.0.0.1", addresses[0]);
        Assert.Equal("0.0.1.0", addresses[255]);
        Assert.Equal(300, addresses.Distinct().Count());
        Assert.Equal("0.0.1.45", directory.Open(new(301)));
        Assert.Null(directory.Lookup("0.0.0.5"));
        Assert.Equal(300, directory.Count);
    }

    [Fact]
    public void Mutated_text_never_throws()
    {
        var random = new Prng(11);
        var seed = Encoding.UTF8.GetBytes("""{"type":"forward","to":"0.0.0.1","request_id":1,"hostname":"a\u0041","data":{"x":[1,true,null]}}""");
        var read = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var text = seed.ToArray();
            for (var j = random.Next(4); j >= 0; j--)
            {
                text[random.Next(text.Length)] = (byte)random.Next(128);
            }

            if (SmokeMessage.TryRead(text, out var message))
            {
                using (message)
                {
                    read++;
                    _ = message.Type + message.To + message.Hostname;
                    Assert.NotEmpty(SmokeAnswers.Forward("a", "b", message.Data));
                    JsonDocument.Parse(SmokeAnswers.LookupOk(message.RequestId, "x")).Dispose();
                }
            }
        }

        Assert.InRange(read, 1_000, 49_000);
    }
}
