namespace Overlay.WebRtc.Tests.Sdp;

/// <summary>Descriptions in the form real peers write them; credentials and hashes are made up.</summary>
internal static class SdpSamples
{
    public const string Hash =
        "6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08";

    public static string ChromiumOffer { get; } = Crlf(
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=candidate:1467250027 1 udp 2113937151 4f1c3a2e-91b4-4b52-8f0e-7c55d7d9a001.local 51000 typ host generation 0 network-cost 999",
        "a=candidate:2981232321 1 udp 2113942271 2001:db8::7 51001 typ host generation 0 ufrag uQ3x network-cost 999",
        "a=ice-ufrag:uQ3x",
        "a=ice-pwd:d0fJz7rF0yKsNLq1nQeTq3Ab",
        "a=ice-options:trickle",
        $"a=fingerprint:sha-256 {Hash}",
        "a=setup:actpass",
        "a=mid:0",
        "a=sctp-port:5000",
        "a=max-message-size:262144");

    public static string LibdatachannelAnswer { get; } = Crlf(
        "v=0",
        "o=rtc 3767197920 0 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=group:LS 0",
        "a=msid-semantic:WMS *",
        "a=ice-options:ice2,trickle",
        $"a=fingerprint:sha-256 {Hash}",
        "m=application 41234 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 192.0.2.7",
        "a=mid:0",
        "a=sendrecv",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
        "a=setup:active",
        "a=ice-ufrag:9x+B",
        "a=ice-pwd:Zb7qHkq3oXv0uH2mC4yN1e",
        "a=candidate:1 1 UDP 2122317823 192.0.2.7 41234 typ host",
        "a=end-of-candidates");

    public static string AudioVideoAndDataOffer { get; } = Crlf(
        "v=0",
        "o=- 77 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE audio 1 data",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:aaaa",
        "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa",
        $"a=fingerprint:sha-256 {Hash}",
        "a=setup:actpass",
        "a=mid:audio",
        "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 0.0.0.0",
        "a=setup:holdconn",
        "a=mid:1",
        "a=bundle-only",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=bundle-only",
        "a=mid:data",
        "a=sctp-port:5000");

    public static string Crlf(params string[] lines) => string.Join("\r\n", lines) + "\r\n";
}
