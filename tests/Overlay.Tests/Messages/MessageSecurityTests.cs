using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Ports;

namespace Overlay.Tests.Messages;

public sealed class MessageSecurityTests
{
    private readonly World _world = new();

    [Fact]
    public void A_signed_body_is_believed_after_its_way_over_the_wire()
    {
        var (message, body) = Signed(new Ping(1));
        var bytes = MessageCodec.Encode(message);

        Assert.Equal(MessageCodec.Measure(message), bytes.Length);
        Assert.True(MessageCodec.TryRead(bytes, null, out var read));
        Assert.True(MessageCodec.TryOpen(read, out var opened, out _));
        Assert.Equal(body.EncodedLength, read.Body!.EncodedLength);
        Assert.True(MessageSecurity.Verify(read, opened, _world.Certificate(1), _world.Signing(2)));
        Assert.True(MessageSecurity.Verify(message, body, _world.Certificate(1), _world.Signing(2)));
    }

    [Fact]
    public void What_hops_change_is_outside_of_the_signature()
    {
        var (message, body) = Signed(new Ping(1));
        var passed = message with
        {
            Flags = message.Flags | MessageFlags.Final | MessageFlags.Rerouted,
            HopsLeft = 3,
            HasSourceVia = true,
            SourceVia = RingId.From(1),
            HopContext = Samples.Trace,
        };

        Assert.True(MessageSecurity.Verify(passed, body, _world.Certificate(1), _world.Signing(2)));
    }

    [Fact]
    public void No_other_field_can_be_altered()
    {
        var (message, body) = Signed(new Ping(1));
        Message[] altered =
        [
            message with { Kind = MessageKind.GetState },
            message with { Flags = MessageFlags.None },
            message with { Flags = message.Flags | MessageFlags.RecordRoute },
            message with { Destination = RingId.From(1) },
            message with { MessageId = 78 },
            message with { Source = RingId.From(1) },
        ];

        foreach (var one in altered)
        {
            Assert.False(MessageSecurity.Verify(one, body, _world.Certificate(1), _world.Signing(2)));
        }

        Assert.False(MessageSecurity.Verify(message, body, _world.Certificate(2), _world.Signing(2)));
        foreach (var one in new[] { Altered(body, instance: 6), Altered(body, expiresAt: 1), Altered(body, payload: MessageCodec.Encode(message)) })
        {
            Assert.False(MessageSecurity.Verify(message, one, _world.Certificate(1), _world.Signing(2)));
        }
    }

    [Fact]
    public void A_body_without_a_signature_is_not_believed_by_it()
    {
        var message = Samples.Around(new Ping(1));

        Assert.False(MessageSecurity.Verify(message, (SignedBody)message.Body!, _world.Certificate(1), _world.Signing(2)));
    }

    [Fact]
    public void A_large_payload_is_signed_like_a_small_one()
    {
        var (message, body) = Signed(new Data(new byte[20_000], default));

        Assert.True(MessageSecurity.Verify(message, body, _world.Certificate(1), _world.Signing(2)));
    }

    [Fact]
    public void A_body_expires_after_its_time_and_the_tolerance()
    {
        var body = new SignedBody { Instance = 1, ExpiresAt = World.At(10).UnixMilliseconds, Payload = new Ping(1) };

        Assert.False(MessageSecurity.IsExpired(body, World.At(12), TimeSpan.FromSeconds(2)));
        Assert.True(MessageSecurity.IsExpired(body, World.At(12.001), TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void Sealed_application_bytes_open_for_their_destination_within_their_envelope_only()
    {
        var bob = _world.Signing(2);
        var ours = new KeyedSealing(1, _world.Signing(1).PublicKey.ToArray());
        var theirs = new KeyedSealing(1, bob.PublicKey.ToArray());
        var message = Samples.Around(new SealedData(default)) with { Destination = _world.Certificate(2).Id };
        var data = new Data("a marker for no hop"u8.ToArray(), Samples.Trace);

        var payload = MessageSecurity.Seal(message, data, _world.Certificate(2), ours);
        var bytes = MessageCodec.Encode(message with { Body = new SignedBody { Instance = 1, ExpiresAt = 2, Payload = payload } });

        Assert.Equal(-1, bytes.AsSpan().IndexOf("marker"u8));
        Assert.True(MessageCodec.TryRead(bytes, null, out var read));
        Assert.True(MessageCodec.TryOpen(read, out var body, out _));
        var arrived = Assert.IsType<SealedData>(body.Payload);
        Assert.True(MessageSecurity.TryUnseal(read, arrived, theirs, out var opened));
        Assert.Equal(Samples.Describe(data), Samples.Describe(opened));
        Assert.False(MessageSecurity.TryUnseal(read with { MessageId = 1 }, arrived, theirs, out _));
        Assert.False(MessageSecurity.TryUnseal(read, arrived, ours, out _));
    }

    [Fact]
    public void A_name_record_proves_itself_and_nothing_else()
    {
        var record = Samples.Record;
        var judge = _world.Signing(9);

        Assert.True(NameRecordSecurity.Verify(judge, record));
        Assert.False(NameRecordSecurity.Verify(judge, record with { Name = "alicf" }));
        Assert.False(NameRecordSecurity.Verify(judge, record with { Owner = _world.Certificate(2) }));
        Assert.False(NameRecordSecurity.Verify(judge, record with { Instance = 8 }));
        Assert.False(NameRecordSecurity.Verify(judge, record with { Sequence = 4 }));
        Assert.False(NameRecordSecurity.Verify(judge, record with { ExpiresAt = long.MaxValue }));
        Assert.False(NameRecordSecurity.Verify(judge, record with { Signature = default }));
        Assert.False(NameRecordSecurity.Verify(judge, record with { Name = new string('a', 64) }));
    }

    private static SignedBody Altered(SignedBody body, long? instance = null, long? expiresAt = null, byte[]? payload = null) => new()
    {
        Instance = instance ?? body.Instance,
        ExpiresAt = expiresAt ?? body.ExpiresAt,
        Signature = body.Signature,
        Payload = body.Payload,
        PayloadBytes = payload ?? body.PayloadBytes,
    };

    private (Message Message, SignedBody Body) Signed(Payload payload)
    {
        var message = Samples.Around(payload);
        var body = (SignedBody)message.Body!;
        _ = body.EncodedLength; // Measured too early on purpose: signing must make it measure again.
        MessageSecurity.Sign(message, body, _world.Signing(1));
        return (message, body);
    }
}
