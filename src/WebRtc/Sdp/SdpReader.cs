using System.Globalization;

namespace Overlay.WebRtc.Sdp;

/// <summary>Reads SDP line by line: bounded, lenient towards what it does not know, strict about what it uses.</summary>
internal sealed class SdpReader(string text)
{
    /// <summary>Longer lines are refused; Chromium's longest are below 300 characters.</summary>
    private const int MaxLineChars = 4096;

    private const int MaxSections = 32;
    private const int MaxFingerprints = 8;
    private const int MaxMidChars = 64;
    private const int MaxCandidateChars = 512;
    private const int MaxSctpInitChars = 2048;
    private const int MinUfragChars = 4;
    private const int MinPasswordChars = 22;
    private const int MaxCredentialChars = 256;

    private readonly SdpSection _session = new();
    private readonly List<SdpSection> _sections = [];
    private SdpSection _current = new();
    private ulong _sessionId;
    private ulong _sessionVersion;
    private bool _hasBegun;
    private bool _isIceLite;
    private string _bundle = "";
    private int _line;
    private string _error = "";

    public bool TryRead(out SessionDescription? description, out string error)
    {
        _current = _session;
        description = TryReadLines() ? Compose() : null;
        error = _error;
        return description is not null;
    }

    private bool TryReadLines()
    {
        if (text.Length > SessionDescription.MaxTextLength)
        {
            return Fail($"longer than {SessionDescription.MaxTextLength} characters");
        }

        foreach (var rawLine in text.AsSpan().EnumerateLines())
        {
            _line++;
            var line = rawLine.TrimEnd();
            if (line.IsEmpty)
            {
                continue; // Some signalling adds or leaves an empty line at the end.
            }

            if (line.Length > MaxLineChars)
            {
                return Fail($"longer than {MaxLineChars} characters");
            }

            if (line.Length < 2 || line[1] != '=' || !char.IsAsciiLetterLower(line[0]))
            {
                return Fail("not of the form x=value");
            }

            if (!TryReadLine(line[0], line[2..]))
            {
                return false;
            }
        }

        return _hasBegun || Fail("empty");
    }

    private bool TryReadLine(char type, ReadOnlySpan<char> value)
    {
        if (!_hasBegun && (type != 'v' || value is not "0"))
        {
            return Fail("an SDP begins with v=0");
        }

        _hasBegun = true;
        return type switch
        {
            'o' => TryReadOrigin(value),
            'm' => TryReadMedia(value),
            'a' => TryReadAttribute(value),
            _ => true,
        };
    }

    // o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
    private bool TryReadOrigin(ReadOnlySpan<char> value)
    {
        Next(ref value);
        return (ulong.TryParse(Next(ref value), NumberStyles.None, CultureInfo.InvariantCulture, out _sessionId)
            && ulong.TryParse(Next(ref value), NumberStyles.None, CultureInfo.InvariantCulture, out _sessionVersion))
            || Fail("o= holds no session id and version");
    }

    // m=<media> <port>[/<count>] <proto> <fmt> …
    private bool TryReadMedia(ReadOnlySpan<char> value)
    {
        if (_sections.Count >= MaxSections)
        {
            return Fail($"more than {MaxSections} media sections");
        }

        var media = Next(ref value);
        var port = Next(ref value);
        var protocol = Next(ref value);
        var slash = port.IndexOf('/');
        if (!TryParseNumber(slash < 0 ? port : port[..slash], ushort.MaxValue, out var number) || protocol.IsEmpty || value.IsEmpty)
        {
            return Fail("m= holds no media, port, protocol and format");
        }

        _current = new SdpSection
        {
            Index = _sections.Count,
            Line = _line,
            Media = new string(media),
            Port = (int)number,
            Protocol = new string(protocol),
            Formats = new string(value),
        };
        _sections.Add(_current);
        return true;
    }

    private bool TryReadAttribute(ReadOnlySpan<char> attribute)
    {
        var colon = attribute.IndexOf(':');
        var name = colon < 0 ? attribute : attribute[..colon];
        var value = colon < 0 ? default : attribute[(colon + 1)..].Trim();
        switch (name)
        {
            case "group":
                _bundle = value.StartsWith("BUNDLE", StringComparison.Ordinal) ? new string(value["BUNDLE".Length..]) : _bundle;
                return true;
            case "ice-lite":
                _isIceLite = true;
                return true;
            case "bundle-only":
                _current.IsBundleOnly = true;
                return true;
            case "mid":
                if (value.Length is 0 or > MaxMidChars)
                {
                    return Fail($"a=mid is empty or longer than {MaxMidChars} characters");
                }

                _current.Mid = new string(value);
                return true;
            default:
                return TryReadIceAttribute(name, value) ?? TryReadDtlsAttribute(name, value) ?? TryReadSctpAttribute(name, value) ?? true;
        }
    }

    /// <summary>Null when the attribute is not one of ICE.</summary>
    private bool? TryReadIceAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        switch (name)
        {
            case "ice-ufrag":
                _current.IceUfrag = IsCredential(value, MinUfragChars) ? new string(value) : null;
                return _current.IceUfrag is not null
                    || FailIfUsed($"a=ice-ufrag is not {MinUfragChars} to {MaxCredentialChars} characters without blanks");
            case "ice-pwd":
                _current.IcePassword = IsCredential(value, MinPasswordChars) ? new string(value) : null;
                return _current.IcePassword is not null
                    || FailIfUsed($"a=ice-pwd is not {MinPasswordChars} to {MaxCredentialChars} characters without blanks");
            case "ice-options":
                // RFC 8839 §5.6 separates options by blanks, libdatachannel by commas.
                _current.IsTrickle |= value.Contains("trickle", StringComparison.Ordinal);
                return true;
            case "end-of-candidates":
                _current.HasEndOfCandidates = true;
                return true;
            case "candidate":
                if (value.Length <= MaxCandidateChars && _current.Candidates.Count < SessionDescription.MaxCandidates)
                {
                    _current.Candidates.Add(string.Concat("candidate:", value));
                }

                return true;
            default:
                return null;
        }
    }

    private bool? TryReadDtlsAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        switch (name)
        {
            case "fingerprint":
                if (!SdpFingerprint.TryParse(value, out var fingerprint))
                {
                    return FailIfUsed("a=fingerprint is not an algorithm and a hash of its length");
                }

                if (_current.Fingerprints.Count < MaxFingerprints)
                {
                    _current.Fingerprints.Add(fingerprint!);
                }

                return true;
            case "setup":
                _current.Setup = value switch
                {
                    "actpass" => SdpSetup.ActPass,
                    "active" => SdpSetup.Active,
                    "passive" => SdpSetup.Passive,
                    _ => null,
                };
                return _current.Setup is not null || FailIfUsed("a=setup is not actpass, active or passive");
            default:
                return null;
        }
    }

    private bool? TryReadSctpAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        switch (name)
        {
            case "sctp-port":
                var isPort = TryParseNumber(value, ushort.MaxValue, out var port) && port > 0;
                _current.SctpPort = isPort ? (int)port : null;
                return isPort || FailIfUsed("a=sctp-port is not 1 to 65535");
            case "max-message-size":
                var isSize = TryParseNumber(value, long.MaxValue, out var size);
                _current.MaxMessageSize = isSize ? size : null;
                return isSize || FailIfUsed("a=max-message-size is not a number");
            case "sctp-init":
                _current.SctpInit = value.Length <= MaxSctpInitChars ? new string(value) : null;
                return value.Length <= MaxSctpInitChars || FailIfUsed($"a=sctp-init is longer than {MaxSctpInitChars} characters");
            default:
                return null;
        }
    }

    private SessionDescription? Compose()
    {
        _line = 0;
        if (FindDataSection() is not { } data)
        {
            Fail("no data channel section (m=application … DTLS/SCTP webrtc-datachannel)");
            return null;
        }

        _line = data.Line;
        if (data.Port == 0 && !data.IsBundleOnly)
        {
            Fail("the data channel section is rejected (port 0)");
            return null;
        }

        var transport = TransportOf(data);
        var fingerprints = FirstNonEmpty(data.Fingerprints, _session.Fingerprints, transport.Fingerprints);
        var ufrag = data.IceUfrag ?? _session.IceUfrag ?? transport.IceUfrag;
        var password = data.IcePassword ?? _session.IcePassword ?? transport.IcePassword;
        var setup = data.Setup ?? _session.Setup ?? transport.Setup;
        if (FindMissing(ufrag, password, setup, fingerprints) is { } missing)
        {
            Fail($"the data channel section has no {missing}");
            return null;
        }

        return new SessionDescription
        {
            SessionId = _sessionId,
            SessionVersion = _sessionVersion,
            IceUfrag = ufrag!,
            IcePassword = password!,
            IsIceLite = _isIceLite,
            IsTrickle = data.IsTrickle || _session.IsTrickle || transport.IsTrickle,
            Fingerprints = fingerprints,
            Setup = setup!.Value,
            Mid = data.Mid,
            SctpPort = data.SctpPort ?? 5000,
            MaxMessageSize = data.MaxMessageSize ?? SessionDescription.DefaultMaxMessageSize,
            SctpInit = data.SctpInit,
            Candidates = data.Candidates.Count > 0 ? data.Candidates : transport.Candidates,
            HasEndOfCandidates = data.HasEndOfCandidates || _session.HasEndOfCandidates || transport.HasEndOfCandidates,
            OtherSections = OthersThan(data),
        };
    }

    private static string? FindMissing(string? ufrag, string? password, SdpSetup? setup, List<SdpFingerprint> fingerprints)
    {
        if (ufrag is null)
        {
            return "a=ice-ufrag";
        }

        if (password is null)
        {
            return "a=ice-pwd";
        }

        if (setup is null)
        {
            return "a=setup";
        }

        return fingerprints.Exists(fingerprint => fingerprint.Algorithm == SdpFingerprint.Sha256) ? null : "a=fingerprint:sha-256";
    }

    private SdpSection? FindDataSection() => _sections.Find(section => section.IsDataChannel);

    /// <summary>In a bundle all sections share the transport of the one named first, which alone may describe it (RFC 9143 §9).</summary>
    private SdpSection TransportOf(SdpSection data)
    {
        if (data.Mid is not { } mid || !HasWord(_bundle, mid))
        {
            return data;
        }

        var group = _bundle.AsSpan().Trim();
        var first = new string(Next(ref group));
        return _sections.Find(section => section.Mid == first) ?? data;
    }

    private List<SdpOtherSection> OthersThan(SdpSection data)
    {
        var others = new List<SdpOtherSection>();
        foreach (var section in _sections)
        {
            if (!ReferenceEquals(section, data))
            {
                others.Add(new SdpOtherSection(section.Index, section.Media, section.Protocol, section.Formats, section.Mid));
            }
        }

        return others;
    }

    private static List<SdpFingerprint> FirstNonEmpty(List<SdpFingerprint> first, List<SdpFingerprint> second, List<SdpFingerprint> third) =>
        first.Count > 0 ? first : second.Count > 0 ? second : third;

    private static bool IsCredential(ReadOnlySpan<char> value, int minChars) =>
        value.Length >= minChars && value.Length <= MaxCredentialChars && !value.Contains(' ');

    private static bool HasWord(ReadOnlySpan<char> words, ReadOnlySpan<char> word)
    {
        words = words.Trim();
        while (!words.IsEmpty)
        {
            if (Next(ref words).SequenceEqual(word))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, long max, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= max;

    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> words)
    {
        var blank = words.IndexOf(' ');
        var word = blank < 0 ? words : words[..blank];
        words = blank < 0 ? default : words[(blank + 1)..].TrimStart(' ');
        return word;
    }

    /// <summary>A fault in a section that will be rejected anyway does no harm.</summary>
    private bool FailIfUsed(string cause) => (!ReferenceEquals(_current, _session) && !_current.IsDataChannel) || Fail(cause);

    private bool Fail(string cause)
    {
        _error = _line == 0 ? cause : string.Create(CultureInfo.InvariantCulture, $"line {_line}: {cause}");
        return false;
    }
}
