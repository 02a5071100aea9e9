using System.Buffers.Binary;

namespace Overlay.WebRtc;

/// <summary>An IPv4 or IPv6 address with a port: a plain value, without sockets and without allocation for equality.</summary>
/// <remarks>
/// Invariant: an IPv4 address is never held in its IPv4-mapped IPv6 form (::ffff:0:0/96), because a dual-stack socket reports the same
/// peer in that form and the two must be equal. Scope ids are not kept: the path a packet takes already fixes the interface.
/// </remarks>
public readonly record struct TransportAddress
{
    private readonly UInt128 _bits;
    private readonly ushort _port;
    private readonly bool _isIPv6;

    private TransportAddress(UInt128 bits, ushort port, bool isIPv6) => (_bits, _port, _isIPv6) = (bits, port, isIPv6);

    /// <summary>Whether the address is an IPv6 one.</summary>
    public bool IsIPv6 => _isIPv6;

    /// <summary>The port, 0 … 65,535.</summary>
    public int Port => _port;

    /// <summary>Bytes of the address without the port: 4 or 16.</summary>
    public int AddressLength => _isIPv6 ? 16 : 4;

    /// <summary>127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback => _isIPv6 ? _bits == UInt128.One : (uint)_bits >> 24 == 127;

    /// <summary>0.0.0.0 or ::.</summary>
    public bool IsUnspecified => _bits == UInt128.Zero;

    /// <summary>169.254.0.0/16 or fe80::/10.</summary>
    public bool IsLinkLocal => _isIPv6 ? (int)(_bits >> 118) == 0x3FA : (uint)_bits >> 16 == 0xA9FE;

    /// <summary>224.0.0.0/4 or ff00::/8.</summary>
    public bool IsMulticast => _isIPv6 ? (int)(_bits >> 120) == 0xFF : (uint)_bits >> 28 == 0xE;

    /// <summary>Whether a datagram can be addressed to it: a port, and neither unspecified, multicast nor the IPv4 broadcast.</summary>
    public bool IsUsableAsRemote =>
        _port != 0 && !IsUnspecified && !IsMulticast && (_isIPv6 || (uint)_bits != uint.MaxValue);

    /// <summary>An IPv4 address from its 32 bits in host order (127.0.0.1 is 0x7F000001).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The port is not 0 … 65,535.</exception>
    public static TransportAddress FromIPv4(uint address, int port) => new(address, CheckedPort(port), isIPv6: false);

    /// <summary>An IPv6 address from its 128 bits in host order; an IPv4-mapped one becomes IPv4.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The port is not 0 … 65,535.</exception>
    public static TransportAddress FromIPv6(UInt128 address, int port)
    {
        var isMapped = address >> 32 == 0xFFFF;
        return isMapped ? FromIPv4((uint)address, port) : new(address, CheckedPort(port), isIPv6: true);
    }

    /// <summary>Reads 4 or 16 address bytes in network order. False for any other length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The port is not 0 … 65,535.</exception>
    public static bool TryFromBytes(ReadOnlySpan<byte> address, int port, out TransportAddress result)
    {
        result = address.Length switch
        {
            4 => FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(address), port),
            16 => FromIPv6(BinaryPrimitives.ReadUInt128BigEndian(address), port),
            _ => default,
        };
        return address.Length is 4 or 16;
    }

    /// <summary>Writes the 4 or 16 address bytes in network order and returns how many.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is shorter than <see cref="AddressLength"/>.</exception>
    public int WriteAddress(Span<byte> destination)
    {
        if (_isIPv6)
        {
            BinaryPrimitives.WriteUInt128BigEndian(destination, _bits);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_bits);
        }

        return AddressLength;
    }

    /// <summary>The same address with another port.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The port is not 0 … 65,535.</exception>
    public TransportAddress WithPort(int port) => new(_bits, CheckedPort(port), _isIPv6);

    /// <summary>Reads "192.0.2.1:5000" or "[2001:db8::1]:5000", strictly: no names, no scope, no octal, no shorthand for IPv4.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TransportAddress result) => TransportAddressText.TryParse(text, out result);

    /// <summary>Reads an address without port ("192.0.2.1" or "2001:db8::1") and joins it with <paramref name="port"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The port is not 0 … 65,535.</exception>
    public static bool TryParseAddress(ReadOnlySpan<char> text, int port, out TransportAddress result) =>
        TransportAddressText.TryParseAddress(text, port, out result);

    /// <summary>Reads <see cref="TryParse"/> text that is known to be right.</summary>
    /// <exception cref="FormatException">The text is not an address with a port.</exception>
    public static TransportAddress Parse(string text) =>
        TryParse(text, out var result) ? result : throw new FormatException($"'{text}' is not an address with a port.");

    /// <summary>The address without port, IPv6 in the canonical text of RFC 5952 and without brackets.</summary>
    public string AddressText => TransportAddressText.FormatAddress(this);

    /// <summary>"192.0.2.1:5000" or "[2001:db8::1]:5000".</summary>
    public override string ToString() => TransportAddressText.Format(this);

    private static ushort CheckedPort(int port)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        return (ushort)port;
    }
}
