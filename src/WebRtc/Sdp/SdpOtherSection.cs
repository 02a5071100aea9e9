namespace Overlay.WebRtc.Sdp;

/// <summary>A media section that is no data channel: kept so that an answer can reject it in its place (RFC 3264 §6).</summary>
/// <param name="Index">Its place among all media sections, from 0.</param>
/// <param name="Media">"audio", "video", …</param>
/// <param name="Protocol">Such as "UDP/TLS/RTP/SAVPF".</param>
/// <param name="Formats">The formats of the m= line, blank-separated; never empty.</param>
/// <param name="Mid">Its a=mid, or null.</param>
public sealed record SdpOtherSection(int Index, string Media, string Protocol, string Formats, string? Mid);
