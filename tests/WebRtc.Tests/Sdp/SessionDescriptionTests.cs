using Overlay.WebRtc.Sdp;

namespace Overlay.WebRtc.Tests.Sdp;

public sealed class SessionDescriptionTests
{
    [Fact]
    public void A_Chromium_offer_is_read_whole()
    {
        var offer = Parse(SdpSamples.ChromiumOffer);

        Assert.Equal(4611731400430051336UL, offer.SessionId);
        Assert.Equal(2UL, offer.SessionVersion);
        Assert.Equal("uQ3x", offer.IceUfrag);
        Assert.Equal("d0fJz7rF0yKsNLq1nQeTq3Ab", offer.IcePassword);
        Assert.True(offer.IsTrickle);
        Assert.False(offer.IsIceLite);
        Assert.Equal(SdpSamples.Hash, offer.Sha256Fingerprint);
        Assert.Equal(SdpSetup.ActPass, offer.Setup);
        Assert.Equal("0", offer.Mid);
        Assert.Equal(5000, offer.SctpPort);
        Assert.Equal(262_144, offer.MaxMessageSize);
        Assert.Equal(2, offer.Candidates.Count);
        Assert.StartsWith("candidate:1467250027 1 udp", offer.Candidates[0]);
        Assert.False(offer.HasEndOfCandidates);
        Assert.Empty(offer.OtherSections);
    }

    [Fact]
    public void A_libdatachannel_answer_is_read_with_its_session_level_fingerprint_and_options()
    {
        var answer = Parse(SdpSamples.LibdatachannelAnswer);

        Assert.Equal(SdpSetup.Active, answer.Setup);
        Assert.Equal(SdpSamples.Hash, answer.Sha256Fingerprint);
        Assert.True(answer.IsTrickle);
        Assert.True(answer.HasEndOfCandidates);
        Assert.Equal("9x+B", answer.IceUfrag);
        Assert.Single(answer.Candidates);
    }

    [Fact]
    public void A_bundle_only_data_section_takes_its_transport_from_the_first_of_the_bundle()
    {
        var offer = Parse(SdpSamples.AudioVideoAndDataOffer);

        Assert.Equal("aaaa", offer.IceUfrag);
        Assert.Equal("data", offer.Mid);
        Assert.Equal(SdpSetup.ActPass, offer.Setup);
        Assert.Equal(SessionDescription.DefaultMaxMessageSize, offer.MaxMessageSize);
        Assert.Equal(
            [
                new SdpOtherSection(0, "audio", "UDP/TLS/RTP/SAVPF", "111 63", "audio"),
                new SdpOtherSection(1, "video", "UDP/TLS/RTP/SAVPF", "96 97", "1"),
            ],
            offer.OtherSections);
    }

    [Fact]
    public void An_answer_rejects_the_other_sections_in_their_places()
    {
        var offer = Parse(SdpSamples.AudioVideoAndDataOffer);

        var text = Ours().AsAnswerTo(offer).ToString();

        var sections = text.Split("\r\n").Where(line => line.StartsWith("m=", StringComparison.Ordinal));
        Assert.Equal(
            [
                "m=audio 0 UDP/TLS/RTP/SAVPF 111 63",
                "m=video 0 UDP/TLS/RTP/SAVPF 96 97",
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            ],
            sections);
        Assert.Contains("a=group:BUNDLE data\r\n", text);
        Assert.Contains("a=mid:data\r\n", text);
    }

    [Fact]
    public void The_data_section_keeps_its_place_between_others()
    {
        var others = new[] { new SdpOtherSection(0, "audio", "RTP/AVP", "0", "a"), new SdpOtherSection(2, "video", "RTP/AVP", "31", null) };

        var text = (Ours() with { OtherSections = others }).ToString();

        var media = text.Split("\r\n").Where(line => line.StartsWith("m=", StringComparison.Ordinal)).Select(line => line[2..line.IndexOf(' ')]);
        Assert.Equal(["audio", "application", "video"], media);
        Assert.Equal(others, Parse(text).OtherSections);
    }

    [Fact]
    public void What_is_written_is_read_back_the_same()
    {
        var description = Ours() with
        {
            IsIceLite = true,
            Setup = SdpSetup.Passive,
            HasEndOfCandidates = true,
            SctpInit = "AQAAFAAAAAAAAAAA",
            SctpPort = 5001,
            MaxMessageSize = 0,
        };

        var back = Parse(description.ToString());

        Assert.Equivalent(description, back, strict: true);
    }

    [Fact]
    public void An_offer_has_the_lines_Chromium_asks_for_in_CRLF()
    {
        var text = Ours().ToString();

        Assert.Equal(
            SdpSamples.Crlf(
                "v=0",
                "o=- 42 1 IN IP4 127.0.0.1",
                "s=-",
                "t=0 0",
                "a=group:BUNDLE 0",
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
                "c=IN IP4 0.0.0.0",
                "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",
                "a=ice-ufrag:abcd",
                "a=ice-pwd:0123456789012345678901",
                "a=ice-options:trickle",
                $"a=fingerprint:sha-256 {SdpSamples.Hash}",
                "a=setup:actpass",
                "a=mid:0",
                "a=sctp-port:5000",
                "a=max-message-size:262144"),
            text);
    }

    [Fact]
    public void The_minimal_answer_that_Chromium_accepts_is_accepted_here_too()
    {
        var answer = Parse(SdpSamples.Crlf(
            "v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0",
            "a=ice-lite", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", $"a=fingerprint:SHA-256 {SdpSamples.Hash.ToLowerInvariant()}",
            "a=setup:passive"));

        Assert.True(answer.IsIceLite);
        Assert.Null(answer.Mid);
        Assert.Equal(5000, answer.SctpPort);
        Assert.Equal(65_536, answer.MaxMessageSize);
        Assert.Equal(SdpSamples.Hash, answer.Sha256Fingerprint);
    }

    [Fact]
    public void Plain_line_feeds_and_empty_lines_are_forgiven()
    {
        var offer = Parse(SdpSamples.ChromiumOffer.Replace("\r\n", "\n") + "\n\n");

        Assert.Equal("uQ3x", offer.IceUfrag);
    }

    [Theory]
    [InlineData("v=0", "v=1", "line 1: an SDP begins with v=0")]
    [InlineData("o=- 4611731400430051336 2", "o=- x 2", "line 2: o= holds no session id and version")]
    [InlineData("s=-", "nonsense", "line 3: not of the form x=value")]
    [InlineData("m=application 9", "m=application 99999", "line 8: m= holds no media, port, protocol and format")]
    [InlineData("m=application 9", "m=application 0", "line 8: the data channel section is rejected (port 0)")]
    [InlineData("webrtc-datachannel", "other", "no data channel section (m=application … DTLS/SCTP webrtc-datachannel)")]
    [InlineData("a=ice-ufrag:uQ3x", "a=ice-ufrag:u", "line 12: a=ice-ufrag is not 4 to 256 characters without blanks")]
    [InlineData("a=ice-pwd:d0fJz7rF0yKsNLq1nQeTq3Ab", "a=ice-pwd:short", "line 13: a=ice-pwd is not 22 to 256 characters without blanks")]
    [InlineData("a=ice-ufrag:uQ3x\r\n", "", "line 8: the data channel section has no a=ice-ufrag")]
    [InlineData("a=fingerprint:sha-256 6B:", "a=fingerprint:sha-256 ", "line 15: a=fingerprint is not an algorithm and a hash of its length")]
    [InlineData("a=fingerprint:sha-256 ", "a=fingerprint:sha-384 ", "line 8: the data channel section has no a=fingerprint:sha-256")]
    [InlineData("a=setup:actpass", "a=setup:holdconn", "line 16: a=setup is not actpass, active or passive")]
    [InlineData("a=setup:actpass\r\n", "", "line 8: the data channel section has no a=setup")]
    [InlineData("a=mid:0", "a=mid:", "line 17: a=mid is empty or longer than 64 characters")]
    [InlineData("a=sctp-port:5000", "a=sctp-port:0", "line 18: a=sctp-port is not 1 to 65535")]
    [InlineData("a=max-message-size:262144", "a=max-message-size:-1", "line 19: a=max-message-size is not a number")]
    public void A_fault_is_named_with_line_and_cause(string right, string wrong, string expected)
    {
        var text = SdpSamples.ChromiumOffer.Replace(right, wrong);

        Assert.False(SessionDescription.TryParse(text, out _, out var error));

        Assert.Equal(expected, error);
    }

    [Fact]
    public void Texts_lines_and_sections_are_bounded()
    {
        Assert.Equal("longer than 65536 characters", ErrorOf(SdpSamples.ChromiumOffer + new string('a', 70_000)));
        Assert.Equal("line 20: longer than 4096 characters", ErrorOf(SdpSamples.ChromiumOffer + "a=x:" + new string('a', 4_096)));
        Assert.Equal("line 51: more than 32 media sections", ErrorOf(SdpSamples.ChromiumOffer + Repeat("m=audio 9 RTP/AVP 0\r\n", 33)));
        Assert.Equal("line 1: empty", ErrorOf(""));
        Assert.Equal("line 2: an SDP begins with v=0", ErrorOf("\r\na=b\r\n"));
    }

    [Fact]
    public void Surplus_candidates_and_fingerprints_are_dropped()
    {
        var text = SdpSamples.ChromiumOffer
            + Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 100)
            + Repeat($"a=fingerprint:sha-256 {SdpSamples.Hash}\r\n", 20);

        var offer = Parse(text);

        Assert.Equal(SessionDescription.MaxCandidates, offer.Candidates.Count);
        Assert.Equal(8, offer.Fingerprints.Count);
    }

    internal static SessionDescription Ours() => new()
    {
        SessionId = 42,
        IceUfrag = "abcd",
        IcePassword = "0123456789012345678901",
        IsTrickle = true,
        Fingerprints = [new SdpFingerprint("sha-256", SdpSamples.Hash)],
        Setup = SdpSetup.ActPass,
        MaxMessageSize = 262_144,
        Candidates = ["candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host"],
    };

    private static SessionDescription Parse(string text)
    {
        Assert.True(SessionDescription.TryParse(text, out var description, out var error), error);
        return description;
    }

    private static string ErrorOf(string text) => SessionDescription.TryParse(text, out _, out var error) ? "" : error;

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
