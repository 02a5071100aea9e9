namespace Overlay.WebRtc.Sdp;

/// <summary>The hash of a certificate as SDP tells it (RFC 8122 §5).</summary>
/// <param name="Algorithm">Lower-case name, such as "sha-256".</param>
/// <param name="Value">Upper-case pairs of hex digits between colons, such as "AB:CD:…".</param>
public sealed record SdpFingerprint(string Algorithm, string Value)
{
    /// <summary>The one algorithm every WebRTC peer offers.</summary>
    public const string Sha256 = "sha-256";

    private const int MaxAlgorithmChars = 16;
    private const int MaxHashBytes = 64;

    /// <summary>Reads "sha-256 AB:CD:…". False when it is no hash, or a SHA-256 one of the wrong length.</summary>
    internal static bool TryParse(ReadOnlySpan<char> text, out SdpFingerprint? fingerprint)
    {
        fingerprint = null;
        var blank = text.IndexOf(' ');
        if (blank is <= 0 or > MaxAlgorithmChars)
        {
            return false;
        }

        var value = text[(blank + 1)..].Trim();
        if (!IsHash(value))
        {
            return false;
        }

        Span<char> upper = stackalloc char[value.Length];
        value.ToUpperInvariant(upper);
        Span<char> lower = stackalloc char[blank];
        text[..blank].ToLowerInvariant(lower);
        fingerprint = new SdpFingerprint(new string(lower), new string(upper));
        return fingerprint.Algorithm != Sha256 || value.Length == 95;
    }

    private static bool IsHash(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text.Length > (3 * MaxHashBytes) - 1 || text.Length % 3 != 2)
        {
            return false;
        }

        for (var index = 0; index < text.Length; index++)
        {
            var isColonPlace = index % 3 == 2;
            if (isColonPlace ? text[index] != ':' : !char.IsAsciiHexDigit(text[index]))
            {
                return false;
            }
        }

        return true;
    }
}
