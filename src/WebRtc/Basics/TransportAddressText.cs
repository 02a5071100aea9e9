using System.Globalization;

namespace Overlay.WebRtc;

/// <summary>The text of a <see cref="TransportAddress"/>, read strictly and written canonically (RFC 4291 §2.2, RFC 5952 §4).</summary>
internal static class TransportAddressText
{
    /// <summary>The longest address text without port: eight groups of four and seven colons, or one with a dotted tail.</summary>
    private const int MaxAddressChars = 45;

    private const int GroupCount = 8;

    public static bool TryParse(ReadOnlySpan<char> text, out TransportAddress result)
    {
        result = default;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !TryParsePort(text[(colon + 1)..], out var port))
        {
            return false;
        }

        var address = text[..colon];
        var isBracketed = address is ['[', .., ']'];
        // Without brackets the last group of an IPv6 address could be taken for a port.
        return isBracketed == address.Contains(':')
            && TryParseAddress(isBracketed ? address[1..^1] : address, port, out result);
    }

    public static bool TryParseAddress(ReadOnlySpan<char> text, int port, out TransportAddress result)
    {
        result = default;
        if (text.Length > MaxAddressChars)
        {
            return false;
        }

        if (text.Contains(':'))
        {
            if (!TryParseIPv6(text, out var wide))
            {
                return false;
            }

            result = TransportAddress.FromIPv6(wide, port);
            return true;
        }

        if (!TryParseIPv4(text, out var narrow))
        {
            return false;
        }

        result = TransportAddress.FromIPv4(narrow, port);
        return true;
    }

    public static string Format(in TransportAddress address)
    {
        var text = FormatAddress(address);
        return address.IsIPv6
            ? string.Create(CultureInfo.InvariantCulture, $"[{text}]:{address.Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{text}:{address.Port}");
    }

    public static string FormatAddress(in TransportAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        var length = address.WriteAddress(bytes);
        return length == 4
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes[0]}.{bytes[1]}.{bytes[2]}.{bytes[3]}")
            : FormatIPv6(bytes);
    }

    private static string FormatIPv6(ReadOnlySpan<byte> bytes)
    {
        var (zeroStart, zeroLength) = LongestZeroRun(bytes);
        Span<char> text = stackalloc char[MaxAddressChars];
        var length = 0;
        for (var group = 0; group < GroupCount; group++)
        {
            if (group == zeroStart)
            {
                text[length++] = ':';
                text[length++] = ':';
                group += zeroLength - 1;
                continue;
            }

            if (group > 0 && group != zeroStart + zeroLength)
            {
                text[length++] = ':';
            }

            var value = (bytes[group * 2] << 8) | bytes[(group * 2) + 1];
            value.TryFormat(text[length..], out var written, "x", CultureInfo.InvariantCulture);
            length += written;
        }

        return new string(text[..length]);
    }

    /// <summary>RFC 5952 §4.2: the first longest run of zero groups is shortened, a single group never. Start −10 when there is none.</summary>
    private static (int Start, int Length) LongestZeroRun(ReadOnlySpan<byte> bytes)
    {
        var best = (Start: -10, Length: 1);
        var run = 0;
        for (var group = 0; group < GroupCount; group++)
        {
            run = bytes[group * 2] == 0 && bytes[(group * 2) + 1] == 0 ? run + 1 : 0;
            if (run > best.Length)
            {
                best = (group - run + 1, run);
            }
        }

        return best;
    }

    private static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        TryParseDecimal(text, maxDigits: 5, ushort.MaxValue, out port);

    private static bool TryParseIPv4(ReadOnlySpan<char> text, out uint address)
    {
        address = 0;
        for (var part = 0; part < 4; part++)
        {
            var dot = text.IndexOf('.');
            var isLast = part == 3;
            if (isLast != dot < 0 || !TryParseDecimal(isLast ? text : text[..dot], maxDigits: 3, byte.MaxValue, out var value))
            {
                return false;
            }

            address = (address << 8) | (uint)value;
            text = isLast ? default : text[(dot + 1)..];
        }

        return true;
    }

    /// <summary>Digits only and no leading zero: "010" means 8 to some readers and 10 to others, so it is refused.</summary>
    private static bool TryParseDecimal(ReadOnlySpan<char> text, int maxDigits, int max, out int value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > maxDigits || (text[0] == '0' && text.Length > 1))
        {
            return false;
        }

        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return value <= max;
    }

    private static bool TryParseIPv6(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = UInt128.Zero;
        var gap = text.IndexOf("::", StringComparison.Ordinal);
        if (gap < 0)
        {
            return TryParseGroups(text, out address, out var all) && all == GroupCount;
        }

        if (!TryParseGroups(text[..gap], out var head, out var headCount, allowDottedTail: false)
            || !TryParseGroups(text[(gap + 2)..], out var tail, out var tailCount)
            || headCount + tailCount >= GroupCount)
        {
            return false;
        }

        address = (headCount == 0 ? UInt128.Zero : head << (16 * (GroupCount - headCount))) | tail;
        return true;
    }

    /// <summary>Groups between colons; a dotted IPv4 may stand for the last two. Nothing at all is no group.</summary>
    private static bool TryParseGroups(ReadOnlySpan<char> text, out UInt128 value, out int count, bool allowDottedTail = true)
    {
        value = UInt128.Zero;
        count = 0;
        while (!text.IsEmpty)
        {
            var colon = text.IndexOf(':');
            var group = colon < 0 ? text : text[..colon];
            if (colon < 0 && allowDottedTail && group.Contains('.'))
            {
                count += 2;
                var isDotted = TryParseIPv4(group, out var tail);
                value = (value << 32) | tail;
                return isDotted && count <= GroupCount;
            }

            if (group.IsEmpty || group.Length > 4 || ++count > GroupCount || colon == text.Length - 1
                || !ushort.TryParse(group, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits))
            {
                return false;
            }

            value = (value << 16) | bits;
            text = colon < 0 ? default : text[(colon + 1)..];
        }

        return true;
    }
}
