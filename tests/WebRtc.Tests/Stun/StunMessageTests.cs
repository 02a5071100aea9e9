using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Stun;

public sealed class StunMessageTests
{
    private static readonly StunTransactionId Id = StunTransactionId.Create(new SeededSecrets(1));
    private static readonly byte[] Key = "0123456789012345678901"u8.ToArray();

    [Fact]
    public void A_check_with_all_attributes_is_read_back_as_written()
    {
        var buffer = new byte[600];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, Id));
        writer.AddUsername("abcd:efgh"u8);
        writer.AddPriority(0x6E0001FF);
        writer.AddIceControlling(ulong.MaxValue - 1);
        writer.AddUseCandidate();
        writer.AddSoftware("x"u8);
        writer.AddIntegrity(Key);
        writer.AddFingerprint();
        var length = writer.Finish();

        Assert.True(StunMessage.TryRead(buffer.AsSpan(0, length), out var message));

        Assert.Equal(StunClass.Request, message.Class);
        Assert.Equal(Id, message.TransactionId);
        Assert.Equal("abcd:efgh"u8.ToArray(), message.Username.ToArray());
        Assert.Equal(0x6E0001FFu, message.Priority);
        Assert.Equal(ulong.MaxValue - 1, message.IceControlling);
        Assert.Null(message.IceControlled);
        Assert.True(message.UseCandidate);
        Assert.True(message.VerifyIntegrity(Key));
        Assert.True(message.HasFingerprint);
    }

    [Fact]
    [SuppressMessage("Security", "CA5350", Justification = "The hash that STUN prescribes.")]
    public void Integrity_and_fingerprint_are_those_of_an_independent_computation()
    {
        var buffer = new byte[200];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, Id));
        writer.AddUsername("a:b"u8);
        writer.AddIntegrity(Key);
        writer.AddFingerprint();
        var bytes = buffer[..writer.Finish()];

        // Header 20, USERNAME 8, MESSAGE-INTEGRITY 24, FINGERPRINT 8.
        Assert.Equal(60, bytes.Length);
        var covered = bytes[..28];
        BinaryPrimitives.WriteUInt16BigEndian(covered.AsSpan(2), 8 + 24);
        Assert.Equal(HMACSHA1.HashData(Key, covered), bytes[32..52]);
        Assert.Equal(BitByBitCrc32(bytes.AsSpan(0, 52)) ^ 0x5354554E, BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(56)));
    }

    [Theory]
    [InlineData("192.0.2.1:1")]
    [InlineData("255.255.255.255:65535")]
    [InlineData("[2001:db8::1]:32853")]
    public void Addresses_survive_in_clear_and_hidden(string text)
    {
        var address = TransportAddress.Parse(text);
        var buffer = new byte[100];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Success, StunHeader.Binding, Id));
        writer.AddXorMappedAddress(address);
        writer.AddMappedAddress(address);

        Assert.True(StunMessage.TryRead(buffer.AsSpan(0, writer.Finish()), out var message));

        Assert.Equal(address, message.XorMappedAddress);
        Assert.Equal(address, message.MappedAddress);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(487)]
    [InlineData(699)]
    public void An_error_keeps_its_number_and_reason(int code)
    {
        var buffer = new byte[100];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Error, StunHeader.Binding, Id));
        writer.AddErrorCode(code, "Because"u8);
        writer.AddUnknownAttributes([0x0015, 0x7FFF, 3]);

        Assert.True(StunMessage.TryRead(buffer.AsSpan(0, writer.Finish()), out var message));

        Assert.Equal(StunClass.Error, message.Class);
        Assert.Equal(code, message.ErrorCode);
        Assert.Equal("Because", Encoding.UTF8.GetString(message.ErrorReason));
        Assert.Equal("00157fff0003", Convert.ToHexStringLower(message.UnknownAttributes));
    }

    [Theory]
    [InlineData(StunClass.Request, 0x001, 0x0001)]
    [InlineData(StunClass.Indication, 0x001, 0x0011)]
    [InlineData(StunClass.Success, 0x001, 0x0101)]
    [InlineData(StunClass.Error, 0x001, 0x0111)]
    [InlineData(StunClass.Request, 0x0FF, 0x02EF)]
    [InlineData(StunClass.Error, 0x080, 0x0310)]
    public void Class_and_method_are_woven_as_the_RFC_says(StunClass messageClass, int method, int type)
    {
        var header = new StunHeader(messageClass, (ushort)method, Id);
        var bytes = new byte[20];

        header.Write(bytes, bodyLength: 0);

        Assert.Equal(type, BinaryPrimitives.ReadUInt16BigEndian(bytes));
        Assert.True(StunHeader.TryRead(bytes, out var back));
        Assert.Equal(header, back);
    }

    [Fact]
    public void What_follows_integrity_is_not_believed()
    {
        var buffer = new byte[200];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, Id));
        writer.AddUsername("a:b"u8);
        writer.AddIntegrity(Key);
        writer.AddUseCandidate();
        writer.AddPriority(1);

        Assert.True(StunMessage.TryRead(buffer.AsSpan(0, writer.Finish()), out var message));

        Assert.True(message.VerifyIntegrity(Key));
        Assert.False(message.UseCandidate);
        Assert.Null(message.Priority);
    }

    [Fact]
    public void Of_an_attribute_that_comes_twice_the_first_counts()
    {
        var buffer = new byte[200];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, Id));
        writer.AddPriority(1);
        writer.AddPriority(2);
        writer.AddUsername("a:b"u8);
        writer.AddUsername("c:d"u8);

        Assert.True(StunMessage.TryRead(buffer.AsSpan(0, writer.Finish()), out var message));

        Assert.Equal(1u, message.Priority);
        Assert.Equal("a:b"u8.ToArray(), message.Username.ToArray());
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("c0570004deadbeef", 0)] // GOOG-NETWORK-INFO
    [InlineData("00150004deadbeef", 1)] // NONCE
    [InlineData("7fff000000150000", 2)]
    public void Unknown_attributes_are_skipped_or_counted_by_their_top_bit(string attributes, int unknownCount)
    {
        Assert.True(StunMessage.TryRead(Raw(attributes), out var message));

        Assert.Equal(unknownCount, message.UnknownRequiredCount);
    }

    [Fact]
    public void More_unknown_attributes_than_can_be_named_are_still_counted()
    {
        Assert.True(StunMessage.TryRead(Raw(string.Concat(Enumerable.Repeat("00150000", 20))), out var message));

        Assert.Equal(20, message.UnknownRequiredCount);
        Assert.Equal(StunMessage.MaxUnknownAttributes, message.UnknownRequired.Length);
    }

    [Theory]
    [InlineData("00240003aabbcc00")] // PRIORITY of three bytes
    [InlineData("0024000500000000")] // longer than the message
    [InlineData("0024ffff00000000")]
    [InlineData("0025000400000000")] // USE-CANDIDATE with a value
    [InlineData("802a000400000000")] // tie breaker of four bytes
    [InlineData("0008000400000000")] // integrity of four bytes
    [InlineData("8028000400000000")] // wrong fingerprint
    [InlineData("0020000400010000")] // address without address
    [InlineData("002000080003000000000000")] // family 3
    [InlineData("002000080002000000000000")] // IPv6 of four bytes
    [InlineData("0009000400000264")] // error 2xx
    [InlineData("000a000100000000")] // half an attribute type
    public void Attributes_of_the_wrong_shape_make_the_message_void(string attributes) =>
        Assert.False(StunMessage.TryRead(Raw(attributes), out _));

    [Fact]
    public void What_is_not_exactly_one_message_is_refused()
    {
        var bytes = Raw("c0570004deadbeef");

        Assert.False(StunMessage.TryRead(bytes.AsSpan(0, bytes.Length - 1), out _));
        Assert.False(StunMessage.TryRead([.. bytes, 0, 0, 0, 0], out _));
        Assert.False(StunMessage.TryRead(bytes.AsSpan(0, 19), out _));
        Assert.False(StunMessage.TryRead(default, out _));
        Assert.False(StunMessage.TryRead(new byte[StunMessage.MaxLength + 4], out _));
        bytes[4] ^= 1; // cookie
        Assert.False(StunMessage.TryRead(bytes, out _));
        bytes[4] ^= 1;
        bytes[0] |= 0x80; // first two bits
        Assert.False(StunMessage.TryRead(bytes, out _));
    }

    [Fact]
    public void A_message_that_does_not_fit_is_no_message()
    {
        for (var room = 0; room < 60; room++)
        {
            var writer = new StunWriter(new byte[room], new StunHeader(StunClass.Request, StunHeader.Binding, Id));
            writer.AddUsername("a:b"u8);
            writer.AddIntegrity(Key);
            writer.AddFingerprint();

            Assert.Equal(0, writer.Finish());
        }
    }

    [Fact]
    public void Reading_verifying_and_writing_allocate_nothing()
    {
        var buffer = new byte[200];
        long Round()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var round = 0; round < 100; round++)
            {
                var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, Id));
                writer.AddUsername("a:b"u8);
                writer.AddIntegrity(Key);
                writer.AddFingerprint();
                var isRead = StunMessage.TryRead(buffer.AsSpan(0, writer.Finish()), out var message);
                Assert.True(isRead && message.VerifyIntegrity(Key));
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Round();

        Assert.Equal(0, Round());
    }

    private static byte[] Raw(string attributes)
    {
        var body = Convert.FromHexString(attributes);
        var bytes = new byte[20 + body.Length];
        new StunHeader(StunClass.Request, StunHeader.Binding, Id).Write(bytes, body.Length);
        body.CopyTo(bytes, 20);
        return bytes;
    }

    /// <summary>A deliberately dumb twin: one bit at a time.</summary>
    private static uint BitByBitCrc32(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in bytes)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var mix = ((crc ^ (uint)(value >> bit)) & 1) != 0;
                crc = (crc >> 1) ^ (mix ? 0xEDB88320u : 0u);
            }
        }

        return crc ^ 0xFFFFFFFFu;
    }
}
