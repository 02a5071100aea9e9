using System.Buffers.Binary;
using System.Globalization;

namespace Overlay.Identity;

/// <summary>The first 16 bytes of the SHA-256 of an encoded certificate: the short name by which tables and messages refer to it.</summary>
public readonly record struct CertificateHash(UInt128 Value)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Bytes = 16;

    /// <summary>Reads 16 bytes, big-endian.</summary>
    public static CertificateHash Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128BigEndian(source));

    /// <summary>Writes 16 bytes, big-endian.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
