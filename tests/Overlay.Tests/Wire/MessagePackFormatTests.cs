using Overlay.Wire;

namespace Overlay.Tests.Wire;

/// <summary>The forms of the specification, byte by byte.</summary>
public sealed class MessagePackFormatTests
{
    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7F")]
    [InlineData(128, "CC80")]
    [InlineData(255, "CCFF")]
    [InlineData(256, "CD0100")]
    [InlineData(65_535, "CDFFFF")]
    [InlineData(65_536, "CE00010000")]
    [InlineData(4_294_967_295, "CEFFFFFFFF")]
    [InlineData(4_294_967_296, "CF0000000100000000")]
    [InlineData(long.MaxValue, "CF7FFFFFFFFFFFFFFF")]
    [InlineData(-1, "FF")]
    [InlineData(-32, "E0")]
    [InlineData(-33, "D0DF")]
    [InlineData(-128, "D080")]
    [InlineData(-129, "D1FF7F")]
    [InlineData(-32_768, "D18000")]
    [InlineData(-32_769, "D2FFFF7FFF")]
    [InlineData(int.MinValue, "D280000000")]
    [InlineData(int.MinValue - 1L, "D3FFFFFFFF7FFFFFFF")]
    [InlineData(long.MinValue, "D38000000000000000")]
    public void An_integer_takes_its_shortest_form(long value, string hex)
    {
        var buffer = new byte[9];
        var writer = new MessagePackWriter(buffer);

        writer.Write(value);

        Assert.Equal(hex, Convert.ToHexString(buffer.AsSpan(0, writer.Position)));
        var reader = new MessagePackReader(buffer.AsSpan(0, writer.Position));
        Assert.Equal(value, reader.ReadInt64());
        Assert.True(reader.IsComplete);
    }

    [Theory]
    [InlineData("CC01")]
    [InlineData("CD0001")]
    [InlineData("CE00000001")]
    [InlineData("CF0000000000000001")]
    [InlineData("D001")]
    [InlineData("D10001")]
    [InlineData("D200000001")]
    [InlineData("D30000000000000001")]
    public void An_integer_is_read_in_any_form(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        var signed = new MessagePackReader(bytes);
        var unsigned = new MessagePackReader(bytes);

        Assert.Equal(1, signed.ReadInt64());
        Assert.Equal(1UL, unsigned.ReadUInt64());
        Assert.True(signed.IsComplete && unsigned.IsComplete);
    }

    [Fact]
    public void Integers_beyond_what_was_asked_for_fail()
    {
        Assert.True(Fails("CFFFFFFFFFFFFFFFFF", (ref reader) => reader.ReadInt64()));
        Assert.True(Fails("FF", (ref reader) => reader.ReadUInt64()));
        Assert.True(Fails("D3FFFFFFFFFFFFFFFF", (ref reader) => reader.ReadUInt64()));
        Assert.True(Fails("CE80000000", (ref reader) => reader.ReadInt32()));
        Assert.True(Fails("CD0100", (ref reader) => reader.ReadByte()));
        Assert.False(Fails("CFFFFFFFFFFFFFFFFF", (ref reader) => reader.ReadUInt64()));
    }

    [Theory]
    [InlineData(31, "BF")]
    [InlineData(32, "D920")]
    [InlineData(255, "D9FF")]
    [InlineData(256, "DA0100")]
    [InlineData(65_535, "DAFFFF")]
    [InlineData(65_536, "DB00010000")]
    public void A_str_has_the_shortest_head(int length, string head)
    {
        var bytes = new WireValue.Str(new string('x', length)).Encode();

        Assert.Equal(head, Convert.ToHexString(bytes.AsSpan(0, head.Length / 2)));
        Assert.Equal(length + (head.Length / 2), bytes.Length);
    }

    [Theory]
    [InlineData(0, "C400")]
    [InlineData(255, "C4FF")]
    [InlineData(256, "C50100")]
    [InlineData(65_536, "C600010000")]
    public void A_bin_has_the_shortest_head(int length, string head)
    {
        var bytes = new WireValue.Bin(new string('0', 2 * length)).Encode();

        Assert.Equal(head, Convert.ToHexString(bytes.AsSpan(0, head.Length / 2)));
        Assert.Equal(length + (head.Length / 2), bytes.Length);
    }

    [Theory]
    [InlineData(0, "90")]
    [InlineData(15, "9F")]
    [InlineData(16, "DC0010")]
    [InlineData(65_535, "DCFFFF")]
    [InlineData(65_536, "DD00010000")]
    public void An_array_has_the_shortest_head(int count, string head)
    {
        var bytes = new WireValue.Arr([.. Enumerable.Repeat(new WireValue.Nil(), count)]).Encode();

        Assert.Equal(head, Convert.ToHexString(bytes.AsSpan(0, head.Length / 2)));
        Assert.Equal(count + (head.Length / 2), bytes.Length);
    }

    [Theory]
    [InlineData("80")] // fixmap
    [InlineData("8F")]
    [InlineData("DE0000")] // map 16
    [InlineData("DF00000000")] // map 32
    [InlineData("C70001")] // ext 8
    [InlineData("D40100")] // fixext 1
    [InlineData("D8010000000000000000000000000000000000")] // fixext 16
    [InlineData("C1")] // never used
    public void Maps_and_extensions_are_refused_wherever_they_stand(string hex)
    {
        Assert.True(Fails(hex, (ref reader) => reader.Skip()));
        Assert.True(Fails("91" + hex, (ref reader) => reader.Skip()));
        Assert.True(Fails(hex, (ref reader) => reader.TryReadNil() ? 0 : reader.BeginArray(100)));
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        Assert.Equal(MessagePackType.Refused, reader.Next);
    }

    [Theory]
    [InlineData("DBFFFFFFFF41")]
    [InlineData("C6FFFFFFFF00")]
    [InlineData("C67FFFFFFF00")]
    [InlineData("DDFFFFFFFF00")]
    [InlineData("DD7FFFFFFF00")]
    [InlineData("DC000300C0")]
    [InlineData("A2FF")]
    [InlineData("CB00")]
    [InlineData("CD00")]
    [InlineData("DA")]
    [InlineData("")]
    public void A_length_beyond_what_is_left_fails(string hex) => Assert.True(Fails(hex, (ref reader) => reader.Skip()));

    [Fact]
    public void Ill_formed_utf8_fails()
    {
        Assert.True(Fails("A2C328", (ref reader) => reader.ReadString(10)));
        Assert.True(Fails("A3EDA080", (ref reader) => reader.ReadString(10))); // half of a surrogate pair
        Assert.False(Fails("A2C39F", (ref reader) => reader.ReadString(10)));
    }

    [Fact]
    public void Longer_text_and_bytes_than_wanted_fail()
    {
        Assert.True(Fails("A3616263", (ref reader) => reader.ReadString(2)));
        Assert.True(Fails("C403616263", (ref reader) => reader.ReadBinary(2)));
        Assert.True(Fails("C403616263", (ref reader) => reader.TryReadBinary(4, out _)));
        Assert.True(Fails("93000000", (ref reader) => reader.BeginArray(2)));
    }

    [Fact]
    public void Arrays_nest_to_a_depth_and_no_deeper()
    {
        var fits = string.Concat(Enumerable.Repeat("91", MessagePackReader.MaxDepth)) + "C0";

        Assert.False(Fails(fits, (ref reader) => reader.Skip()));
        Assert.True(Fails("91" + fits, (ref reader) => reader.Skip()));
    }

    [Fact]
    public void Nothing_is_read_past_the_end_of_the_open_array()
    {
        var reader = new MessagePackReader(Convert.FromHexString("92910102"));
        reader.BeginArray(2);
        reader.BeginArray(1);
        Assert.Equal(1, reader.ReadInt32());
        Assert.Equal((MessagePackType.End, 0), (reader.Next, reader.ElementsLeft));

        reader.ReadInt32();

        Assert.True(reader.Failed);
    }

    [Fact]
    public void What_nobody_read_of_an_array_is_skipped_at_its_end()
    {
        var reader = new MessagePackReader(Convert.FromHexString("92" + "94" + "01" + "92A161C401FF" + "CB3FF0000000000000" + "90" + "05"));
        reader.BeginArray(2);
        reader.BeginArray(4);
        Assert.Equal(1, reader.ReadInt32());

        reader.EndArray();

        Assert.Equal(5, reader.ReadInt32());
        reader.EndArray();
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void A_failure_sticks()
    {
        var reader = new MessagePackReader(Convert.FromHexString("C00102"));
        reader.ReadBoolean();

        Assert.Equal((0L, 0, false), (reader.ReadInt64(), reader.BeginArray(9), reader.TryReadNil()));
        Assert.True(reader.Failed);
        Assert.False(reader.IsComplete);
    }

    [Fact]
    public void A_writer_without_room_fails_and_still_counts()
    {
        var buffer = new byte[4];
        var writer = new MessagePackWriter(buffer);
        writer.Write(1);
        writer.Write("abcdef");
        writer.Write(2);

        Assert.True(writer.Failed);
        Assert.Equal(9, writer.Position);
        Assert.Equal("01A60000", Convert.ToHexString(buffer));
    }

    private delegate T Reading<out T>(ref MessagePackReader reader)
        where T : allows ref struct;

    private delegate void Passing(ref MessagePackReader reader);

    private static bool Fails<T>(string hex, Reading<T> read)
        where T : allows ref struct
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        read(ref reader);
        return reader.Failed;
    }

    private static bool Fails(string hex, Passing read)
    {
        var reader = new MessagePackReader(Convert.FromHexString(hex));
        read(ref reader);
        return reader.Failed;
    }
}
