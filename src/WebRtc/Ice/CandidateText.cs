using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Overlay.WebRtc.Ice;

/// <summary>The text of a <see cref="Candidate"/> (RFC 8839 §5.1).</summary>
/// <remarks>
/// <code>
/// candidate:foundation component transport priority address port typ kind [raddr a rport p] [tcptype t] (name value)*
/// </code>
/// </remarks>
internal static class CandidateText
{
    /// <summary>Longer lines are refused before anything is looked at; Chromium's are below 200.</summary>
    public const int MaxChars = 512;

    private const string Prefix = "candidate:";
    private const string AttributePrefix = "a=";
    private const int MaxFoundationChars = 32;
    private const int MaxHostNameChars = 253;

    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out Candidate? candidate)
    {
        candidate = null;
        text = text.Trim();
        if (text.Length > MaxChars || text.ContainsAnyExceptInRange(' ', '~'))
        {
            return false; // A line break inside would end up as a line of its own in somebody's SDP.
        }

        text = text.StartsWith(AttributePrefix, StringComparison.Ordinal) ? text[AttributePrefix.Length..] : text;
        if (!text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var tokens = new Tokens(text[Prefix.Length..]);
        candidate = ParseHead(ref tokens) is { } head && TryParseExtensions(ref tokens, ref head) ? head : null;
        return candidate is not null;
    }

    public static string Format(Candidate candidate)
    {
        var text = new StringBuilder(128);
        var address = candidate.HostName ?? candidate.Address.AddressText;
        text.Append(CultureInfo.InvariantCulture, $"{Prefix}{candidate.Foundation} {candidate.Component} ");
        text.Append(candidate.Transport == CandidateTransport.Udp ? "udp" : "tcp");
        text.Append(CultureInfo.InvariantCulture, $" {candidate.Priority} {address} {candidate.Address.Port} typ {KindName(candidate.Kind)}");
        if (candidate.RelatedAddress is { } related)
        {
            text.Append(CultureInfo.InvariantCulture, $" raddr {related.AddressText} rport {related.Port}");
        }

        if (candidate.Ufrag is { } ufrag)
        {
            text.Append(CultureInfo.InvariantCulture, $" ufrag {ufrag}");
        }

        return text.ToString();
    }

    private static Candidate? ParseHead(ref Tokens tokens)
    {
        var foundation = tokens.Next();
        if (!IsFoundation(foundation)
            || !TryParseNumber(tokens.Next(), max: 256, out var component) || component == 0
            || !TryParseTransport(tokens.Next(), out var transport)
            || !TryParseNumber(tokens.Next(), uint.MaxValue, out var priority))
        {
            return null;
        }

        var host = tokens.Next();
        if (!TryParseNumber(tokens.Next(), ushort.MaxValue, out var port)
            || tokens.Next() is not "typ"
            || !TryParseKind(tokens.Next(), out var kind))
        {
            return null;
        }

        var isAddress = TransportAddress.TryParseAddress(host, (int)port, out var address);
        if (!isAddress && !IsHostName(host))
        {
            return null;
        }

        return new Candidate
        {
            Foundation = new string(foundation),
            Component = (int)component,
            Transport = transport,
            Priority = (uint)priority,
            Address = isAddress ? address : default(TransportAddress).WithPort((int)port),
            HostName = isAddress ? null : new string(host),
            Kind = kind,
        };
    }

    private static bool TryParseExtensions(ref Tokens tokens, ref Candidate candidate)
    {
        var relatedHost = ReadOnlySpan<char>.Empty;
        while (!tokens.IsAtEnd)
        {
            var name = tokens.Next();
            var value = tokens.Next();
            switch (name)
            {
                case "raddr":
                    relatedHost = value;
                    break;
                case "rport":
                    // A hidden base is told as a name or as 0.0.0.0; it is for diagnosis only, so nothing depends on it.
                    candidate = TryParseNumber(value, ushort.MaxValue, out var port)
                        && TransportAddress.TryParseAddress(relatedHost, (int)port, out var related)
                            ? candidate with { RelatedAddress = related }
                            : candidate;
                    break;
                case "ufrag":
                    candidate = candidate with { Ufrag = new string(value) };
                    break;
            }
        }

        return true;
    }

    private static bool IsFoundation(ReadOnlySpan<char> text)
    {
        foreach (var value in text)
        {
            // Beyond ice-char some agents use '-' and '_' here; the foundation is only ever compared.
            if (!IceCredentials.IsIceChar(value) && value is not ('-' or '_' or ':' or '.'))
            {
                return false;
            }
        }

        return text.Length is > 0 and <= MaxFoundationChars;
    }

    private static bool IsHostName(ReadOnlySpan<char> text)
    {
        var hasLetter = false;
        foreach (var value in text)
        {
            if (!char.IsAsciiLetterOrDigit(value) && value is not ('-' or '.' or '_'))
            {
                return false;
            }

            hasLetter |= char.IsAsciiLetter(value);
        }

        return hasLetter && text.Length <= MaxHostNameChars;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, long max, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= max;

    private static bool TryParseTransport(ReadOnlySpan<char> text, out CandidateTransport transport)
    {
        transport = text.Equals("tcp", StringComparison.OrdinalIgnoreCase) ? CandidateTransport.Tcp : CandidateTransport.Udp;
        return transport == CandidateTransport.Tcp || text.Equals("udp", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryParseKind(ReadOnlySpan<char> text, out CandidateKind kind)
    {
        CandidateKind? parsed = text switch
        {
            "host" => CandidateKind.Host,
            "prflx" => CandidateKind.PeerReflexive,
            "srflx" => CandidateKind.ServerReflexive,
            "relay" => CandidateKind.Relayed,
            _ => null,
        };
        kind = parsed.GetValueOrDefault();
        return parsed is not null;
    }

    private static string KindName(CandidateKind kind) => kind switch
    {
        CandidateKind.Host => "host",
        CandidateKind.PeerReflexive => "prflx",
        CandidateKind.ServerReflexive => "srflx",
        _ => "relay",
    };

    /// <summary>Words between blanks; empty once there are no more.</summary>
    private ref struct Tokens(ReadOnlySpan<char> text)
    {
        private ReadOnlySpan<char> _rest = text;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public ReadOnlySpan<char> Next()
        {
            var blank = _rest.IndexOf(' ');
            var token = blank < 0 ? _rest : _rest[..blank];
            _rest = blank < 0 ? default : _rest[(blank + 1)..].TrimStart(' ');
            return token;
        }
    }
}
