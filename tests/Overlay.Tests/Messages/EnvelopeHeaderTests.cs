using Overlay.Messages;
using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Tests.Messages;

public sealed class EnvelopeHeaderTests
{
    private static readonly RingId Hop = RingId.From(99);

    [Fact]
    public void A_hop_changes_what_is_the_hops_and_nothing_else()
    {
        var original = Samples.Around(new Data(Samples.Bytes(500), default)) with { HasDestinationVia = true, DestinationVia = RingId.From(8) };
        var bytes = MessageCodec.Encode(original);
        var destination = new byte[bytes.Length + 64];
        Assert.True(EnvelopeHeader.TryRead(bytes, out var header));
        Assert.Equal((RingId.From(8), true), (header.Target, header.IsExact));

        header.HopsLeft--;
        header.Flags |= MessageFlags.Final;
        header.HopContext = Samples.Trace;
        (header.HasSourceVia, header.SourceVia) = (true, RingId.From(7));
        header.HasDestinationVia = false;
        var length = header.Forward(bytes, Hop, destination);

        var expected = original with
        {
            HopsLeft = (byte)(original.HopsLeft - 1),
            Flags = original.Flags | MessageFlags.Final,
            HopContext = Samples.Trace,
            HasSourceVia = true,
            SourceVia = RingId.From(7),
            HasDestinationVia = false,
            DestinationVia = default,
        };
        Assert.Equal(MessageCodec.Encode(expected), destination.AsSpan(0, length).ToArray());
    }

    [Fact]
    public void A_hop_appends_itself_to_a_recorded_route_up_to_the_budget()
    {
        var message = Samples.Around(new Ping(1)) with { Flags = MessageFlags.RecordRoute, Route = [] };
        var bytes = MessageCodec.Encode(message);
        for (var i = 1; i <= Message.HopBudget + 2; i++)
        {
            var destination = new byte[bytes.Length + 64];
            Assert.True(EnvelopeHeader.TryRead(bytes, out var header));
            bytes = destination[..header.Forward(bytes, RingId.From((ulong)i), destination)];
        }

        Assert.True(MessageCodec.TryRead(bytes, null, out var read));
        Assert.Equal(Enumerable.Range(1, Message.HopBudget).Select(i => RingId.From((ulong)i)), read.Route!);
    }

    [Fact]
    public void A_trail_goes_through_a_hop_as_it_came()
    {
        var message = Samples.Around(new TraceRoute(1)) with { Flags = MessageFlags.RecordRoute, Route = [], Trail = Samples.Trail };
        var bytes = MessageCodec.Encode(message);
        var destination = new byte[bytes.Length + 64];
        Assert.True(EnvelopeHeader.TryRead(bytes, out var header));

        var forwarded = destination.AsMemory(0, header.Forward(bytes, Hop, destination));

        Assert.True(MessageCodec.TryRead(forwarded, null, out var read));
        Assert.Equal(Samples.Trail, read.Trail!);
        Assert.Equal([Hop], read.Route!);
        Assert.Equal(forwarded.Length, MessageCodec.Measure(read));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(HopRecord.Bytes - 1)]
    [InlineData(HopRecord.Bytes + 1)]
    [InlineData((HopRecord.MaxRecords + 1) * HopRecord.Bytes)]
    public void A_trail_of_parts_of_records_or_of_too_many_is_no_message(int trailBytes)
    {
        var whole = MessageCodec.Encode(Samples.Around(new TraceRoute(1)) with { Flags = MessageFlags.RecordRoute, Route = [], Trail = [] });
        var forged = new byte[whole.Length + 3 + trailBytes];
        var writer = new MessagePackWriter(forged);
        writer.WriteRaw(whole.AsSpan(0, whole.Length - 2)); // All but the empty trail.
        writer.Write(new byte[trailBytes]);

        Assert.False(EnvelopeHeader.TryRead(forged.AsSpan(0, writer.Position), out _));
    }

    [Fact]
    public void A_trail_that_a_hop_left_out_is_an_empty_one()
    {
        var whole = MessageCodec.Encode(Samples.Around(new TraceRoute(1)) with { Flags = MessageFlags.RecordRoute, Route = [RingId.From(3)], Trail = [] });
        var stripped = whole.AsMemory(0, whole.Length - 2).ToArray();
        Assert.Equal(0x9D, stripped[0]);
        stripped[0]--; // One element fewer.

        Assert.True(MessageCodec.TryRead(stripped, null, out var read));

        Assert.Empty(read.Trail!);
        Assert.Equal([RingId.From(3)], read.Route!);
    }

    [Fact]
    public void A_destination_without_room_gets_nothing()
    {
        var bytes = MessageCodec.Encode(Samples.Around(new Ping(1)));
        Assert.True(EnvelopeHeader.TryRead(bytes, out var header));

        Assert.Equal(0, header.Forward(bytes, Hop, new byte[bytes.Length - 1]));
    }

    [Fact]
    public void The_largest_header_is_as_large_as_it_says()
    {
        var message = Samples.Around(new Ping(1)) with
        {
            Kind = (MessageKind)255,
            Flags = (MessageFlags)(255 & ~(int)MessageFlags.RecordRoute),
            HasSourceVia = true,
            HasDestinationVia = true,
            MessageId = ulong.MaxValue,
            HopContext = Samples.Trace,
        };

        Assert.True(EnvelopeHeader.TryRead(MessageCodec.Encode(message), out var header));

        Assert.InRange(header.BodyAt, EnvelopeHeader.MaxBytes - 1, EnvelopeHeader.MaxBytes); // hopsLeft takes one byte within the budget
    }

    [Fact]
    public void Forwarding_allocates_nothing()
    {
        var bytes = MessageCodec.Encode(Samples.Around(new Data(Samples.Bytes(500), default)));
        var destination = new byte[bytes.Length + 64];
        var reuse = new EncodedBody();
        ForwardBothWays(bytes, destination, reuse);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            ForwardBothWays(bytes, destination, reuse);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void ForwardBothWays(byte[] bytes, byte[] destination, EncodedBody reuse)
    {
        EnvelopeHeader.TryRead(bytes, out var header);
        header.HopsLeft--;
        header.Forward(bytes, Hop, destination);
        MessageCodec.TryRead(bytes, reuse, out var message);
        MessageCodec.Write(message with { HopsLeft = (byte)(message.HopsLeft - 1) }, destination);
    }
}
