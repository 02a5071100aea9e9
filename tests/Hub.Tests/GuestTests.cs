using System.Text;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Hub.Tests;

/// <summary>Pages and the overlay, seen from a gateway's socket.</summary>
public sealed class GuestTests
{
    private const int MaxWaitingSignals = 128; // Of one page.

    private static readonly HubOptions FreePort = new() { Port = 0 };
    private static readonly RingId Somebody = RingId.From(0x123456789abc);

    [Fact]
    public async Task The_hub_signs_for_its_pages_and_a_gateway_gets_what_they_say()
    {
        await using var hub = await HubServer.StartAsync(FreePort with { HubNumber = 0 }, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await page.SendTextAsync("""{"type":"forward","to":"123456789ABC","data":{"type":"offer","n":1e400}}""");
        var (message, payload) = await gateway.ReceiveMessageAsync();

        var signal = Assert.IsType<GuestSignal>(payload);
        Assert.Equal((GuestIds.Of(0, 1), Somebody, Somebody), (message.Source, message.Destination, signal.To));
        Assert.Equal("""{"type":"offer","n":1e400}""", Encoding.UTF8.GetString(signal.Json.Span));
        Assert.True(MessageCodec.TryOpen(message, out var body, out _));
        Assert.True(MessageSecurity.Verify(message, body, gateway.Hello.HubKey.Span, gateway.Key));
    }

    [Fact]
    public async Task A_members_signal_reaches_the_page_as_JSON_and_is_answered_by_the_hub()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await gateway.SendAsync(Signed(gateway, new GuestSignal(GuestIds.Of(0, 1), 5, gateway.Certificate, """{"type":"answer"}"""u8.ToArray())));
        var received = await page.ReceiveJsonAsync();
        var (message, payload) = await gateway.ReceiveMessageAsync();

        Assert.Equal($$$"""{"type":"forward","to":"0.0.0.1","from":"{{{gateway.Id}}}","data":{"type":"answer"}}""", received.GetRawText());
        Assert.Equal(new GuestAnswer(5, GuestOutcome.Taken, null), payload);
        Assert.Equal((GuestIds.Of(0, 1), gateway.Id), (message.Source, message.Destination));
        Assert.Equal(new HubGuestSignals(1, 1, 0), hub.Status.GuestSignals);
    }

    [Fact]
    public async Task Junk_for_pages_is_dropped_and_counted_and_the_page_notices_nothing()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);
        using var other = HubKey.Create();
        var good = new GuestSignal(GuestIds.Of(0, 1), 1, gateway.Certificate, "\"good\""u8.ToArray());

        await gateway.SendAsync(Signed(gateway, good with { Json = "1,\"type\":\"binding\""u8.ToArray() }));
        await gateway.SendAsync(Signed(gateway, good with { Json = new byte[] { (byte)'"', 0xff, (byte)'"' } }));
        await gateway.SendAsync(Signed(gateway, good with { Certificate = null }));
        await gateway.SendAsync(Signed(gateway, good, by: other));
        await gateway.SendAsync(Signed(gateway, good, expiresIn: -1000));
        await gateway.SendAsync(Signed(gateway, good, expiresIn: 3600));
        await gateway.SendAsync(Signed(gateway, good) with { MessageId = 99 });
        await gateway.SendAsync(Signed(gateway, new GuestAnswer(1, GuestOutcome.Taken, null)) with { Destination = GuestIds.Of(0, 1) });
        await gateway.SendAsync(Signed(gateway, good));
        var received = await page.ReceiveJsonAsync();

        Assert.Equal("\"good\"", received.GetProperty("data").GetRawText());
        await Eventually.IsTrueAsync(() => hub.Status.Dropped.GetValueOrDefault("badSignature") == 7, "seven signals are no one's");
    }

    [Fact]
    public async Task A_page_that_is_not_here_is_gone_on_the_hubs_word()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);

        await gateway.SendAsync(Signed(gateway, new GuestSignal(GuestIds.Of(0, 77), 6, gateway.Certificate, "1"u8.ToArray())));
        var (message, payload) = await gateway.ReceiveMessageAsync();

        Assert.Equal(new GuestAnswer(6, GuestOutcome.Gone, null), payload);
        Assert.True(MessageCodec.TryOpen(message, out var body, out _));
        Assert.True(MessageSecurity.Verify(message, body, gateway.Hello.HubKey.Span, gateway.Key));
    }

    [Fact]
    public async Task Pages_here_may_call_each_other_by_their_long_addresses_and_are_answered_from_them()
    {
        await using var hub = await HubServer.StartAsync(FreePort with { HubNumber = 3 }, default);
        await using var alice = await Page.ConnectAsync(hub.Uri);
        await using var bob = await Page.ConnectAsync(hub.Uri);

        await alice.SendTextAsync("""{"type":"forward","to":"ff0300000002","data":1}""");
        var call = await bob.ReceiveJsonAsync();
        await bob.SendTextAsync($$"""{"type":"forward","to":"{{call.GetProperty("from").GetString()}}","data":2}""");
        var answer = await alice.ReceiveJsonAsync();

        Assert.Equal("""{"type":"forward","to":"ff0300000002","from":"ff0300000001","data":1}""", call.GetRawText());
        Assert.Equal("""{"type":"forward","to":"ff0300000001","from":"ff0300000002","data":2}""", answer.GetRawText());
    }

    [Fact]
    public async Task An_id_stands_for_itself_where_there_is_an_overlay_to_signal_through()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);
        var before = await page.AskAsync("""{"type":"lookup","request_id":1,"hostname":"123456789abc"}""");

        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        var after = await page.AskAsync("""{"type":"lookup","request_id":2,"hostname":"123456789abc"}""");
        var away = await page.AskAsync("""{"type":"lookup","request_id":3,"hostname":"ff0000000009"}""");

        Assert.Equal("[]", before.GetProperty("addresses").GetRawText());
        Assert.Equal("""["123456789abc"]""", after.GetProperty("addresses").GetRawText());
        Assert.Equal("[]", away.GetProperty("addresses").GetRawText());
    }

    [Fact]
    public async Task Without_an_overlay_a_pages_signals_wait_for_one_up_to_a_bound()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var page = await Page.ConnectAsync(hub.Uri);

        for (var signal = 0; signal <= MaxWaitingSignals; signal++)
        {
            await page.SendTextAsync("""{"type":"forward","to":"123456789abc","data":1}""");
        }

        await page.AskAsync("""{"type":"lookup","request_id":1,"hostname":"x"}""");

        Assert.Equal(new HubGuestSignals(0, 0, 1), hub.Status.GuestSignals);
    }

    [Fact]
    public async Task A_pages_name_is_registered_in_the_overlay_for_the_page_by_the_hub()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await page.SendTextAsync("""{"type":"register","request_id":3,"hostname":"Alice"}""");
        var (message, payload) = await gateway.ReceiveMessageAsync();
        var put = Assert.IsType<PutRecord>(payload);
        await gateway.SendAsync(Answer(gateway, message, new RecordStored(put.Nonce, Outcome.Done, Tenancy(gateway, put.Record)) { Certificate = gateway.Certificate }));
        var answer = await page.ReceiveJsonAsync();

        Assert.Equal("""{"type":"register-ok","request_id":3,"hostname":"Alice"}""", answer.GetRawText());
        Assert.Equal(("alice", GuestIds.Of(0, 1)), (put.Record.Name, put.Record.Target));
        Assert.True(put.Record.Owner.PublicKey.SequenceEqual(gateway.Hello.HubKey.Span));
        Assert.True(NameRecordSecurity.Verify(gateway.Key, put.Record));
        Assert.True(put.Record.Owner.IsValid(gateway.Key, gateway.Hello.HubKey.Span, DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
    }

    [Theory]
    [InlineData(Outcome.NameTaken, "hostname 'alice' already registered")]
    [InlineData(Outcome.Refused, "hostname 'alice': refused by the network")]
    public async Task A_name_that_the_overlay_refuses_is_refused_with_a_reason_and_free_again_here(Outcome outcome, string reason)
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await page.SendTextAsync("""{"type":"register","request_id":3,"hostname":"alice"}""");
        var again = await page.AskAsync("""{"type":"register","request_id":4,"hostname":"bob"}""");
        var (message, payload) = await gateway.ReceiveMessageAsync();
        await gateway.SendAsync(Answer(gateway, message, new RecordStored(((PutRecord)payload).Nonce, outcome, null) { Certificate = gateway.Certificate }));
        var answer = await page.ReceiveJsonAsync();
        await page.SendTextAsync("""{"type":"register","request_id":5,"hostname":"alice"}""");

        Assert.Equal("another registration is under way", again.GetProperty("reason").GetString());
        Assert.Equal(("register-fail", reason), (answer.GetProperty("type").GetString(), answer.GetProperty("reason").GetString()));
        Assert.IsType<PutRecord>((await gateway.ReceiveMessageAsync()).Payload);
    }

    [Fact]
    public async Task A_look_up_is_answered_from_the_overlay_with_the_address_that_the_page_can_use()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);

        await page.SendTextAsync("""{"type":"lookup","request_id":"x","hostname":"member"}""");
        var (message, payload) = await gateway.ReceiveMessageAsync();
        var record = NameRecordSecurity.Sign(gateway.Key, "member", gateway.Certificate, 1, 1, DateTimeOffset.UtcNow.AddSeconds(60).ToUnixTimeMilliseconds());
        var entry = new NameEntry(record, Tenancy(gateway, record));
        var nonce = ((GetRecord)payload).Nonce;
        await gateway.SendAsync(Answer(gateway, message, new RecordAnswer(nonce, entry with { Record = record with { Name = "other" } }) { Certificate = gateway.Certificate }));
        await gateway.SendAsync(Answer(gateway, message, new RecordAnswer(nonce, entry with { Record = record with { Sequence = 9 } }) { Certificate = gateway.Certificate }));
        await gateway.SendAsync(Answer(gateway, message, new RecordAnswer(nonce, null)));
        await gateway.SendAsync(Answer(gateway, message, new RecordAnswer(nonce, entry) { Certificate = gateway.Certificate }));
        var answer = await page.ReceiveJsonAsync();

        Assert.Equal($$"""{"type":"lookup-ok","request_id":"x","addresses":["{{gateway.Id}}"]}""", answer.GetRawText());
        Assert.Equal(3, hub.Status.Dropped["badSignature"]);
    }

    [Fact]
    public async Task An_overlay_that_does_not_answer_is_a_failure_with_a_reason()
    {
        var options = FreePort with { Admission = Admission.HubAdmissionOptions.Loopback with { NameTimeout = TimeSpan.FromMilliseconds(50) } };
        await using var hub = await HubServer.StartAsync(options, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var page = await Page.ConnectAsync(hub.Uri);

        var found = await page.AskAsync("""{"type":"lookup","request_id":1,"hostname":"bob"}""");
        var registered = await page.AskAsync("""{"type":"register","request_id":2,"hostname":"alice"}""");

        Assert.Equal("""{"type":"lookup-fail","request_id":1,"reason":"hostname \u0027bob\u0027: the network did not answer in time"}""", found.GetRawText());
        Assert.Equal("register-fail", registered.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Names_that_are_none_in_the_overlay_are_this_hubs_own_as_ever()
    {
        await using var hub = await HubServer.StartAsync(FreePort, default);
        await using var gateway = await Member.ConnectGatewayAsync(hub.Uri);
        await using var alice = await Page.ConnectAsync(hub.Uri);
        await using var bob = await Page.ConnectAsync(hub.Uri);

        var registered = await alice.AskAsync("""{"type":"register","request_id":0,"hostname":"Alice's page"}""");
        var found = await bob.AskAsync("""{"type":"lookup","request_id":1,"hostname":"Alice's page"}""");

        Assert.Equal("register-ok", registered.GetProperty("type").GetString());
        Assert.Equal("0.0.0.1", found.GetProperty("addresses")[0].GetString());
    }

    private static NameTenancy Tenancy(Member keeper, NameRecord record) =>
        NameTenancySecurity.Sign(keeper.Key, record, keeper.Certificate, 1, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    private static Message Answer(Member member, Message question, Payload payload)
    {
        var answer = Signed(member, payload) with { Destination = question.Source, Flags = MessageFlags.None };
        MessageSecurity.Sign(answer, (SignedBody)answer.Body!, member.Key);
        return answer;
    }

    private static Message Signed(Member member, Payload payload, HubKey? by = null, int expiresIn = 20)
    {
        var body = new SignedBody { Instance = 1, ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(expiresIn).ToUnixTimeMilliseconds(), Payload = payload };
        var message = new Message
        {
            Kind = payload.Kind,
            Flags = MessageFlags.Responsible,
            HopsLeft = 9,
            Source = member.Id,
            Destination = Somebody,
            MessageId = 1,
            Body = body,
        };
        MessageSecurity.Sign(message, body, by ?? member.Key);
        return message;
    }
}
