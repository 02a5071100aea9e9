namespace Overlay.WebRtc.Sdp;

/// <summary>The attributes found at session level or in one media section, while reading.</summary>
internal sealed class SdpSection
{
    public int Index { get; init; } = -1;

    public int Line { get; init; }

    public string Media { get; init; } = "";

    public int Port { get; init; }

    public string Protocol { get; init; } = "";

    public string Formats { get; init; } = "";

    public string? Mid { get; set; }

    public bool IsBundleOnly { get; set; }

    public string? IceUfrag { get; set; }

    public string? IcePassword { get; set; }

    public bool IsTrickle { get; set; }

    public SdpSetup? Setup { get; set; }

    public int? SctpPort { get; set; }

    public long? MaxMessageSize { get; set; }

    public string? SctpInit { get; set; }

    public bool HasEndOfCandidates { get; set; }

    public List<SdpFingerprint> Fingerprints { get; } = [];

    public List<string> Candidates { get; } = [];

    /// <summary>RFC 8841 §5.1: media "application", DTLS under SCTP, format "webrtc-datachannel".</summary>
    public bool IsDataChannel =>
        Media == "application"
        && Protocol.EndsWith("DTLS/SCTP", StringComparison.Ordinal)
        && Formats.Contains("webrtc-datachannel", StringComparison.Ordinal);
}
