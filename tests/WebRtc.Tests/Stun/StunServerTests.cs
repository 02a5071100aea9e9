using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Stun;

public sealed class StunServerTests
{
    private static readonly TransportAddress Asker = TransportAddress.Parse("198.51.100.7:40000");

    [Theory]
    [InlineData("198.51.100.7:40000")]
    [InlineData("[2001:db8::7]:40000")]
    public void A_binding_request_is_told_where_it_came_from(string from)
    {
        var asker = TransportAddress.Parse(from);
        var answer = new byte[StunServer.MaxAnswerLength];

        Assert.True(StunServer.TryAnswer(Request(), asker, answer, out var length));

        Assert.True(StunMessage.TryRead(answer.AsSpan(0, length), out var message));
        Assert.Equal(StunClass.Success, message.Class);
        Assert.Equal(asker, message.XorMappedAddress);
        Assert.Equal(StunTransactionId.Create(new SeededSecrets(3)), message.TransactionId);
        Assert.False(message.HasFingerprint);
    }

    [Fact]
    public void Who_sends_a_fingerprint_gets_one()
    {
        var answer = new byte[StunServer.MaxAnswerLength];

        Assert.True(StunServer.TryAnswer(StunVectors.Request, Asker, answer, out var length));

        Assert.True(StunMessage.TryRead(answer.AsSpan(0, length), out var message));
        Assert.True(message.HasFingerprint);
        Assert.Equal(40, length);
    }

    [Fact]
    public void Mandatory_attributes_it_does_not_know_are_refused_by_name()
    {
        var answer = new byte[StunServer.MaxAnswerLength];

        Assert.True(StunServer.TryAnswer(StunVectors.LongTermRequest, Asker, answer, out var length));

        Assert.True(StunMessage.TryRead(answer.AsSpan(0, length), out var message));
        Assert.Equal(StunClass.Error, message.Class);
        Assert.Equal(420, message.ErrorCode);
        Assert.Equal("00150014", Convert.ToHexStringLower(message.UnknownAttributes));
    }

    [Fact]
    public void The_longest_answer_fits_its_stated_length()
    {
        var buffer = new byte[200];
        var request = new byte[20 + (8 * 4) + 8];
        var header = new StunHeader(StunClass.Request, StunHeader.Binding, StunTransactionId.Create(new SeededSecrets(3)));
        var unknown = Convert.FromHexString(string.Concat(Enumerable.Repeat("00150000", 8)));
        header.Write(request, unknown.Length);
        unknown.CopyTo(request, 20);

        Assert.True(StunServer.TryAnswer(request.AsSpan(0, 52), Asker, buffer, out var length));

        Assert.Equal(StunServer.MaxAnswerLength - 8, length); // no fingerprint asked for
    }

    [Fact]
    public void Answers_indications_other_methods_and_noise_get_no_answer()
    {
        var answer = new byte[StunServer.MaxAnswerLength];

        Assert.False(StunServer.TryAnswer(StunVectors.IPv4Response, Asker, answer, out _));
        Assert.False(StunServer.TryAnswer(Request(StunClass.Indication), Asker, answer, out _));
        Assert.False(StunServer.TryAnswer(Request(method: 3), Asker, answer, out _));
        Assert.False(StunServer.TryAnswer("GET / HTTP/1.1"u8, Asker, answer, out _));
        Assert.False(StunServer.TryAnswer(Request(), Asker, new byte[20], out _));
    }

    private static byte[] Request(StunClass messageClass = StunClass.Request, ushort method = StunHeader.Binding)
    {
        var bytes = new byte[20];
        new StunHeader(messageClass, method, StunTransactionId.Create(new SeededSecrets(3))).Write(bytes, 0);
        return bytes;
    }
}
