using Overlay.Channels;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tests.Channels;

public sealed class RelayHeaderTests
{
    private static readonly RelayHeader Sample =
        new(RelayClass.Bulk, MessageFlags.Final, 63, RingId.From(0xFEDCBA987654), RingId.From(0x0123456789AB), 0xFFEEDDCCBBAA9988);

    [Fact]
    public void What_is_written_is_read()
    {
        var frame = Frame(Sample);

        Assert.True(RelayHeader.TryRead(frame, out var read));
        Assert.Equal(Sample, read);
        Assert.Equal("01020" + "23F" + "FEDCBA987654" + "0123456789AB" + "FFEEDDCCBBAA9988", Convert.ToHexString(frame.AsSpan(0, RelayHeader.Length)));
    }

    [Theory]
    [InlineData(0, 2)] // Another version.
    [InlineData(1, 4)] // No such class.
    [InlineData(2, 1)] // A flag that is no phase.
    [InlineData(2, 255)]
    public void A_header_that_is_none_is_not_read(int at, byte value)
    {
        var frame = Frame(Sample);
        frame[at] = value;

        Assert.False(RelayHeader.TryRead(frame, out _));
    }

    [Fact]
    public void A_header_without_a_datagram_is_not_read()
    {
        var frame = Frame(Sample);
        for (var length = 0; length <= RelayHeader.Length; length++)
        {
            Assert.False(RelayHeader.TryRead(frame.AsSpan(0, length), out _));
        }
    }

    private static byte[] Frame(RelayHeader header)
    {
        var frame = new byte[RelayHeader.Length + 1];
        header.Write(frame);
        return frame;
    }
}
