using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tests.Messages;

public sealed class MessageCodecTests
{
    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, Samples.All.Count)];

    [Theory]
    [MemberData(nameof(Indexes))]
    public void Every_payload_comes_back_as_it_went(int index)
    {
        var message = Samples.Around(Samples.All[index]);

        var bytes = MessageCodec.Encode(message);

        Assert.Equal(MessageCodec.Measure(message), bytes.Length);
        Assert.True(MessageCodec.TryRead(bytes, null, out var read));
        Assert.True(MessageCodec.TryOpen(read, out var body, out var why), $"{why}");
        Assert.Equal(DropReason.None, why);
        Assert.Equal(Samples.Describe(Samples.All[index]), Samples.Describe(body.Payload));
        Assert.Equal((5L, 1_767_225_610_000L, 0), (body.Instance, body.ExpiresAt, body.Signature.Length));
        Assert.Equal(message.Body!.EncodedLength, read.Body!.EncodedLength);
        Assert.Equal(bytes, MessageCodec.Encode(read));
        Assert.Equal(bytes, MessageCodec.Encode(read with { Body = body }));
        Assert.Equal(bytes, MessageCodec.Encode(MessageCodec.Detach(read)));
    }

    [Theory]
    [MemberData(nameof(Indexes))]
    public void A_measured_message_is_as_long_as_the_written_one(int index)
    {
        var payload = Samples.All[index];

        Assert.Equal(MessageCodec.MeasurePayload(payload), payload.Measure());
        foreach (var (id, instance) in new (ulong, long)[] { (0, -1), (127, 127), (128, -33), (65_535, -129), (65_536, -32_769), (ulong.MaxValue, long.MinValue) })
        {
            var plain = Samples.Around(payload) with
            {
                MessageId = id,
                HopsLeft = (byte)Math.Min(id, Message.HopBudget),
                Body = new SignedBody { Instance = instance, ExpiresAt = (long)(id >> 1), Payload = payload, Signature = new byte[64] },
            };
            var full = plain with
            {
                Flags = (MessageFlags)0xFF,
                HasSourceVia = true,
                HasDestinationVia = true,
                HopContext = Samples.Trace,
                Route = [.. Enumerable.Repeat(RingId.From(id), (int)Math.Min(id, 64))],
            };

            Assert.Equal(MessageCodec.Write(plain, new byte[Message.MaxBytes]), MessageCodec.Measure(plain));
            Assert.Equal(MessageCodec.Write(full, new byte[Message.MaxBytes]), MessageCodec.Measure(full));
        }
    }

    [Fact]
    public void There_is_a_sample_of_every_kind()
    {
        var missing = Enum.GetValues<MessageKind>().Except(Samples.All.Select(sample => sample.Kind)).Except([MessageKind.None]);

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_field_of_the_envelope_comes_back_as_it_went()
    {
        var message = Samples.Around(new Ping(1)) with
        {
            Flags = MessageFlags.Final | MessageFlags.RecordRoute | MessageFlags.WantReceipt,
            HopsLeft = 3,
            HasSourceVia = true,
            SourceVia = RingId.From(4),
            HasDestinationVia = true,
            DestinationVia = RingId.From(5),
            MessageId = ulong.MaxValue,
            HopContext = Samples.Trace,
            Route = [RingId.From(6), RingId.From(7)],
        };

        Assert.True(MessageCodec.TryRead(MessageCodec.Encode(message), null, out var read));

        Assert.Equal(message.Route, read.Route);
        Assert.Equal(message with { Body = null, Route = null }, read with { Body = null, Route = null });
    }

    [Fact]
    public void The_bytes_of_a_ping_are_those_of_the_picture()
    {
        var message = Samples.Around(new Ping(300)) with { Source = RingId.From(0x010203040506), HopContext = Samples.Trace, HasSourceVia = true, SourceVia = RingId.From(9) };

        Assert.Equal(
            "9B" + "01" + "20" + "01" + "40" // array of 11: version, kind, flags, hopsLeft
            + "C406010203040506" + "C406000000000009" // srcId, srcVia
            + "C4060A0B0C0D0E0F" + "C0" + "4D" // dstId, no dstVia, messageId
            + "C419" + "0102030405060708090A0B0C0D0E0F10" + "1112131415161718" + "01" // hopContext
            + "94" + "05" + "CF0000019B76DACF10" + "C400" + "92" + "CD012C" + "C0", // body: instance, expiry, no signature, [nonce, no replyTo]
            Convert.ToHexString(MessageCodec.Encode(message)));
    }

    [Fact]
    public void The_bytes_of_a_notify_are_those_of_the_picture()
    {
        var descriptor = new Overlay.Identity.Descriptor(RingId.From(0xA1A2A3A4A5A6), 7, new(UInt128.MaxValue));
        var message = Samples.Around(new Notify(descriptor, RingId.From(1)));

        Assert.EndsWith(
            "92" + "93" + "C406A1A2A3A4A5A6" + "07" + "C410" + new string('F', 32) + "C406000000000001",
            Convert.ToHexString(MessageCodec.Encode(message)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_given_back_is_filled_again()
    {
        var reuse = new EncodedBody();

        Assert.True(MessageCodec.TryRead(MessageCodec.Encode(Samples.Around(new Ping(1))), reuse, out var message));

        Assert.Same(reuse, message.Body);
    }

    [Fact]
    public void A_kind_of_a_later_version_passes_through_a_hop_and_is_ignored_by_its_destination()
    {
        var bytes = MessageCodec.Encode(Samples.Around(new Ping(1)) with { Kind = (MessageKind)127 });

        Assert.True(MessageCodec.TryRead(bytes, null, out var message));

        Assert.False(MessageCodec.TryOpen(message, out _, out var why));
        Assert.Equal(DropReason.UnknownKind, why);
    }

    [Fact]
    public void Elements_that_a_later_version_appended_are_skipped()
    {
        var body = Convert.FromHexString("96" + "05" + "06" + "C400" + "94" + "CD012C" + "C0" + "A56C61746572" + "91C0" + "CB3FF8000000000000" + "C3");
        var bytes = MessageCodec.Encode(Samples.Around(new Ping(1)) with { Body = new EncodedBody { Bytes = body } });
        byte[] longer = [0x9D, .. bytes.AsSpan(1), 0xC0, 0x91, 0xC3]; // 13 elements now

        Assert.True(MessageCodec.TryRead(longer, null, out var message));

        Assert.True(MessageCodec.TryOpen(message, out var opened, out _));
        Assert.Equal(new Ping(300), opened.Payload);
    }

    [Theory]
    [InlineData(0, 0x9A)] // an array of 10
    [InlineData(1, 0x02)] // another version
    [InlineData(4, 0x41)] // more hops than the budget
    [InlineData(5, 0xC5)] // an id of another form
    public void An_envelope_that_is_not_one_is_refused(int at, byte value)
    {
        var bytes = MessageCodec.Encode(Samples.Around(new Ping(1)));
        bytes[at] = value;

        Assert.False(MessageCodec.TryRead(bytes, null, out _));
    }

    [Fact]
    public void Every_shortened_message_is_refused()
    {
        foreach (var sample in Samples.All)
        {
            var bytes = MessageCodec.Encode(Samples.Around(sample));
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.False(MessageCodec.TryRead(bytes.AsMemory(0, length), null, out _));
            }
        }
    }

    [Fact]
    public void A_message_over_the_limit_is_refused()
    {
        var data = new Data(new byte[Message.MaxBytes - 60], default);
        var fits = Samples.Around(data);
        var bytes = MessageCodec.Encode(fits);
        Assert.InRange(bytes.Length, Message.MaxBytes - 20, Message.MaxBytes);
        Assert.True(MessageCodec.TryRead(bytes, null, out _));

        var tooLarge = MessageCodec.Encode(Samples.Around(new Data(new byte[Message.MaxBytes], default)));

        Assert.False(MessageCodec.TryRead(tooLarge, null, out _));
    }

    [Fact]
    public void A_destination_that_is_too_short_is_a_mistake_of_the_caller()
    {
        var message = Samples.Around(new Ping(1));

        Assert.Throws<ArgumentException>(() => MessageCodec.Write(message, new byte[MessageCodec.Measure(message) - 1]));
        Assert.Throws<ArgumentException>(() => MessageCodec.Write(message with { Body = null }, new byte[100]));
    }

    [Fact]
    public void Longer_lists_than_agreed_are_refused()
    {
        var descriptors = Enumerable.Repeat(new World().Descriptor(1), Owner.MaxDescriptors + 1).ToArray();
        var bytes = MessageCodec.Encode(Samples.Around(new Leaving(null, descriptors)));

        Assert.True(MessageCodec.TryRead(bytes, null, out var message));

        Assert.False(MessageCodec.TryOpen(message, out _, out var why));
        Assert.Equal(DropReason.Malformed, why);
    }

    [Fact]
    public void A_full_grant_fits_into_one_message()
    {
        var record = NameRecordSecurity.Sign(
            new World().Signing(1), new string('n', NameRecord.MaxNameLength), new World().Certificate(1), long.MaxValue, long.MaxValue, long.MaxValue);
        var entry = new NameEntry(record, NameTenancySecurity.Sign(new World().Signing(2), record, new World().Certificate(2), long.MaxValue, long.MaxValue, long.MaxValue));
        var grant = new Grant(long.MaxValue, RingId.From(1), RingId.From(2), true, [.. Enumerable.Repeat(entry, Grant.MaxRecords)]);

        var bytes = MessageCodec.Encode(Samples.Around(grant) with { HopContext = Samples.Trace });

        Assert.True(MessageCodec.TryRead(bytes, null, out var message));
        Assert.True(MessageCodec.TryOpen(message, out _, out _));
    }
}
