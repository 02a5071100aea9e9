using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Overlay.Identity;
using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The fields that messages are made of, and how each lies on the wire.</summary>
/// <remarks>
/// <code>
/// id            bin 6            trace context  bin 25 | nil      certificate  bin 183
/// descriptor    [id, instance, hash (bin 16)]                     nonce        bin 16 (links), integer (queries)
/// name record   [name, certificate, instance, sequence, expiry, signature (, guest)]
/// </code>
/// </remarks>
internal static class PayloadFields
{
    public static RingId RingIdFrom(ReadOnlySpan<byte> bytes) =>
        RingId.From(((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]));

    public static void WriteTo(Span<byte> destination, RingId id)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(id.Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(destination[2..], (uint)id.Value);
    }

    public static void Write(this ref MessagePackWriter writer, RingId id)
    {
        if (writer.TryWriteBinary(RingId.Bytes, out var place))
        {
            WriteTo(place, id);
        }
    }

    public static RingId ReadRingId(this ref MessagePackReader reader) =>
        reader.TryReadBinary(RingId.Bytes, out var bytes) ? RingIdFrom(bytes) : default;

    public static void WriteOptional(this ref MessagePackWriter writer, bool isThere, RingId id)
    {
        if (isThere)
        {
            writer.Write(id);
        }
        else
        {
            writer.WriteNil();
        }
    }

    public static bool TryReadOptionalRingId(this ref MessagePackReader reader, out RingId id)
    {
        id = default;
        if (reader.TryReadNil())
        {
            return false;
        }

        id = reader.ReadRingId();
        return true;
    }

    public static void Write(this ref MessagePackWriter writer, in TraceContext context)
    {
        if (context.IsNone)
        {
            writer.WriteNil();
        }
        else if (writer.TryWriteBinary(TraceContext.Bytes, out var place))
        {
            BinaryPrimitives.WriteUInt64BigEndian(place, context.TraceHigh);
            BinaryPrimitives.WriteUInt64BigEndian(place[8..], context.TraceLow);
            BinaryPrimitives.WriteUInt64BigEndian(place[16..], context.Span);
            place[24] = context.Flags;
        }
    }

    public static TraceContext ReadTraceContext(this ref MessagePackReader reader)
    {
        if (reader.TryReadNil() || !reader.TryReadBinary(TraceContext.Bytes, out var bytes))
        {
            return default;
        }

        return new(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            bytes[24]);
    }

    public static void Write(this ref MessagePackWriter writer, UInt128 nonce)
    {
        if (writer.TryWriteBinary(16, out var place))
        {
            BinaryPrimitives.WriteUInt128BigEndian(place, nonce);
        }
    }

    public static UInt128 ReadNonce(this ref MessagePackReader reader) =>
        reader.TryReadBinary(16, out var bytes) ? BinaryPrimitives.ReadUInt128BigEndian(bytes) : default;

    public static void Write(this ref MessagePackWriter writer, CertificateHash hash) => writer.Write(hash.Value);

    public static CertificateHash ReadCertificateHash(this ref MessagePackReader reader) => new(reader.ReadNonce());

    public static void Write(this ref MessagePackWriter writer, NodeCertificate certificate) => writer.Write(certificate.Encoded);

    public static NodeCertificate ReadCertificate(this ref MessagePackReader reader)
    {
        if (!NodeCertificate.TryRead(reader.ReadBinary(NodeCertificate.DelegatedBytes), out var certificate))
        {
            reader.Fail();
            return null!;
        }

        return certificate;
    }

    public static void Write(this ref MessagePackWriter writer, in Descriptor descriptor)
    {
        writer.BeginArray(3);
        writer.Write(descriptor.Id);
        writer.Write(descriptor.Instance);
        writer.Write(descriptor.Certificate);
    }

    public static Descriptor ReadDescriptor(this ref MessagePackReader reader)
    {
        reader.BeginArray(int.MaxValue);
        var descriptor = new Descriptor(reader.ReadRingId(), reader.ReadInt64(), reader.ReadCertificateHash());
        reader.EndArray();
        return descriptor;
    }

    public static void WriteOptional(this ref MessagePackWriter writer, Descriptor? descriptor)
    {
        if (descriptor is { } there)
        {
            writer.Write(there);
        }
        else
        {
            writer.WriteNil();
        }
    }

    public static void WriteOptional(this ref MessagePackWriter writer, NodeCertificate? certificate)
    {
        if (certificate is null)
        {
            writer.WriteNil();
        }
        else
        {
            writer.Write(certificate);
        }
    }

    public static NodeCertificate? ReadOptionalCertificate(this ref MessagePackReader reader) =>
        reader.TryReadNil() ? null : reader.ReadCertificate();

    public static Descriptor? ReadOptionalDescriptor(this ref MessagePackReader reader) =>
        reader.TryReadNil() ? null : reader.ReadDescriptor();

    public static void Write(this ref MessagePackWriter writer, IReadOnlyList<Descriptor> descriptors)
    {
        writer.BeginArray(descriptors.Count);
        for (var i = 0; i < descriptors.Count; i++)
        {
            writer.Write(descriptors[i]);
        }
    }

    public static Descriptor[] ReadDescriptors(this ref MessagePackReader reader, int most = Owner.MaxDescriptors)
    {
        var descriptors = NewList<Descriptor>(reader.BeginArray(most));
        for (var i = 0; i < descriptors.Length; i++)
        {
            descriptors[i] = reader.ReadDescriptor();
        }

        reader.EndArray();
        return descriptors;
    }

    public static void Write(this ref MessagePackWriter writer, NameRecord record)
    {
        writer.BeginArray(record.Guest is null ? 6 : 7);
        writer.Write(record.Name);
        writer.Write(record.Owner);
        writer.Write(record.Instance);
        writer.Write(record.Sequence);
        writer.Write(record.ExpiresAt);
        writer.Write(record.Signature.Span);
        if (record.Guest is { } guest)
        {
            writer.Write(guest);
        }
    }

    public static NameRecord ReadNameRecord(this ref MessagePackReader reader)
    {
        reader.BeginArray(int.MaxValue);
        var record = new NameRecord(
            reader.ReadString(NameRecord.MaxNameLength),
            reader.ReadCertificate(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadSignature())
        {
            Guest = reader.ElementsLeft > 0 ? reader.ReadRingId() : null,
        };
        reader.EndArray();
        return record;
    }

    /// <summary>A signature, copied, or nothing where it is empty.</summary>
    public static ReadOnlyMemory<byte> ReadSignature(this ref MessagePackReader reader) => reader.ReadBinary(ISigning.SignatureBytes).ToArray();

    /// <summary>Exactly <paramref name="length"/> bytes, copied.</summary>
    public static byte[] ReadBytes(this ref MessagePackReader reader, int length) =>
        reader.TryReadBinary(length, out var bytes) ? bytes.ToArray() : [];

    /// <summary>A value of an enum; one that this version does not know fails.</summary>
    public static T ReadEnum<T>(this ref MessagePackReader reader)
        where T : unmanaged, Enum
    {
        var value = reader.ReadByte();
        var result = Unsafe.BitCast<byte, T>(value);
        if (!Enum.IsDefined(result))
        {
            reader.Fail();
        }

        return result;
    }

    /// <summary>Purposes; bits that this version does not know are left out.</summary>
    public static LinkPurpose ReadPurpose(this ref MessagePackReader reader) =>
        (LinkPurpose)reader.ReadByte() & (LinkPurpose.Ring | LinkPurpose.Finger | LinkPurpose.Application | LinkPurpose.Join);

    public static void Write(this ref MessagePackWriter writer, IReadOnlyList<string> lines)
    {
        writer.BeginArray(lines.Count);
        for (var i = 0; i < lines.Count; i++)
        {
            writer.Write(lines[i]);
        }
    }

    public static string[] ReadStrings(this ref MessagePackReader reader, int maxCount, int maxBytes)
    {
        var lines = NewList<string>(reader.BeginArray(maxCount));
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = reader.ReadString(maxBytes);
        }

        reader.EndArray();
        return lines;
    }

    /// <summary>Room for a list whose count the reader has compared with what is left.</summary>
    public static T[] NewList<T>(int count) => count == 0 ? [] : new T[count];
}
