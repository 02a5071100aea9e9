using Overlay.WebRtc.Dcep;
using Overlay.WebRtc.Tests.Sctp.Chunks;

namespace Overlay.WebRtc.Tests.Dcep;

public sealed class DcepMessagesTests
{
    [Fact]
    public void The_OPEN_of_a_browser_is_understood()
    {
        // createDataChannel("chat"): reliable, ordered, priority 0, no protocol.
        Assert.True(DcepOpen.TryRead(ChunkTests.Hex("03 00 0000 00000000 0004 0000 63686174"), out var open));

        var parameters = open.ToParameters(3);
        Assert.Equal(new ChannelParameters { Label = "chat", Priority = 0, StreamId = 3 }, parameters);
    }

    [Theory]
    [InlineData(0x00, 0u, true, null, null)]
    [InlineData(0x80, 0u, false, null, null)]
    [InlineData(0x01, 5u, true, 5, null)]
    [InlineData(0x81, 0u, false, 0, null)]
    [InlineData(0x02, 1500u, true, null, 1500)]
    [InlineData(0x82, 70_000u, false, null, 65_535)]
    public void Channel_types_say_order_and_reliability(byte type, uint parameter, bool ordered, int? retransmits, int? lifeTime)
    {
        var bytes = ChunkTests.Hex($"03 {type:X2} 0100 {parameter:X8} 0000 0000");

        Assert.True(DcepOpen.TryRead(bytes, out var open));
        var read = open.ToParameters(0);

        Assert.Equal((ordered, retransmits, lifeTime), (read.Ordered, read.MaxRetransmits, read.MaxLifeTimeMilliseconds));
        if (parameter <= ushort.MaxValue)
        {
            Assert.Equal(bytes, DcepOpen.Write(read));
        }
    }

    [Fact]
    public void An_OPEN_survives_the_round_trip()
    {
        var parameters = new ChannelParameters
        {
            Label = "Überlabel ✓",
            Protocol = "proto/2",
            Ordered = false,
            MaxLifeTimeMilliseconds = 250,
            Priority = 512,
            StreamId = 7,
        };

        Assert.True(DcepOpen.TryRead(DcepOpen.Write(parameters), out var open));

        Assert.Equal(parameters, open.ToParameters(7));
    }

    [Theory]
    [InlineData("")]
    [InlineData("03 00 0000 00000000 0004 00")]
    [InlineData("02 00 0000 00000000 0000 0000")]
    [InlineData("03 03 0000 00000000 0000 0000")]
    [InlineData("03 83 0000 00000000 0000 0000")]
    [InlineData("03 40 0000 00000000 0000 0000")]
    [InlineData("03 00 0000 00000000 0001 0000")]
    [InlineData("03 00 0000 00000000 0000 FFFF")]
    [InlineData("03 00 0000 00000000 0000 0000 00")]
    public void A_broken_OPEN_is_not_read(string hex) => Assert.False(DcepOpen.TryRead(ChunkTests.Hex(hex), out _));

    [Fact]
    public void Labels_that_are_no_UTF8_are_read_with_replacement_characters()
    {
        Assert.True(DcepOpen.TryRead(ChunkTests.Hex("03 00 0000 00000000 0002 0000 FF41"), out var open));

        Assert.Equal("\uFFFDA", open.ToParameters(0).Label);
    }

    [Fact]
    public void An_ACK_is_one_byte()
    {
        Assert.Equal([2], DcepAck.Message.ToArray());
        Assert.True(DcepAck.IsAck([2]));
        Assert.False(DcepAck.IsAck([2, 0]));
        Assert.False(DcepAck.IsAck([]));
        Assert.False(DcepAck.IsAck([3]));
    }

    public static TheoryData<ChannelParameters> Senseless => new(
        new ChannelParameters { MaxRetransmits = 1, MaxLifeTimeMilliseconds = 1 },
        new ChannelParameters { MaxRetransmits = -1 },
        new ChannelParameters { MaxLifeTimeMilliseconds = 65_536 },
        new ChannelParameters { StreamId = 65_535 },
        new ChannelParameters { StreamId = -1 },
        new ChannelParameters { Negotiated = true },
        new ChannelParameters { Label = new string('x', 65_536) });

    [Theory]
    [MemberData(nameof(Senseless))]
    public void Senseless_parameters_are_refused_at_the_door(ChannelParameters parameters) =>
        Assert.Throws<ArgumentException>(parameters.Validate);

    /// <summary>Random bytes and shortened genuine messages.</summary>
    [Fact]
    public void No_message_makes_the_reader_throw()
    {
        var prng = new Prng(9);
        for (var i = 0; i < 100_000; i++)
        {
            var message = prng.NextChance(1, 2) ? DcepOpen.Write(new ChannelParameters { Label = "label", Protocol = "p" }) : new byte[prng.NextInt32(40)];
            if (prng.NextChance(1, 2) && message.Length > 0)
            {
                message[prng.NextInt32(Math.Min(message.Length, 12))] = (byte)prng.NextUInt32();
            }

            if (DcepOpen.TryRead(message.AsSpan(0, prng.NextInt32(message.Length + 1)), out var open))
            {
                open.ToParameters(1).Validate();
            }
        }
    }
}
