using Overlay.Identity;
using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>Bytes that fields take on the wire: the arithmetic of <see cref="MessagePackWriter"/> and <see cref="PayloadFields"/> without the writing.</summary>
internal static class WireLengths
{
    /// <summary>An id.</summary>
    public const int Id = 2 + RingId.Bytes;

    /// <summary>An array of fewer than 16 elements, nil, a small integer, a boolean.</summary>
    public const int One = 1;

    private const int Hash = 2 + CertificateHash.Bytes;

    public static int Of(ulong value) => value switch
    {
        <= MessagePackCode.PositiveFixIntLast => 1,
        <= byte.MaxValue => 2,
        <= ushort.MaxValue => 3,
        <= uint.MaxValue => 5,
        _ => 9,
    };

    public static int Of(long value) => value switch
    {
        >= 0 => Of((ulong)value),
        >= -32 => 1,
        >= sbyte.MinValue => 2,
        >= short.MinValue => 3,
        >= int.MinValue => 5,
        _ => 9,
    };

    /// <summary>The head of an array.</summary>
    public static int Array(int count) => count < 16 ? 1 : count <= ushort.MaxValue ? 3 : 5;

    /// <summary>A bin with its head.</summary>
    public static int Binary(int length) => length + (length <= byte.MaxValue ? 2 : length <= ushort.MaxValue ? 3 : 5);

    public static int Of(in Descriptor descriptor) => One + Id + Of(descriptor.Instance) + Hash;

    public static int Optional(Descriptor? descriptor) => descriptor is { } there ? Of(there) : One;

    public static int Of(NodeCertificate certificate) => Binary(certificate.EncodedLength);

    public static int Optional(NodeCertificate? certificate) => certificate is null ? One : Of(certificate);

    public static int Optional(bool isThere) => isThere ? Id : One;

    public static int Of(IReadOnlyList<Descriptor> descriptors)
    {
        if (descriptors is DescriptorList described)
        {
            return described.EncodedLength;
        }

        var length = Array(descriptors.Count);
        for (var i = 0; i < descriptors.Count; i++)
        {
            length += Of(descriptors[i]);
        }

        return length;
    }

    public static int Of(IReadOnlyList<RingId> ids) => Array(ids.Count) + (ids.Count * Id);
}
