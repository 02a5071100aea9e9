using System.Net;

namespace Overlay.WebRtc.Tests.Basics;

public sealed class TransportAddressTests
{
    [Theory]
    [InlineData("192.0.2.1:5000")]
    [InlineData("0.0.0.0:0")]
    [InlineData("255.255.255.255:65535")]
    [InlineData("[::]:1")]
    [InlineData("[::1]:80")]
    [InlineData("[2001:db8::1]:5000")]
    [InlineData("[2001:db8:0:1:1:1:1:1]:5000")]
    [InlineData("[fe80::1:0:0:2]:9")]
    [InlineData("[1:2:3:4:5:6:7:8]:9")]
    [InlineData("[1::]:9")]
    public void Canonical_text_is_kept(string text) => Assert.Equal(text, TransportAddress.Parse(text).ToString());

    [Theory]
    [InlineData("[2001:DB8:0:0:0:0:0:1]:1", "[2001:db8::1]:1")]
    [InlineData("[0:0:1:0:0:0:0:1]:1", "[0:0:1::1]:1")]
    [InlineData("[0:0:0:1:0:0:0:1]:1", "[::1:0:0:0:1]:1")]
    [InlineData("[2001:0db8::0001]:1", "[2001:db8::1]:1")]
    [InlineData("[64:ff9b::192.0.2.33]:1", "[64:ff9b::c000:221]:1")]
    [InlineData("[::ffff:192.0.2.33]:1", "192.0.2.33:1")]
    [InlineData("[::ffff:c000:221]:1", "192.0.2.33:1")]
    public void Other_spellings_become_canonical(string text, string canonical) =>
        Assert.Equal(canonical, TransportAddress.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.1:")]
    [InlineData("192.0.2.1:65536")]
    [InlineData("192.0.2.1:-1")]
    [InlineData("192.0.2.1:+1")]
    [InlineData("192.0.2.1:00")]
    [InlineData("192.0.2.256:1")]
    [InlineData("192.0.2:1")]
    [InlineData("192.0.2.1.1:1")]
    [InlineData("192.0.02.1:1")]
    [InlineData("0x7f.0.0.1:1")]
    [InlineData("[192.0.2.1]:1")]
    [InlineData("2001:db8::1:5000")]
    [InlineData("[2001:db8::1:5000")]
    [InlineData("[2001:db8::1::2]:1")]
    [InlineData("[1:2:3:4:5:6:7]:1")]
    [InlineData("[1:2:3:4:5:6:7:8:9]:1")]
    [InlineData("[1:2:3:4::5:6:7:8]:1")]
    [InlineData("[:1:2:3:4:5:6:7]:1")]
    [InlineData("[1:2:3:4:5:6:7:]:1")]
    [InlineData("[12345::]:1")]
    [InlineData("[::1.2.3]:1")]
    [InlineData("[1.2.3.4::]:1")]
    [InlineData("[1:2:3:4:5:6:7:1.2.3.4]:1")]
    [InlineData("[fe80::1%eth0]:1")]
    [InlineData("[ ::1]:1")]
    [InlineData("localhost:1")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(TransportAddress.TryParse(text, out _));

        Assert.Throws<FormatException>(() => TransportAddress.Parse(text));
    }

    [Fact]
    public void Any_address_survives_text_and_bytes()
    {
        var prng = new Prng(1);
        var bytes = new byte[16];
        for (var round = 0; round < 20_000; round++)
        {
            var address = Draw(ref prng, bytes);

            var fromText = TransportAddress.Parse(address.ToString());
            var length = address.WriteAddress(bytes);
            Assert.True(TransportAddress.TryFromBytes(bytes.AsSpan(0, length), address.Port, out var fromBytes));

            Assert.Equal(address, fromText);
            Assert.Equal(address, fromBytes);
            Assert.Equal(address.GetHashCode(), fromText.GetHashCode());
        }
    }

    [Fact]
    public void Text_agrees_with_the_class_library()
    {
        var prng = new Prng(2);
        var bytes = new byte[16];
        for (var round = 0; round < 20_000; round++)
        {
            var address = Draw(ref prng, bytes);
            var twin = new IPAddress(bytes.AsSpan(0, address.WriteAddress(bytes)));

            Assert.True(TransportAddress.TryParseAddress(twin.ToString(), 7, out var parsed), twin.ToString());

            Assert.Equal(address.WithPort(7), parsed);
            Assert.Equal(twin, IPAddress.Parse(address.AddressText));
        }
    }

    [Fact]
    public void Mutated_text_never_throws()
    {
        var prng = new Prng(3);
        const string alphabet = "0123456789abcdefgF:.[]% ";
        for (var round = 0; round < 100_000; round++)
        {
            var text = "[2001:db8::192.0.2.1]:5000".ToCharArray(0, prng.NextInt32(27));
            for (var change = prng.NextInt32(4); change > 0 && text.Length > 0; change--)
            {
                text[prng.NextInt32(text.Length)] = alphabet[prng.NextInt32(alphabet.Length)];
            }

            if (TransportAddress.TryParse(text, out var address))
            {
                Assert.Equal(address, TransportAddress.Parse(address.ToString()));
            }
        }
    }

    [Fact]
    public void A_mapped_address_equals_its_IPv4_form()
    {
        var mapped = TransportAddress.FromIPv6(new UInt128(0, 0xFFFF_C000_0201), 5);

        Assert.False(mapped.IsIPv6);
        Assert.Equal(TransportAddress.FromIPv4(0xC0000201, 5), mapped);
    }

    [Fact]
    public void Families_and_ports_tell_addresses_apart()
    {
        Assert.NotEqual(TransportAddress.FromIPv4(1, 5), TransportAddress.FromIPv6(1, 5));
        Assert.NotEqual(TransportAddress.FromIPv4(1, 5), TransportAddress.FromIPv4(1, 6));
    }

    [Theory]
    [InlineData("127.0.0.1:1", true, false, false, true)]
    [InlineData("[::1]:1", true, false, false, true)]
    [InlineData("169.254.3.4:1", false, true, false, true)]
    [InlineData("[fe80::1]:1", false, true, false, true)]
    [InlineData("[febf::1]:1", false, true, false, true)]
    [InlineData("[fec0::1]:1", false, false, false, true)]
    [InlineData("224.0.0.251:1", false, false, true, false)]
    [InlineData("[ff02::fb]:1", false, false, true, false)]
    [InlineData("255.255.255.255:1", false, false, false, false)]
    [InlineData("0.0.0.0:1", false, false, false, false)]
    [InlineData("192.0.2.1:0", false, false, false, false)]
    public void Ranges_are_known(string text, bool loopback, bool linkLocal, bool multicast, bool usable)
    {
        var address = TransportAddress.Parse(text);

        Assert.Equal(
            (loopback, linkLocal, multicast, usable),
            (address.IsLoopback, address.IsLinkLocal, address.IsMulticast, address.IsUsableAsRemote));
    }

    [Fact]
    public void Ports_and_lengths_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TransportAddress.FromIPv4(1, 65_536));
        Assert.Throws<ArgumentOutOfRangeException>(() => TransportAddress.FromIPv6(1, -1));
        Assert.False(TransportAddress.TryFromBytes(new byte[5], 1, out _));
    }

    private static TransportAddress Draw(ref Prng prng, byte[] bytes)
    {
        prng.Fill(bytes);

        // Zero runs are what the text of an IPv6 address is about.
        for (var zeroes = prng.NextInt32(9); zeroes > 0; zeroes--)
        {
            var group = prng.NextInt32(8);
            bytes[group * 2] = 0;
            bytes[(group * 2) + 1] = 0;
        }

        Assert.True(TransportAddress.TryFromBytes(bytes.AsSpan(0, prng.NextChance(1, 4) ? 4 : 16), prng.NextInt32(65_536), out var address));
        return address;
    }
}
