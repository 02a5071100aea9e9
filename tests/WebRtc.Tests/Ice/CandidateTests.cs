using Overlay.WebRtc.Ice;

namespace Overlay.WebRtc.Tests.Ice;

public sealed class CandidateTests
{
    [Theory]
    [InlineData("candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host")]
    [InlineData("candidate:a+/ 1 udp 1 2001:db8::1 65535 typ prflx")]
    [InlineData("candidate:7 2 tcp 5 192.0.2.1 9 typ host")]
    [InlineData("candidate:842163049 1 udp 1677729535 203.0.113.9 61665 typ srflx raddr 10.0.0.5 rport 61665 ufrag EsAw")]
    [InlineData("candidate:3 1 udp 99 203.0.113.9 61665 typ relay raddr 2001:db8::9 rport 0")]
    [InlineData("candidate:1467250027 1 udp 2113937151 4f1c3a2e-91b4-4b52-8f0e-7c55d7d9a001.local 51000 typ host")]
    public void A_line_is_read_and_written_the_same(string line)
    {
        Assert.True(Candidate.TryParse(line, out var candidate));

        Assert.Equal(line, candidate.ToString());
    }

    [Fact]
    public void A_Chromium_line_is_read_with_its_extensions_skipped()
    {
        const string line = "a=candidate:2981232321 1 UDP 2113942271 2001:db8::7 51001 typ host generation 0 ufrag uQ3x network-cost 999 ";

        Assert.True(Candidate.TryParse(line, out var candidate));

        Assert.Equal("2981232321", candidate.Foundation);
        Assert.Equal(2113942271u, candidate.Priority);
        Assert.Equal(TransportAddress.Parse("[2001:db8::7]:51001"), candidate.Address);
        Assert.Equal(CandidateKind.Host, candidate.Kind);
        Assert.Equal("uQ3x", candidate.Ufrag);
        Assert.True(candidate.IsCheckable);
    }

    [Theory]
    [InlineData("candidate:1 1 udp 1 4f1c3a2e-91b4.local 51000 typ host", "a name")]
    [InlineData("candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active", "TCP")]
    [InlineData("candidate:1 2 udp 1 192.0.2.1 9 typ host", "another component")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 0 typ host", "no port")]
    [InlineData("candidate:1 1 udp 1 0.0.0.0 9 typ host", "no address")]
    [InlineData("candidate:1 1 udp 1 224.0.0.1 9 typ host", "multicast")]
    public void What_cannot_be_checked_is_read_but_marked(string line, string why)
    {
        Assert.True(Candidate.TryParse(line, out var candidate), why);

        Assert.False(candidate.IsCheckable, why);
    }

    [Theory]
    [InlineData("")]
    [InlineData("candidate:")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 9")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 9 type host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 9 typ hosts")]
    [InlineData("candidate:1 0 udp 1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 257 udp 1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 sctp 1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 udp -1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 udp 4294967296 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.300 9 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 65536 typ host")]
    [InlineData("candidate:1 1 udp 1 <script> 9 typ host")]
    [InlineData("candidate:012345678901234567890123456789012 1 udp 1 192.0.2.1 9 typ host")]
    [InlineData("1 1 udp 1 192.0.2.1 9 typ host")]
    public void Anything_else_is_refused(string line) => Assert.False(Candidate.TryParse(line, out _));

    [Fact]
    public void A_line_too_long_is_refused() =>
        Assert.False(Candidate.TryParse("candidate:1 1 udp 1 192.0.2.1 9 typ host x " + new string('y', 512), out _));

    [Theory]
    [InlineData(CandidateKind.Host, 65_535, 2130706431u)]
    [InlineData(CandidateKind.Host, 30, 2113937151u)] // what Chromium gives its IPv4 host candidate
    [InlineData(CandidateKind.PeerReflexive, 30, 1845501695u)]
    [InlineData(CandidateKind.ServerReflexive, 65_535, 1694498815u)]
    [InlineData(CandidateKind.Relayed, 0, 255u)]
    public void Priorities_follow_the_formula(CandidateKind kind, int preference, uint expected) =>
        Assert.Equal(expected, CandidatePriority.Of(kind, preference));

    [Fact]
    public void Pair_priorities_are_the_same_from_both_sides_and_break_the_tie_by_role()
    {
        Assert.Equal((5UL << 32) + 18 + 1, CandidatePriority.OfPair(controlling: 9, controlled: 5));
        Assert.Equal((5UL << 32) + 18, CandidatePriority.OfPair(controlling: 5, controlled: 9));
    }

    [Fact]
    public void Own_credentials_are_fresh_and_of_ice_characters()
    {
        var secrets = new SeededSecrets(1);

        var one = IceCredentials.Create(secrets);
        var other = IceCredentials.Create(secrets);

        Assert.NotEqual(one, other);
        Assert.Equal((8, 24), (one.Ufrag.Length, one.Password.Length));
        Assert.True(IceCredentials.TryCreate(one.Ufrag, one.Password, out var same));
        Assert.Equal(one, same);
        Assert.Equal(one.Ufrag, one.ToString());
    }

    [Theory]
    [InlineData("abc", "0123456789012345678901")]
    [InlineData("abcd", "012345678901234567890")]
    [InlineData("ab d", "0123456789012345678901")]
    [InlineData("ab:d", "0123456789012345678901")]
    [InlineData("abcd", "012345678901234567890\n")]
    [InlineData(null, "0123456789012345678901")]
    [InlineData("abcd", null)]
    public void Credentials_out_of_bounds_are_refused(string? ufrag, string? password) =>
        Assert.False(IceCredentials.TryCreate(ufrag, password, out _));

    [Fact]
    public void Credentials_too_long_are_refused()
    {
        Assert.False(IceCredentials.TryCreate(new string('a', 257), new string('a', 22), out _));
        Assert.True(IceCredentials.TryCreate(new string('a', 256), new string('a', 256), out _));
    }
}
