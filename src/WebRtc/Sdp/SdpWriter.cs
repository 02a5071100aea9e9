using System.Globalization;
using System.Text;

namespace Overlay.WebRtc.Sdp;

/// <summary>Writes a <see cref="SessionDescription"/> in the order of RFC 8866 §5, as Chromium and libdatachannel read it.</summary>
internal static class SdpWriter
{
    public static string Write(SessionDescription description)
    {
        var text = new StringBuilder(1024);
        Line(text, "v=0");
        Line(text, $"o=- {description.SessionId} {description.SessionVersion} IN IP4 127.0.0.1");
        Line(text, "s=-");
        Line(text, "t=0 0");
        if (description.Mid is { } mid)
        {
            // A rejected section does not belong to the bundle (RFC 9143 §7.3.3), so ours is alone in it.
            Line(text, $"a=group:BUNDLE {mid}");
        }

        if (description.IsIceLite)
        {
            Line(text, "a=ice-lite");
        }

        WriteSections(text, description);
        return text.ToString();
    }

    /// <summary>The data section takes the first place that no other section claims.</summary>
    private static void WriteSections(StringBuilder text, SessionDescription description)
    {
        var isDataWritten = false;
        var index = 0;
        foreach (var other in description.OtherSections)
        {
            if (!isDataWritten && other.Index > index)
            {
                WriteDataSection(text, description);
                isDataWritten = true;
                index++;
            }

            WriteRejected(text, other);
            index++;
        }

        if (!isDataWritten)
        {
            WriteDataSection(text, description);
        }
    }

    private static void WriteRejected(StringBuilder text, SdpOtherSection other)
    {
        Line(text, $"m={other.Media} 0 {other.Protocol} {other.Formats}");
        Line(text, "c=IN IP4 0.0.0.0");
        Line(text, "a=inactive");
        if (other.Mid is { } mid)
        {
            Line(text, $"a=mid:{mid}");
        }
    }

    private static void WriteDataSection(StringBuilder text, SessionDescription description)
    {
        // Port 9 and 0.0.0.0: addresses are told by candidates only (RFC 8838 §8.1 of trickle, RFC 8839 §4.2.1.2).
        Line(text, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel");
        Line(text, "c=IN IP4 0.0.0.0");
        foreach (var candidate in description.Candidates)
        {
            Line(text, $"a={candidate}");
        }

        if (description.HasEndOfCandidates)
        {
            Line(text, "a=end-of-candidates");
        }

        Line(text, $"a=ice-ufrag:{description.IceUfrag}");
        Line(text, $"a=ice-pwd:{description.IcePassword}");
        if (description.IsTrickle)
        {
            Line(text, "a=ice-options:trickle");
        }

        foreach (var fingerprint in description.Fingerprints)
        {
            Line(text, $"a=fingerprint:{fingerprint.Algorithm} {fingerprint.Value}");
        }

        Line(text, $"a=setup:{SetupName(description.Setup)}");
        if (description.Mid is { } mid)
        {
            Line(text, $"a=mid:{mid}");
        }

        Line(text, $"a=sctp-port:{description.SctpPort}");
        Line(text, $"a=max-message-size:{description.MaxMessageSize}");
        if (description.SctpInit is { } init)
        {
            Line(text, $"a=sctp-init:{init}");
        }
    }

    private static string SetupName(SdpSetup setup) => setup switch
    {
        SdpSetup.Active => "active",
        SdpSetup.Passive => "passive",
        _ => "actpass",
    };

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append("\r\n");

    private static void Line(StringBuilder text, string line) => text.Append(line).Append("\r\n");
}
