using Overlay.Messages;
using Overlay.Ring;

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
