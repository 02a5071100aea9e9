using System.Buffers.Binary;
using System.Globalization;

namespace Overlay.Admission;

/// <summary>Names a session of the hub: one WebSocket, from its opening to its end. Never reused.</summary>
public readonly record struct SessionId(long Value)
{
    public override string ToString() => "session " + Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Where a session comes from, as far as quotas tell origins apart: an IPv4 address or the first 64 bits of an IPv6 one.</summary>
/// <remarks>One customer's line has one IPv4 address or one IPv6 /64; anything finer would be free to multiply.</remarks>
public readonly record struct RemotePrefix(ulong Value)
{
    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

    /// <summary>The origin of an address in network order: 4 or 16 bytes; an IPv4 address mapped into IPv6 counts as IPv4. Anything else is one origin.</summary>
    public static RemotePrefix Of(ReadOnlySpan<byte> address) => address.Length switch
    {
        4 => new(BinaryPrimitives.ReadUInt32BigEndian(address)),
        16 when address.StartsWith(MappedPrefix) => new(BinaryPrimitives.ReadUInt32BigEndian(address[12..])),
        16 => new(BinaryPrimitives.ReadUInt64BigEndian(address)),
        _ => default,
    };
}
