using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Stun;

public sealed class StunVectorTests
{
    private static readonly byte[] Key = Encoding.ASCII.GetBytes(StunVectors.Password);

    [Fact]
    public void The_request_of_RFC_5769_is_read_and_verified()
    {
        Assert.True(StunMessage.TryRead(StunVectors.Request, out var message));

        Assert.Equal(StunClass.Request, message.Class);
        Assert.True(message.IsBinding);
        Assert.Equal("b7e7a701bc34d686fa87dfae", message.TransactionId.ToString());
        Assert.Equal("evtj:h6vY", Encoding.ASCII.GetString(message.Username));
        Assert.Equal("STUN test client", Encoding.ASCII.GetString(message.Software));
        Assert.Equal(0x6E0001FFu, message.Priority);
        Assert.Equal(0x932FF9B151263B36UL, message.IceControlled);
        Assert.Null(message.IceControlling);
        Assert.False(message.UseCandidate);
        Assert.True(message.HasFingerprint);
        Assert.Equal(0, message.UnknownRequiredCount);
        Assert.True(message.VerifyIntegrity(Key));
        Assert.False(message.VerifyIntegrity("VOkJxbRl1RmTxUk/WvJxBu"u8));
    }

    [Fact]
    public void The_IPv4_response_of_RFC_5769_is_read_and_verified()
    {
        Assert.True(StunMessage.TryRead(StunVectors.IPv4Response, out var message));

        Assert.Equal(StunClass.Success, message.Class);
        Assert.Equal(TransportAddress.Parse("192.0.2.1:32853"), message.XorMappedAddress);
        Assert.True(message.HasFingerprint);
        Assert.True(message.VerifyIntegrity(Key));
    }

    [Fact]
    public void The_IPv6_response_of_RFC_5769_is_read_and_verified()
    {
        Assert.True(StunMessage.TryRead(StunVectors.IPv6Response, out var message));

        Assert.Equal(TransportAddress.Parse("[2001:db8:1234:5678:11:2233:4455:6677]:32853"), message.XorMappedAddress);
        Assert.True(message.VerifyIntegrity(Key));
    }

    [Fact]
    [SuppressMessage("Security", "CA5351", Justification = "The key that RFC 8489 §9.2.2 prescribes.")]
    public void The_long_term_request_of_RFC_5769_is_verified_and_its_realm_and_nonce_are_unknown_here()
    {
        var key = MD5.HashData(Encoding.UTF8.GetBytes("マトリックス:example.org:TheMatrIX"));

        Assert.True(StunMessage.TryRead(StunVectors.LongTermRequest, out var message));

        Assert.True(message.VerifyIntegrity(key));
        Assert.False(message.HasFingerprint);
        Assert.Equal([0x0015, 0x0014], message.UnknownRequired.ToArray());
    }

    [Fact]
    public void Any_flipped_bit_of_the_request_is_noticed()
    {
        for (var bit = 0; bit < StunVectors.Request.Length * 8; bit++)
        {
            var bytes = (byte[])StunVectors.Request.Clone();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));

            // The fingerprint covers all before it. A length that swallows it swallows the integrity as well; another type in its place
            // is skipped, and then the integrity alone vouches for the rest, which is whole.
            var isInFingerprint = bit / 8 >= bytes.Length - 8;
            var isBelieved = StunMessage.TryRead(bytes, out var message)
                && (message.HasFingerprint || (message.HasIntegrity && !(isInFingerprint && message.VerifyIntegrity(Key))));
            Assert.False(isBelieved, $"bit {bit}");
        }
    }
}
